"""C-ECHO, C-FIND, C-GET and C-MOVE as a client (PS3.4 A, C; PS3.7 9.1)."""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import (
    HTJ2K,
    JPEG2000,
    ExplicitVRLittleEndian,
    HTJ2KLossless,
    HTJ2KLosslessRPCL,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)
from pynetdicom import build_context, build_role  # noqa: TID253
from pynetdicom.presentation import StoragePresentationContexts  # noqa: TID253
from pynetdicom.sop_class import (  # type: ignore[attr-defined]  # noqa: TID253
    StudyRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelGet,
    StudyRootQueryRetrieveInformationModelMove,
    Verification,
)

from medae.errors import MedaeError, NodeError
from medae.nodes import DicomNode
from medae.pacs.association import MOST_CONTEXTS, associated, lost
from medae.pacs.instance_files import identity, key, write_instance
from medae.pacs.query import Level, Match, Query, identifier, in_order, match
from medae.pacs.status_codes import (
    CANCEL,
    CANNOT_UNDERSTAND,
    OUT_OF_RESOURCES,
    PENDING,
    SUCCESS,
    is_out_of_resources,
    is_warning,
)
from medae.progress import Report, silent

UNCOMPRESSED = [ExplicitVRLittleEndian, ImplicitVRLittleEndian]
COMPRESSED = [
    JPEGLosslessSV1,
    JPEG2000Lossless,
    JPEGLSLossless,
    RLELossless,
    JPEGBaseline8Bit,
    JPEG2000,
    HTJ2KLossless,
    HTJ2KLosslessRPCL,
    HTJ2K,
    JPEGLossless,
    JPEGExtended12Bit,
    JPEGLSNearLossless,
]
"""Transfer syntaxes of single images that a file can keep on its way; the most frequent first."""

_COUNTED = ("Completed", "Failed", "Remaining")


def echo(node: DicomNode, calling: str, report: Report = silent) -> None:
    """Ask a node whether it is there (C-ECHO, PS3.4 A); raises `NodeError` if not."""
    with associated(node, [build_context(Verification)], calling, report) as (association, watch):
        status = association.send_c_echo()
        watch.check()
        if not status or status.Status != SUCCESS:
            raise lost(node) if not status else NodeError(f"Node {node.name!r} answered C-ECHO with an error.")


def find(
    node: DicomNode,
    calling: str,
    level: Level,
    query: Query | None = None,
    study: str = "",
    series: str = "",
    report: Report = silent,
) -> tuple[Match, ...]:
    """Ask what a node has (C-FIND, Study Root, PS3.4 C.4.1).

    Raises
    ------
    NodeError
        It cannot be asked, or answers with an error.
    """
    model = StudyRootQueryRetrieveInformationModelFind
    wanted = identifier(level, query, study, series)
    found: list[Match] = []
    with associated(node, [build_context(model, UNCOMPRESSED[::-1])], calling, report) as (association, watch):
        for status, answer in association.send_c_find(wanted, model):
            watch.check()
            if _is_pending(node, status, "C-FIND") and answer is not None:
                found.append(match(level, answer))
                watch.tell(0.5, f"{len(found)} found")
    return in_order(found)


def _is_pending(node: DicomNode, status: Dataset, service: str) -> bool:
    """Whether there is more to come; raises `NodeError` for an error."""
    if "Status" not in status:
        raise lost(node)
    code = int(status.Status)
    if code in PENDING:
        return True
    if code in (SUCCESS, CANCEL) or is_warning(code):
        return False
    if code == 0xA801:
        raise NodeError(f"Node {node.name!r} does not know the destination; enter MedAE's AE title and port there.")
    is_temporary = is_out_of_resources(code)
    comment = " (it has no room or time)" if is_temporary else ""
    raise NodeError(f"Node {node.name!r} answered {service} with error {code:04X}{comment}.", is_temporary)


def get(
    node: DicomNode, calling: str, instances: Sequence[Match], folder: Path, report: Report = silent
) -> tuple[Path, ...]:
    """Fetch a series over the same association (C-GET, PS3.4 C.4.3), in the transfer syntax in which the node has it.

    Parameters
    ----------
    node
        From whom.
    calling
        AE title of MedAE.
    instances
        All instances of one series, as `find` gives them at level IMAGE.
    folder
        Takes one file per instance; those that are there already are replaced by the same.
    report
        Progress and cancel.

    Returns
    -------
    tuple of Path
        The files, in the order in which they came.
    """
    model = StudyRootQueryRetrieveInformationModelGet
    classes = sorted({one.sop_class_uid for one in instances if one.sop_class_uid})
    contexts = [build_context(model), *_storage_contexts(classes)][:MOST_CONTEXTS]
    roles = [build_role(uid, scp_role=True) for uid in dict.fromkeys(c.abstract_syntax for c in contexts[1:])]
    written: list[Path] = []

    def keep(event: Any) -> int:
        try:
            written.append(write_instance(event.encoded_dataset(), str(event.request.AffectedSOPInstanceUID), folder))
        except OSError:
            return OUT_OF_RESOURCES
        watch.tell(len(written) / max(len(instances), 1), f"{len(written)} of {len(instances)} images")
        return SUCCESS

    first = instances[0]
    wanted = identifier_of_series(first)
    with associated(node, contexts, calling, report, roles=roles, on_store=keep) as (association, watch):
        _follow(node, association.send_c_get(wanted, model), watch, "C-GET")
    return tuple(written)


def move(node: DicomNode, calling: str, one: Match, destination: str, report: Report = silent) -> int:
    """Let a node send a study or series to another node, or to our listener (C-MOVE, PS3.4 C.4.2).

    Parameters
    ----------
    node
        Who has the series.
    calling
        AE title of MedAE.
    one
        Which study or series.
    destination
        AE title of the receiver, which ``node`` must know.
    report
        Progress and cancel.

    Returns
    -------
    int
        How many instances were sent.

    Raises
    ------
    NodeError
        It refuses, does not know the destination, or some instances did not arrive.
    """
    model = StudyRootQueryRetrieveInformationModelMove
    with associated(node, [build_context(model)], calling, report) as (association, watch):
        wanted = identifier_of_series(one)
        return _follow(node, association.send_c_move(wanted, destination, model), watch, "C-MOVE")


def identifier_of_series(one: Match) -> Dataset:
    """Make the identifier of C-GET and C-MOVE: unique keys only (PS3.4 C.4.2.2.1)."""
    wanted = Dataset()
    wanted.QueryRetrieveLevel = "SERIES" if one.series_instance_uid else "STUDY"
    wanted.StudyInstanceUID = one.study_instance_uid
    if one.series_instance_uid:
        wanted.SeriesInstanceUID = one.series_instance_uid
    return wanted


def _follow(node: DicomNode, answers: Iterator[tuple[Dataset, Dataset | None]], watch: Any, service: str) -> int:
    """Follow the answers to the end; give the number of instances that were sent."""
    sent, failed = 0, 0
    for status, _ in answers:
        watch.check()
        if "Status" in status:
            sent, failed, left = (int(status.get(f"NumberOf{what}Suboperations") or 0) for what in _COUNTED)
            sent += int(status.get("NumberOfWarningSuboperations") or 0)
            watch.tell(sent / max(sent + failed + left, 1), f"{sent} of {sent + failed + left} images")
        if failed and int(status.get("Status", SUCCESS)) not in PENDING:
            break  # some images came, others did not: told below, with their number
        _is_pending(node, status, service)
    watch.check()
    if failed:
        raise NodeError(f"Node {node.name!r} could not send {failed} of {sent + failed} images; try again.", True)
    return sent


def _storage_contexts(classes: Sequence[str]) -> list[Any]:
    """Offer each class uncompressed, and each compressed transfer syntax by itself while there is room.

    An acceptor takes one transfer syntax per context, so that only contexts of their own keep files as they are.
    """
    if not classes:
        return [build_context(each.abstract_syntax, UNCOMPRESSED) for each in StoragePresentationContexts]
    room = (MOST_CONTEXTS - 1) // len(classes) - 1
    contexts = [build_context(uid, UNCOMPRESSED) for uid in classes]
    for uid in classes:
        contexts += [build_context(uid, syntax) for syntax in COMPRESSED[: max(room, 0)]]
    return contexts


def take_moved(moved: Path, series_instance_uid: str, folder: Path) -> tuple[Path, ...]:
    """Bring what our listener has received of a C-MOVE of ours into ``folder``; gives its files."""
    place = moved / key(series_instance_uid)
    taken = []
    if place.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        for path in sorted(place.glob("*.dcm")):
            taken.append(Path(shutil.move(path, folder / path.name)))
        place.rmdir()
    return tuple(taken)


def keep_moved(moved: Path, data: bytes) -> int:
    """Keep an instance that came because of a C-MOVE of ours; gives the status of the C-STORE."""
    try:
        found = identity(data)
        write_instance(data, found.sop_instance_uid, moved / key(found.series_instance_uid))
    except OSError:
        return OUT_OF_RESOURCES
    except MedaeError:
        return CANNOT_UNDERSTAND
    return SUCCESS
