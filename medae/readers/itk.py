"""NRRD and MetaImage files, through SimpleITK. ITK's (i, j, k) order exists only in here."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medae.errors import ReadError
from medae.progress import Report
from medae.readers.reader import Scan, scan_each
from medae.volume import HOUNSFIELD, Source, Volume, spacing_of

TITLE = "NRRD and MetaImage"
SUFFIXES: tuple[str, ...] = (".nrrd", ".nhdr", ".mha", ".mhd")

MODALITIES = {"MET_MOD_CT": "CT", "MET_MOD_MR": "MR"}


def accepts(path: Path, head: bytes) -> bool:
    """Tell by the file's name."""
    return path.name.lower().endswith(SUFFIXES)


def companions(path: Path) -> set[Path]:
    """Files beside a detached header (``.mhd``, ``.nhdr``) that hold its pixels."""
    if path.suffix.lower() not in (".mhd", ".nhdr"):
        return set()
    try:
        text = path.read_bytes()[:65536].decode("latin-1")
    except OSError:
        return set()
    names = re.findall(r"(?im)^(?:ElementDataFile\s*=|data ?file:)\s*(.+?)\s*$", text)
    return {path.parent / name for name in names}


def scan(paths: Sequence[Path], report: Report) -> Scan:
    """Read the headers; a 4-D file gives one source per volume."""
    return scan_each(paths, report, _source)


def _source(path: Path) -> tuple[Source, int]:
    reader = _open(path)
    columns, rows, slices, volumes = _sizes(reader)
    source = Source(
        paths=(path,),
        reader="itk",
        modality=_modality(reader),
        description=path.stem,
        shape=(slices, rows, columns),
        spacing=spacing_of(_affine(reader)),
    )
    return source, volumes


def read(source: Source, report: Report) -> Volume:
    """Load one volume in its stored type."""
    import SimpleITK

    path = source.paths[0]
    report(0.0, f"Reading {path.name}")
    reader = _open(path)
    volumes = _sizes(reader)[3]
    if source.part >= volumes:
        raise ReadError(path, "the file has changed since it was scanned; scan it again")
    if volumes > 1:
        reader.SetExtractIndex([0, 0, 0, source.part])
        reader.SetExtractSize([*reader.GetSize()[:3], 0])
    try:
        array = np.asarray(SimpleITK.GetArrayFromImage(reader.Execute()))
    except RuntimeError as error:
        raise ReadError(path, "its pixel data are missing, cut off or damaged; copy the file again") from error
    report(1.0, f"Read {path.name}")
    return Volume(
        array=array.reshape((-1, *array.shape[-2:])),
        affine=_affine(reader),
        modality=source.modality,
        unit=HOUNSFIELD if source.modality == "CT" else "1",
        source=source,
    )


def _open(path: Path) -> Any:
    """Read the header; gives SimpleITK's ImageFileReader."""
    import SimpleITK

    SimpleITK.ProcessObject.SetGlobalWarningDisplay(False)
    reader = SimpleITK.ImageFileReader()
    reader.SetFileName(str(path))
    try:
        reader.ReadImageInformation()
    except RuntimeError as error:
        raise ReadError(path, _reason(str(error))) from error
    if reader.GetNumberOfComponents() != 1:
        raise ReadError(path, f"{reader.GetNumberOfComponents()} values per voxel (colour or vectors)")
    if "complex" in SimpleITK.GetPixelIDValueAsString(reader.GetPixelID()):
        raise ReadError(path, "its voxels are complex numbers; MedAE reads real ones")
    if reader.GetDimension() not in (2, 3, 4):
        raise ReadError(path, f"it has {reader.GetDimension()} dimensions; MedAE reads 2 to 4")
    if not np.isfinite(_affine(reader)).all():
        raise ReadError(path, "its spacing, origin or direction is not a number")
    return reader


def _reason(message: str) -> str:
    if "orthonormal" in message or "direction" in message.lower():
        return "its axes are not perpendicular, which ITK does not read; convert it to NIfTI"
    return "its header is damaged or of a kind that ITK does not read"


def _sizes(reader: Any) -> tuple[int, int, int, int]:
    columns, rows, slices, volumes = [*reader.GetSize(), 1, 1][:4]
    return columns, rows, slices, volumes


def _modality(reader: Any) -> str:
    return MODALITIES.get(reader.GetMetaData("Modality"), "") if reader.HasMetaDataKey("Modality") else ""


def _affine(reader: Any) -> NDArray[np.float64]:
    """ITK's (i, j, k) geometry in LPS as affine of (k, j, i)."""
    count = reader.GetDimension()
    inner = min(count, 3)
    affine = np.eye(4)
    direction = np.array(reader.GetDirection()).reshape(count, count)[:inner, :inner]
    affine[:inner, :inner] = direction * np.array(reader.GetSpacing())[:inner]
    affine[:inner, 3] = reader.GetOrigin()[:inner]
    return affine[:, [2, 1, 0, 3]]
