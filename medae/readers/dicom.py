"""DICOM files: scan headers, and load the pixels of one series (pydicom)."""

import hashlib
import os
import struct
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from medae.errors import ReadError
from medae.progress import Cancelled, Report
from medae.readers import dicom_header, dicom_pixels, multiframe
from medae.readers.dicom_elements import read_elements
from medae.readers.dicom_file import DAMAGED, BoundedFile, parse, read_dataset
from medae.readers.dicom_overlays import in_pixels, overlay
from medae.readers.files import os_reason
from medae.readers.geometry import Grid, grid
from medae.readers.plain_pixels import plain_type, read_plain
from medae.readers.reader import Scan, Skipped
from medae.readers.series import Digest, Header, Stack, stacks
from medae.readers.suv import suv_factor
from medae.volume import Source, Volume, spacing_of

TITLE = "DICOM"
SUFFIXES: tuple[str, ...] = (".dcm", ".dicom", ".ima")

READ_THREADS = 4
_WANTED = frozenset(dicom_header.TAGS)
REPORT_EVERY = 25


@contextmanager
def quiet() -> Iterator[None]:
    """Silence pydicom's warnings, which quote values of the file and so may hold patient data."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def accepts(path: Path, head: bytes) -> bool:
    """Tell whether the file is DICOM: by its preamble or, without one, by its first data element."""
    if head[128:132] == b"DICM":
        return True
    if len(head) < 16:
        return False
    order = ">" if head[:2] == b"\x00\x08" else "<"
    group, element, vr = struct.unpack(f"{order}HH2s", head[:6])
    if group not in (0x0002, 0x0008) or element > 0x1200:
        return False
    if vr in (b"UL", b"UI", b"CS", b"OB", b"DA", b"TM", b"SH", b"LO"):
        return True
    return bool(order == "<" and struct.unpack("<L", head[4:8])[0] <= 256)


def scan(paths: Sequence[Path], report: Report) -> Scan:
    """Read the headers of ``paths`` and arrange them as volumes."""
    headers: list[Header] = []
    skipped: list[Skipped] = []
    with quiet():
        for number, path in enumerate(paths):
            if number % REPORT_EVERY == 0:
                report(number / len(paths), f"Reading headers: {number} of {len(paths)} files")
            try:
                headers += read_headers(path)
            except ReadError as error:
                skipped.append(Skipped(path, error.reason))
        found = sources(headers, report)
    return Scan(tuple(found), tuple(skipped))


def sources(headers: Sequence[Header], report: Report) -> list[Source]:
    """Arrange headers as volumes; slices at the same place are compared."""

    def digest(header: Header) -> bytes:
        report(1.0, "Comparing slices at the same position")
        return _pixel_digest(header)

    return _arranged(headers, digest, _described)


def sources_so_far(headers: Sequence[Header], described: dict[str, Header]) -> tuple[Source, ...]:
    """Arrange the headers at hand of one series, of which more may come: quickly, and without warnings.

    Of several slices at the same place, the first is taken. ``described`` keeps, by series, the header that was read
    again for its description: once is enough until all are there.
    """

    def describe(header: Header) -> Header:
        if header.series_uid not in described:
            described[header.series_uid] = _described(header)
        known = described[header.series_uid]
        return replace(header, patient=known.patient, description=known.description)

    return tuple(replace(source, warnings=()) for source in _arranged(headers, lambda header: b"", describe))


def _arranged(headers: Sequence[Header], digest: Digest, describe: Callable[[Header], Header]) -> list[Source]:
    single: list[Header] = []
    enhanced: dict[Path, list[Header]] = defaultdict(list)
    for header in headers:
        if header.frame is None:
            single.append(header)
        else:
            enhanced[header.path].append(header)
    found: list[Source] = []
    in_series: dict[str, int] = defaultdict(int)
    for stack in stacks(single, digest):
        uid = stack.headers[0].series_uid
        found.append(_source(stack, in_series[uid], tuple(header.path for header in stack.headers), describe))
        in_series[uid] += 1
    for path, frames in enhanced.items():
        found += [_source(stack, part, (path,), describe) for part, stack in enumerate(stacks(frames, digest))]
    return found


def _source(stack: Stack, part: int, paths: tuple[Path, ...], describe: Callable[[Header], Header]) -> Source:
    first = describe(stack.headers[0])
    return Source(
        paths=paths,
        reader="dicom",
        series_instance_uid=first.series_uid,
        study_instance_uid=first.study_uid,
        frame_of_reference_uid=first.frame_of_reference_uid,
        modality=first.modality,
        description=" – ".join(filter(None, (first.description, stack.label))),
        series_number=first.series_number,
        shape=(len(stack.headers), first.rows, first.columns),
        spacing=spacing_of(stack.grid.affine),
        patient=first.patient,
        kind=dict(first.kind).get("image type", ""),
        warnings=stack.warnings,
        part=part,
    )


def _described(header: Header) -> Header:
    """Read a header again that was recalled without patient and description."""
    if not header.recalled:
        return header
    try:
        return read_headers(header.path)[header.frame or 0]
    except (ReadError, IndexError):  # the file has gone since
        return header


def read_headers(path: Path) -> list[Header]:
    """Give the header of a file, or one per frame of a multi-frame file; raises ReadError."""
    try:
        with BoundedFile(path) as file:
            data = _parse(path, file)
            reason = dicom_pixels.unusable(data)
            if reason is None:
                reason = dicom_pixels.incomplete(data, file, os.fstat(file.fileno()).st_size)
        if reason is not None:
            raise ReadError(path, reason)
        if dicom_pixels.frame_count(data) == 1 and "PerFrameFunctionalGroupsSequence" not in data:
            return [dicom_header.header(data, path)]
        return multiframe.headers(data, path)
    except ReadError:
        raise
    except OSError as error:
        raise ReadError(path, os_reason(error)) from error
    except Exception as error:  # pydicom converts values late, and raises almost anything on malformed ones
        raise ReadError(path, DAMAGED) from error


def _parse(path: Path, file: BoundedFile) -> Dataset:
    """Read what a scan wants, and leave the file where the pixel data begin."""
    found = read_elements(file, _WANTED)
    if found is not None:
        file.seek(found.pixel_element)
        return found.data
    return parse(path, file, stop_before_pixels=True, specific_tags=dicom_header.TAGS)


def _pixel_digest(header: Header) -> bytes:
    try:
        data = read_dataset(header.path, specific_tags=["PixelData"])
        pixels = data.get("PixelData", b"")
    except Exception:  # noqa: BLE001 - unreadable pixels are nobody's duplicate
        pixels = str(header.path).encode()
    return hashlib.sha1(pixels + str(header.frame).encode(), usedforsecurity=False).digest()


def read(source: Source, report: Report) -> Volume:
    """Load the pixels of one series; slices that cannot be decoded are left out with a warning."""
    with quiet():
        first = _first_headers(source)
        if first is not None and first[0].frame is not None:
            return _read_frames(source, first, report)
        return _read_slices(source, report)


def _first_headers(source: Source) -> list[Header] | None:
    try:
        return read_headers(source.paths[0])
    except ReadError:
        if len(source.paths) == 1:
            raise
        return None


@dataclass(slots=True)
class _Slices:
    """The decoded slices of a volume, as they come in; arrays are made when the first that needs them is there."""

    count: int
    size: tuple[int, int]
    pixels: NDArray[np.generic] | None = None
    colour: NDArray[np.uint8] | None = None
    overlays: NDArray[np.bool_] | None = None

    def target(self, k: int) -> NDArray[np.generic] | None:
        """Where the pixels of slice ``k`` may be read to; None before the first is there."""
        return None if self.pixels is None else self.pixels[k]

    def add(self, path: Path, k: int, image: dicom_pixels.Image, overlay: NDArray[np.bool_] | None) -> None:
        """Put in slice ``k``; raises ReadError where it does not fit the others."""
        if image.pixels.shape != self.size:
            (rows, columns), size = image.pixels.shape, self.size
            raise ReadError(path, f"its size is {rows}×{columns} where {size[0]}×{size[1]} was expected")
        if self.pixels is None:
            self.pixels = np.empty((self.count, *self.size), dtype=image.pixels.dtype)
        if image.pixels.dtype != self.pixels.dtype:
            raise ReadError(path, "its pixels are of another type than those of the other slices")
        if not np.may_share_memory(self.pixels, image.pixels):
            self.pixels[k] = image.pixels
        if image.colour is not None:
            if self.colour is None:
                self.colour = np.zeros((self.count, *self.size, 3), dtype=np.uint8)
            self.colour[k] = image.colour
        if overlay is not None:
            if self.overlays is None:
                self.overlays = np.zeros((self.count, *self.size), dtype=bool)
            self.overlays[k] = overlay

    def keep(self, kept: Sequence[int]) -> None:
        """Drop all slices but these."""
        for name in ("pixels", "colour", "overlays"):
            array = getattr(self, name)
            if array is not None:
                setattr(self, name, array[kept])


def _read_slices(source: Source, report: Report) -> Volume:
    count, (_, rows, columns) = len(source.paths), source.shape
    loaded: list[tuple[Header, dicom_pixels.PixelFacts] | None] = [None] * count
    failures: dict[int, str] = {}
    slices = _Slices(count, (rows, columns))
    with ThreadPoolExecutor(READ_THREADS, thread_name_prefix="medae-read") as pool:
        futures: dict[Future[_Loaded], int] = {}
        try:
            for start in range(0, count, 4 * READ_THREADS):
                block = range(start, min(start + 4 * READ_THREADS, count))
                futures = {pool.submit(_load, source.paths[k], slices.size, slices.target(k)): k for k in block}
                for future in as_completed(futures):
                    k = futures[future]
                    try:
                        header, facts, image, overlay = future.result()
                        slices.add(source.paths[k], k, image, overlay)
                    except ReadError as error:
                        failures[k] = error.reason
                    else:
                        loaded[k] = header, facts
                report(block.stop / count, f"Reading slices: {block.stop} of {count}")
        finally:
            for future in futures:
                future.cancel()
    if slices.pixels is None:
        raise ReadError(source.paths[0], failures.get(0, "it holds no pixels"))
    return _assemble(source, slices, loaded, failures)


_Loaded = tuple[Header, dicom_pixels.PixelFacts, dicom_pixels.Image, NDArray[np.bool_] | None]


def _load(path: Path, size: tuple[int, int], target: NDArray[np.generic] | None) -> _Loaded:
    """Read one slice, into ``target`` where its pixels are uncompressed and of the type of that."""
    try:
        plain = _load_plain(path, size, target)
        if plain is not None:
            return plain
        data = read_dataset(path)
        header = dicom_header.header(data, path)
        return header, dicom_pixels.facts(data), dicom_pixels.decode(data, path), overlay(data)
    except ReadError:
        raise
    except OSError as error:
        raise ReadError(path, os_reason(error)) from error
    except Exception as error:  # pydicom raises almost anything on malformed files
        raise ReadError(path, f"it is damaged ({type(error).__name__}); copy the file again") from error


def _load_plain(path: Path, size: tuple[int, int], target: NDArray[np.generic] | None) -> _Loaded | None:
    """Read a slice without pydicom's help; None where that is not possible."""
    with path.open("rb", buffering=0) as file:
        found = read_elements(file)
        dtype = None if found is None else plain_type(found, size)
        if found is None or dtype is None or in_pixels(found.data) or "ModalityLUTSequence" in found.data:
            return None
        pixels = target if target is not None and target.dtype == dtype else np.empty(size, dtype)
        if not read_plain(file, found, pixels):
            return None
    data = found.data
    return dicom_header.header(data, path), dicom_pixels.facts(data), dicom_pixels.Image(pixels), overlay(data)


def _assemble(
    source: Source,
    slices: _Slices,
    loaded: Sequence[tuple[Header, dicom_pixels.PixelFacts] | None],
    failures: dict[int, str],
) -> Volume:
    pairs = [item for item in loaded if item is not None]
    if len(pairs) < len(loaded):
        slices.keep([k for k, item in enumerate(loaded) if item is not None])
    headers = [pair[0] for pair in pairs]
    placed = grid(headers)
    lost = tuple(f"Left out slice {source.paths[k].name}: {reason}." for k, reason in sorted(failures.items()))
    return _volume(
        replace(
            source,
            paths=tuple(header.path for header in headers),
            shape=(len(headers), *slices.size),
            warnings=tuple(dict.fromkeys((*source.warnings, *lost, *placed.warnings))),
        ),
        slices,
        placed,
        [pair[1] for pair in pairs],
    )


def _read_frames(source: Source, headers: list[Header], report: Report) -> Volume:
    path = source.paths[0]
    found = stacks(headers, _pixel_digest)
    if source.part >= len(found):
        raise ReadError(path, "the file has changed since it was scanned; scan it again")
    stack = found[source.part]
    frames = [header.frame or 0 for header in stack.headers]
    first = stack.headers[0]
    slices = _Slices(len(frames), (first.rows, first.columns))
    try:
        data = read_dataset(path)
        for k, image in enumerate(dicom_pixels.decode_frames(data, path, frames)):
            report(k / len(frames), f"Reading frames: {k} of {len(frames)}")
            slices.add(path, k, image, overlay(data, frames[k]))
        facts = [multiframe.facts(data, frame) for frame in frames]
    except (ReadError, Cancelled):
        raise
    except OSError as error:
        raise ReadError(path, os_reason(error)) from error
    except Exception as error:  # pydicom raises almost anything on malformed files
        raise ReadError(path, f"it is damaged ({type(error).__name__}); copy the file again") from error
    return _volume(source, slices, stack.grid, facts)


def _volume(
    source: Source,
    slices: _Slices,
    place: Grid,
    facts: Sequence[dicom_pixels.PixelFacts],
) -> Volume:
    middle = facts[len(facts) // 2]
    notes = [note for fact in facts for note in fact.warnings]
    if len({fact.padding for fact in facts}) > 1:
        notes.append("Slices name different padding values; the middle slice's is used.")
    assert slices.pixels is not None
    uptakes = [fact.uptake for fact in facts if fact.uptake is not None]
    suv, reason = suv_factor(uptakes) if uptakes else (None, "")
    if reason:
        notes.append(f"No SUV can be given: {reason}.")
    return Volume(
        array=slices.pixels,
        affine=place.affine,
        placed=place.placed,
        modality=source.modality,
        unit=middle.unit,
        rescale_slope=np.array([fact.slope for fact in facts]),
        rescale_intercept=np.array([fact.intercept for fact in facts]),
        stored_range=middle.stored_range,
        padding=middle.padding,
        inverted=middle.inverted,
        windows=middle.windows,
        suv_factor=suv,
        colour=slices.colour,
        overlays=slices.overlays,
        source=replace(source, warnings=tuple(dict.fromkeys((*source.warnings, *notes)))),
    )
