"""NIfTI-1 and NIfTI-2 files (``.nii``, ``.nii.gz``), read directly.

Not through SimpleITK, which turns scaled integers into floats and refuses sheared matrices.
Header layout: https://nifti.nimh.nih.gov/pub/dist/src/niftilib/nifti1.h and nifti2.h.
"""

import gzip
import math
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, cast

import numpy as np
from numpy.typing import NDArray

from medae.errors import ReadError
from medae.progress import Report
from medae.readers.files import GZIP, os_reason
from medae.readers.reader import Scan, scan_each
from medae.volume import Source, Volume, spacing_of

TITLE = "NIfTI"
SUFFIXES: tuple[str, ...] = (".nii", ".nii.gz")

DTYPES = {2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8", 256: "i1", 512: "u2", 768: "u4", 1024: "i8", 1280: "u8"}
"""NIfTI data types that are one real number per voxel."""

UNITS_MM = {1: 1000.0, 2: 1.0, 3: 0.001}
RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
BLOCK = 1 << 24
CUT_OFF = "the file is cut off or damaged; copy it again"


@dataclass(frozen=True, slots=True)
class _Header:
    """``shape`` is (volumes, slices, rows, columns); ``affine`` maps (k, j, i, 1) to LPS mm."""

    shape: tuple[int, int, int, int]
    dtype: np.dtype[np.generic]
    offset: int
    slope: float
    intercept: float
    affine: NDArray[np.float64]
    warnings: tuple[str, ...]


def accepts(path: Path, head: bytes) -> bool:
    """Tell by the file's name."""
    return path.name.lower().endswith(SUFFIXES)


def scan(paths: Sequence[Path], report: Report) -> Scan:
    """Read the headers; a 4-D file gives one source per volume."""
    return scan_each(paths, report, _source)


def _source(path: Path) -> tuple[Source, int]:
    header = _read_header(path)
    volumes, slices, rows, columns = header.shape
    source = Source(
        paths=(path,),
        reader="nifti",
        description=_stem(path),
        shape=(slices, rows, columns),
        spacing=spacing_of(header.affine),
        warnings=header.warnings,
    )
    return source, volumes


def read(source: Source, report: Report) -> Volume:
    """Load one volume in its stored type; a scale factor stays beside it as rescale."""
    path = source.paths[0]
    header = _read_header(path)
    if source.part >= header.shape[0]:
        raise ReadError(path, "the file has changed since it was scanned; scan it again")
    array = _read_array(path, header, source.part, report)
    return Volume(
        array=array,
        affine=header.affine,
        modality=source.modality,
        rescale_slope=np.array([header.slope]),
        rescale_intercept=np.array([header.intercept]),
        source=replace(source, warnings=header.warnings),
    )


def _stem(path: Path) -> str:
    name = path.name
    return name[: -len(".nii.gz")] if name.lower().endswith(".nii.gz") else path.stem


def _is_zipped(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == GZIP


def _open(path: Path) -> IO[bytes]:
    return cast(IO[bytes], gzip.open(path, "rb")) if _is_zipped(path) else path.open("rb")


def _read_header(path: Path) -> _Header:
    try:
        with _open(path) as file:
            raw = file.read(540)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ReadError(path, CUT_OFF) from error
    except OSError as error:
        raise ReadError(path, os_reason(error)) from error
    header = _parse(path, raw)
    needed = header.offset + math.prod(header.shape) * header.dtype.itemsize
    if not _is_zipped(path) and path.stat().st_size < needed:
        raise ReadError(path, "the file is cut off: it is shorter than its header says; copy it again")
    return header


def _parse(path: Path, raw: bytes) -> _Header:
    if len(raw) < 348:
        raise ReadError(path, CUT_OFF)
    for order in "<>":
        size = struct.unpack(f"{order}i", raw[:4])[0]
        if size == 348:
            return _fields(path, _version_1(path, raw, order), order)
        if size == 540 and len(raw) >= 540:
            return _fields(path, _version_2(raw, order), order)
    raise ReadError(path, "it is named like NIfTI, but has no NIfTI header")


_Fields = dict[str, tuple[float, ...]]


def _version_1(path: Path, raw: bytes, order: str) -> _Fields:
    if raw[344:348] not in (b"n+1\0", b"n+1 "):
        raise ReadError(path, "its NIfTI header is for a pair of .hdr and .img files; convert it to .nii.gz")
    places = {
        "dim": (40, "8h"), "datatype": (70, "h"), "pixdim": (76, "8f"), "offset": (108, "f"), "scale": (112, "2f"),
        "units": (123, "B"), "codes": (252, "2h"), "quatern": (256, "6f"), "sform": (280, "12f"),
    }  # fmt: skip
    return {name: struct.unpack_from(order + code, raw, at) for name, (at, code) in places.items()}


def _version_2(raw: bytes, order: str) -> _Fields:
    places = {
        "dim": (16, "8q"), "datatype": (12, "h"), "pixdim": (104, "8d"), "offset": (168, "q"), "scale": (176, "2d"),
        "units": (500, "i"), "codes": (344, "2i"), "quatern": (352, "6d"), "sform": (400, "12d"),
    }  # fmt: skip
    return {name: struct.unpack_from(order + code, raw, at) for name, (at, code) in places.items()}


def _fields(path: Path, fields: _Fields, order: str) -> _Header:
    dim = [int(value) for value in fields["dim"]]
    if not 2 <= dim[0] <= 7 or min(dim[1 : dim[0] + 1]) < 1:
        raise ReadError(path, f"its header gives an impossible size ({dim[0]} dimensions)")
    sizes = [*dim[1 : dim[0] + 1], 1, 1, 1, 1, 1][:7]
    if max(sizes[4:]) > 1:
        raise ReadError(path, "several values per voxel (a vector or tensor image); MedAE reads scalar images")
    datatype = int(fields["datatype"][0])
    if datatype not in DTYPES:
        raise ReadError(path, f"its voxels are not single real numbers (NIfTI data type {datatype}: colour or complex)")
    slope, intercept = fields["scale"]
    if not np.isfinite(slope) or not np.isfinite(intercept) or slope == 0:
        slope, intercept = 1.0, 0.0
    offset = fields["offset"][0]
    if not np.isfinite(offset) or offset < 0:
        raise ReadError(path, CUT_OFF)
    affine, warnings = _affine(fields)
    if not np.isfinite(affine).all():
        raise ReadError(path, "its header gives an impossible place in space; copy it again")
    return _Header(
        shape=(sizes[3], sizes[2], sizes[1], sizes[0]),
        dtype=np.dtype(order + DTYPES[datatype]),
        offset=int(offset) or 352,
        slope=slope,
        intercept=intercept,
        affine=affine,
        warnings=warnings,
    )


def _affine(fields: _Fields) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Give the affine: sform if set and usable, else qform, else spacing alone."""
    qform_code, sform_code = fields["codes"]
    spacing = np.abs(np.array(fields["pixdim"][1:4]))
    spacing = np.where(np.isfinite(spacing) & (spacing > 0), spacing, 1.0)
    sform = np.vstack([np.array(fields["sform"]).reshape(3, 4), [0, 0, 0, 1]])
    flat = np.linalg.norm(sform[:3, :3], axis=0) == 0
    if sform_code > 0 and flat[2] and not flat[:2].any():
        normal = np.cross(sform[:3, 0], sform[:3, 1])
        sform[:3, 2] = normal / (np.linalg.norm(normal) or 1.0) * spacing[2]
    warnings: tuple[str, ...] = ()
    if sform_code > 0 and np.isfinite(sform).all() and abs(np.linalg.det(sform[:3, :3])) > 1e-12:
        ras = sform
    elif qform_code > 0 and np.isfinite(fields["quatern"]).all():
        ras = _qform(fields["quatern"], fields["pixdim"][0], spacing)
        if sform_code > 0:
            warnings = ("The file's sform matrix is not usable; its qform is taken.",)
    else:
        ras = np.diag([*spacing, 1.0])
        warnings = ("The file does not say how the scan lies in the patient: left and right are a guess.",)
    scale = UNITS_MM.get(int(fields["units"][0]) & 7, 1.0)
    ras = np.diag([scale, scale, scale, 1.0]) @ ras
    return RAS_TO_LPS @ ras[:, [2, 1, 0, 3]], warnings


def _qform(quatern: Sequence[float], qfac: float, spacing: NDArray[np.float64]) -> NDArray[np.float64]:
    b, c, d, *offset = quatern
    squares = b * b + c * c + d * d
    if squares > 1.0:
        b, c, d = (value / np.sqrt(squares) for value in (b, c, d))
    a = np.sqrt(max(1.0 - (b * b + c * c + d * d), 0.0))
    rotation = np.array(
        [
            [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
            [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
            [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c],
        ]
    )
    affine = np.eye(4)
    affine[:3, :3] = rotation * (spacing * [1.0, 1.0, -1.0 if qfac < 0 else 1.0])
    affine[:3, 3] = offset
    return affine


def _read_array(path: Path, header: _Header, part: int, report: Report) -> NDArray[np.generic]:
    shape = header.shape[1:]
    try:
        array = np.empty(shape, dtype=header.dtype)
    except (MemoryError, ValueError) as error:  # ValueError: more bytes than can be counted
        size_gb = math.prod(shape) * header.dtype.itemsize / 1e9
        raise ReadError(path, f"its {size_gb:.0f} GB do not fit into memory, if its header is right") from error
    size = array.nbytes
    buffer = array.reshape(-1).view(np.uint8).data
    try:
        with _open(path) as file:
            file.seek(header.offset + part * size)
            done = 0
            while done < size:
                report(done / size, f"Reading {path.name}")
                count = file.readinto(buffer[done : done + BLOCK])  # type: ignore[attr-defined]
                if not count:
                    raise ReadError(path, CUT_OFF)
                done += count
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ReadError(path, CUT_OFF) from error
    except OSError as error:
        raise ReadError(path, os_reason(error)) from error
    return array.astype(array.dtype.newbyteorder("="), copy=False)
