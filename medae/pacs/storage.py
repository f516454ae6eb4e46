"""C-STORE as a client (PS3.4 B): files as they are where the node takes them so, else losslessly transcoded."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pydicom
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import build_context  # noqa: TID253
from pynetdicom.association import Association  # noqa: TID253

from medae.nodes import DicomNode
from medae.pacs.association import MOST_CONTEXTS, associated, lost
from medae.pacs.outcome import Outcome
from medae.pacs.status_codes import SUCCESS, is_out_of_resources, is_warning
from medae.progress import Report, silent

_UNCOMPRESSED = [ExplicitVRLittleEndian, ImplicitVRLittleEndian]


@dataclass(frozen=True, slots=True)
class _Sendable:
    path: Path
    sop_class_uid: str
    transfer_syntax: UID


def store(
    node: DicomNode,
    paths: Sequence[Path],
    calling: str,
    on_outcome: Callable[[Outcome], None],
    report: Report = silent,
) -> None:
    """Send files to a node.

    Parameters
    ----------
    node
        The receiver.
    paths
        DICOM files of any kind.
    calling
        AE title of MedAE.
    on_outcome
        Told each file once, as soon as the node has answered: sent, or why not. A file that cannot be read or is
        refused does not stop the others.
    report
        Progress and cancel.

    Raises
    ------
    NodeError
        There is no association, or it was lost; files without an outcome were not sent.
    """
    done = 0
    for group in _groups(_readable(paths, on_outcome)):
        with associated(node, _contexts(group), calling, report) as (association, watch):
            for one in group:
                watch.check()
                on_outcome(_send(association, node, one))
                done += 1
                watch.tell(done / len(paths), f"{done} of {len(paths)} files sent to {node.name}")


def _readable(paths: Sequence[Path], on_outcome: Callable[[Outcome], None]) -> list[_Sendable]:
    """Read what each file is; those that are nothing that can be sent are told at once."""
    found = []
    for path in paths:
        try:
            meta = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=["SOPClassUID"])
            found.append(_Sendable(path, str(meta.SOPClassUID), UID(str(meta.file_meta.TransferSyntaxUID))))
        except FileNotFoundError:
            on_outcome(Outcome(path, "refused", "the file is gone"))
        except (InvalidDicomError, OSError, ValueError, TypeError, LookupError, AttributeError, EOFError):
            on_outcome(Outcome(path, "refused", "the file is not a readable DICOM file"))
    return found


def _groups(files: Sequence[_Sendable]) -> Iterator[list[_Sendable]]:
    """Divide files so that the contexts of each part fit into one association."""
    group: list[_Sendable] = []
    kinds: set[tuple[str, UID]] = set()
    for one in files:
        kinds.add((one.sop_class_uid, one.transfer_syntax))
        if 2 * len(kinds) > MOST_CONTEXTS:
            yield group
            group, kinds = [], {(one.sop_class_uid, one.transfer_syntax)}
        group.append(one)
    if group:
        yield group


def _contexts(files: Sequence[_Sendable]) -> list[Any]:
    """Offer for each class the files' own transfer syntaxes, each by itself, and the uncompressed ones."""
    own = dict.fromkeys(
        (one.sop_class_uid, one.transfer_syntax) for one in files if one.transfer_syntax not in _UNCOMPRESSED
    )
    classes = dict.fromkeys(one.sop_class_uid for one in files)
    return [build_context(uid, syntax) for uid, syntax in own] + [build_context(uid, _UNCOMPRESSED) for uid in classes]


def _send(association: Association, node: DicomNode, one: _Sendable) -> Outcome:
    """Send one file; raises `NodeError` when the association is lost."""
    accepted = {
        context.transfer_syntax[0]
        for context in association.accepted_contexts
        if context.abstract_syntax == one.sop_class_uid
    }
    if not accepted:
        return Outcome(one.path, "refused", f"node {node.name!r} does not take {UID(one.sop_class_uid).name}")
    try:
        data = pydicom.dcmread(one.path)
        if one.transfer_syntax not in accepted:
            data = _uncompressed(data)
        status = association.send_c_store(data)
    except (OSError, EOFError) as error:
        return Outcome(
            one.path, "refused", f"the file cannot be read ({getattr(error, 'strerror', None) or 'damaged'})"
        )
    except (ValueError, RuntimeError, AttributeError, TypeError, LookupError, NotImplementedError):
        if not association.is_established:
            raise lost(node) from None
        name = one.transfer_syntax.name
        return Outcome(one.path, "refused", f"node {node.name!r} does not take {name}, and it cannot be transcoded")
    return _outcome(one.path, node, status)


def _uncompressed(data: Dataset) -> Dataset:
    """Give the dataset in Explicit VR Little Endian, pixel values unchanged."""
    syntax = data.file_meta.TransferSyntaxUID
    if syntax.is_encapsulated:
        data.decompress(generate_instance_uid=False)
        return data
    if not syntax.is_little_endian:  # Explicit VR Big Endian (retired, PS3.5 2016b A.3)
        _swap_pixels(data)
    plain = Dataset()  # a new one does not remember the encoding of the file
    plain.update(data)
    plain.file_meta = data.file_meta
    plain.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return plain


def _swap_pixels(data: Dataset) -> None:
    """Turn the bytes of pixels of 16 and 32 bits round, in place; other elements are re-encoded by pydicom."""
    data.walk(lambda _, element: element.value)  # all is read with the byte order of the file, while that is known
    bits = int(data.get("BitsAllocated", 8))
    if "PixelData" in data and bits in (16, 32) and data["PixelData"].VR == "OW":
        import numpy as np

        data.PixelData = np.frombuffer(data.PixelData, f">u{bits // 8}").astype(f"<u{bits // 8}").tobytes()


def _outcome(path: Path, node: DicomNode, status: Dataset) -> Outcome:
    if "Status" not in status:
        raise lost(node)
    code = int(status.Status)
    if code == SUCCESS or is_warning(code):
        return Outcome(path, "sent", "" if code == SUCCESS else f"taken with warning {code:04X}")
    if is_out_of_resources(code):
        return Outcome(path, "later", f"node {node.name!r} has no room at the moment ({code:04X})")
    reasons = {0xA9: "the object does not fit its class", 0xC0: "it cannot understand the object"}
    reason = reasons.get(code >> 8, "no reason given")
    if code >> 12 == 0xC:
        reason = reasons[0xC0]
    return Outcome(path, "refused", f"node {node.name!r} refuses it: {reason} ({code:04X})")
