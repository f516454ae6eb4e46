"""Pairs of ``.hdr`` and ``.img``: Analyze 7.5, its SPM variants, and NIfTI-1; through nibabel."""

import math
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medae.errors import ReadError
from medae.progress import Report
from medae.readers.files import os_reason
from medae.readers.nifti import RAS_TO_LPS
from medae.readers.reader import Scan, scan_each
from medae.volume import Source, Volume, spacing_of

TITLE = "Analyze 7.5 and NIfTI pairs"
SUFFIXES: tuple[str, ...] = (".hdr", ".img")

HEADER_BYTES = 348
CUT_OFF = "its pixel data (.img) are missing, cut off or damaged; copy both files again"
SIDES = "An Analyze file does not say how the scan lies in the patient: left and right are a guess."


def accepts(path: Path, head: bytes) -> bool:
    """Tell by the header's own size (348) in ``.hdr``, or in the one beside an ``.img``."""
    if path.suffix.lower() not in SUFFIXES:
        return False
    header = _header_of(path)
    if header != path:
        try:
            with header.open("rb") as file:
                head = file.read(4)
        except OSError:
            return False
    return len(head) >= 4 and HEADER_BYTES in (struct.unpack("<i", head[:4])[0], struct.unpack(">i", head[:4])[0])


def companions(path: Path) -> set[Path]:
    """Give the file beside a pair that SPM writes its matrix to."""
    return {_header_of(path).with_suffix(".mat")}


def scan(paths: Sequence[Path], report: Report) -> Scan:
    """Read the headers; the two files of a pair are one, and a 4-D pair gives one source per volume."""
    return scan_each(list(dict.fromkeys(map(_header_of, paths))), report, _source)


def read(source: Source, report: Report) -> Volume:
    """Load one volume in its stored type; a scale factor stays beside it as rescale."""
    path = source.paths[0]
    report(0.0, f"Reading {path.name}")
    image = _load(path)
    if source.part >= _sizes(image)[3]:
        raise ReadError(path, "the file has changed since it was scanned; scan it again")
    try:
        stored = np.asarray(image.dataobj.get_unscaled())
    except (OSError, EOFError, ValueError, zlib.error, MemoryError) as error:
        raise ReadError(path, CUT_OFF) from error
    array = stored.reshape(_sizes(image), order="F")[..., source.part].transpose(2, 1, 0)
    report(1.0, f"Read {path.name}")
    return Volume(
        array=np.ascontiguousarray(array.astype(array.dtype.newbyteorder("="), copy=False)),
        affine=_affine(image),
        modality=source.modality,
        rescale_slope=np.array([image.dataobj.slope]),
        rescale_intercept=np.array([image.dataobj.inter]),
        source=source,
    )


def _header_of(path: Path) -> Path:
    """Give the header of a pair, whichever of the two is named; in the case that the file system has."""
    if path.suffix.lower() == ".hdr":
        return path
    upper = path.with_suffix(".HDR")
    return upper if path.suffix.isupper() and upper.is_file() else path.with_suffix(".hdr")


def _source(path: Path) -> tuple[Source, int]:
    image = _load(path)
    columns, rows, slices, volumes = _sizes(image)
    affine = _affine(image)
    source = Source(
        paths=(path,),
        reader="analyze",
        description=path.stem,
        shape=(slices, rows, columns),
        spacing=spacing_of(affine),
        warnings=() if _is_nifti(image) else (SIDES,),
    )
    return source, volumes


def _load(path: Path) -> Any:
    """Open a pair without its pixels, and check it; gives nibabel's image."""
    import nibabel

    try:
        image = nibabel.load(path)
        needed = image.dataobj.offset + math.prod(image.shape) * image.get_data_dtype().itemsize
        held = Path(image.file_map["image"].filename).stat().st_size
    except FileNotFoundError as error:
        raise ReadError(path, CUT_OFF) from error
    except OSError as error:
        raise ReadError(path, os_reason(error)) from error
    except Exception as error:  # nibabel raises almost anything on malformed headers
        raise ReadError(path, "its header is damaged or of a kind that is not read; copy both files again") from error
    if image.get_data_dtype().kind not in "iuf":
        raise ReadError(path, "its voxels are not single real numbers (colour or complex)")
    if any(size > 1 for size in image.shape[4:]) or min(image.shape, default=0) < 1:
        raise ReadError(path, f"its header gives a size that is not read ({'×'.join(map(str, image.shape))})")
    if held < needed:
        raise ReadError(path, CUT_OFF)
    if not np.isfinite(image.affine).all() or abs(np.linalg.det(image.affine)) < 1e-12:
        raise ReadError(path, "its header gives an impossible place in space; copy it again")
    return image


def _is_nifti(image: Any) -> bool:
    import nibabel

    return isinstance(image, nibabel.Nifti1Pair)


def _sizes(image: Any) -> tuple[int, int, int, int]:
    columns, rows, slices, volumes = [*image.shape, 1, 1, 1][:4]
    return columns, rows, slices, volumes


def _affine(image: Any) -> NDArray[np.float64]:
    affine: NDArray[np.float64] = RAS_TO_LPS @ np.asarray(image.affine, np.float64)[:, [2, 1, 0, 3]]
    return affine
