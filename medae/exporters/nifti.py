"""NIfTI-1 files of the denoised scan and of the heatmap, through SimpleITK."""

import gzip
import json
import math
import shutil
import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from medae.errors import ExportError
from medae.exporters.exporter import NOTHING_YET, ExporterOptions, Output, kinds_of
from medae.exporters.side_car import SUFFIXES, side_car
from medae.progress import Report
from medae.results import Result
from medae.volume import Source, Volume

TITLE = "NIfTI (.nii.gz)"

_LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
_NIFTI_SUFFIXES = (".nii", ".nii.gz")
# NIfTI-1 header: byte offsets of what is written here (nifti1.h)
_SCALING = 112  # scl_slope, scl_inter: two float32
_DESCRIP = 148
_CODES = 252  # qform_code, sform_code: two int16
_QFORM = 256  # quatern_b … qoffset_z: six float32
_SFORM = 280  # srow_x, srow_y, srow_z: twelve float32
_HEADER = 352


class Options(ExporterOptions):
    """Options of the NIfTI files."""

    file_name: str = Field(
        "",
        pattern=r"^$|^[^/\\.][^/\\]*\.nii(\.gz)?$",
        description="Exact name (.nii or .nii.gz) when there is one file to write; default <name>_denoised.nii.gz",
    )
    side_car: bool = Field(
        True,
        title="JSON side-car",
        description="Write a JSON file with BIDS fields beside each file; not with file_name",
    )
    bids_names: bool = Field(
        False, title="BIDS names", description="Name files as BIDS derivatives: sub-<name>_desc-denoised_ct.nii.gz"
    )
    suffix: str = Field(
        "",
        pattern=r"^[A-Za-z0-9]*$",
        title="BIDS suffix",
        description="Suffix of BIDS names, such as T1w; default by modality: ct, mr, pet",
    )


def accepts(result: Result) -> str | None:
    """Why there is nothing to write; None when there is."""
    if not kinds_of(result):
        return NOTHING_YET
    return None


def outputs(result: Result, name: str, options: Options) -> tuple[Output, ...]:
    """Name the files and their side-cars; how small they are packed is not known before."""
    found = []
    for kind in kinds_of(result):
        path = _file_name(result, name, kind, options)
        found.append(Output(path, 1))
        if options.side_car and not options.file_name:
            found.append(Output(_side_car_name(path), 1))
    return tuple(found)


def export(result: Result, folder: Path, name: str, options: Options, report: Report) -> tuple[Path, ...]:
    """Write ``<name>_denoised.nii.gz`` and ``<name>_heatmap.nii.gz``, whichever there are, each with its side-car."""
    kinds = kinds_of(result)
    if options.file_name and len(kinds) > 1:
        raise ExportError("One file name is not enough for two files; give a folder instead.")
    written = []
    for number, kind in enumerate(kinds):
        report(number / len(kinds), f"Writing {number + 1} of {len(kinds)} NIfTI files")
        path = folder / _file_name(result, name, kind, options)
        volume, array = _values(result, kind)
        _write(array, volume, result.original.source, path)
        written.append(path)
        if options.side_car and not options.file_name:
            beside = folder / _side_car_name(path.name)
            text = json.dumps(side_car(result, kind), indent=2, default=str)
            beside.write_text(f"{text}\n", encoding="utf-8")
            written.append(beside)
    return tuple(written)


def _values(result: Result, kind: str) -> tuple[Volume, NDArray[np.generic]]:
    if kind == "denoised":
        assert result.denoised is not None
        return result.denoised, _modality_values(result.denoised)
    assert result.anomaly_map is not None
    scores = result.anomaly_map.volume
    return scores, np.asarray(scores.array, dtype=np.float32)


def _file_name(result: Result, name: str, kind: str, options: Options) -> str:
    """Name of a NIfTI file; a BIDS label holds letters and digits only."""
    if options.file_name:
        return options.file_name
    if not options.bids_names:
        return f"{name}_{kind}.nii.gz"
    suffix = options.suffix or SUFFIXES.get(result.original.modality, "image")
    label = "".join(filter(str.isalnum, name)) or "scan"
    return f"sub-{label}_desc-{kind}_{suffix}.nii.gz"


def _side_car_name(file_name: str) -> str:
    return f"{file_name.partition('.nii')[0]}.json"


def _scaling(volume: Volume) -> tuple[float, float]:
    """Slope and intercept for the header: those of a NIfTI source, so that its stored type is kept; else 1 and 0."""
    slope, intercept = volume.rescale_slope[0], volume.rescale_intercept[0]
    exact = np.float32(slope) == slope and np.float32(intercept) == intercept
    return (float(slope), float(intercept)) if volume.source.reader == "nifti" and exact else (1.0, 0.0)


def _modality_values(volume: Volume) -> NDArray[np.generic]:
    """Give stored values where the header holds the rescale; else int16 where that is exact, or float32."""
    slope, intercept = volume.rescale_slope, volume.rescale_intercept
    header_slope, header_intercept = _scaling(volume)
    if (slope == header_slope).all() and (intercept == header_intercept).all():
        return volume.array
    whole = (slope == np.rint(slope)).all() and (intercept == np.rint(intercept)).all()
    if whole and np.issubdtype(volume.array.dtype, np.integer) and volume.array.dtype.itemsize <= 2:
        exact = volume.array.astype(np.int64)
        exact *= slope.astype(np.int64)[:, None, None]
        exact += intercept.astype(np.int64)[:, None, None]
        limits = np.iinfo(np.int16)
        if exact.min() >= limits.min and exact.max() <= limits.max:
            return exact.astype(np.int16)
    return volume.values()


def _write(array: NDArray[np.generic], volume: Volume, source: Source, path: Path) -> None:
    """Write one array (slices, rows, columns) on the volume's grid, complete or with an error."""
    import SimpleITK as sitk  # noqa: N813 - the library's own habit

    image = sitk.GetImageFromArray(array.view(np.ndarray))
    image.SetSpacing([float(x) for x in volume.spacing[::-1]])
    image.SetOrigin(volume.origin)
    direction = volume.direction[:, ::-1]
    if np.allclose(direction.T @ direction, np.eye(3), atol=1e-4):
        image.SetDirection(direction.ravel().tolist())
    plain = path.with_name(f".{path.name.partition('.nii')[0]}-plain.nii")
    try:
        sitk.WriteImage(image, plain, useCompression=False)
    except RuntimeError as error:
        raise _refused(path) from error
    if plain.stat().st_size < _HEADER + math.prod(array.shape) * array.dtype.itemsize:
        raise _refused(path)
    _complete_header(plain, volume, source)
    if path.suffix != ".gz":
        plain.rename(path)
        return
    with (
        plain.open("rb") as original,
        path.open("wb") as target,
        gzip.GzipFile("", "wb", compresslevel=4, fileobj=target, mtime=0) as packed,
    ):
        shutil.copyfileobj(original, packed, 1 << 20)
    plain.unlink()


def _refused(path: Path) -> ExportError:
    return ExportError(f"{path.name} could not be written completely: the disk may be full. Nothing was left behind.")


def _complete_header(path: Path, volume: Volume, source: Source) -> None:
    """Put the exact affine into the sform and keep what kind of space the source's forms meant.

    A grid that is not rectangular (gantry tilt) is held by the sform alone.
    """
    rows = (_LPS_TO_RAS @ volume.affine)[:3, [2, 1, 0, 3]]
    direction = volume.direction
    rectangular = np.allclose(direction.T @ direction, np.eye(3), atol=1e-4)
    with path.open("r+b") as file:
        file.seek(_QFORM)
        qform = np.array(struct.unpack("<6f", file.read(24)))
        qform_code, sform_code = _source_codes(source, qform, rows)
        file.seek(_SCALING)
        file.write(struct.pack("<2f", *_scaling(volume)))
        file.seek(_DESCRIP)
        file.write(b"MedAE, research use only, not for diagnosis".ljust(80, b"\0"))
        file.seek(_CODES)
        file.write(struct.pack("<hh", qform_code if rectangular else 0, sform_code))
        file.seek(_SFORM)
        file.write(struct.pack("<12f", *rows.ravel()))


def _source_codes(source: Source, qform: NDArray[np.float64], sform: NDArray[np.float64]) -> tuple[int, int]:
    """Codes of the two forms: 1 (scanner), or the source's own where its form is the one that is written."""
    if len(source.paths) != 1 or not source.paths[0].name.lower().endswith(_NIFTI_SUFFIXES):
        return 1, 1
    path = source.paths[0]
    opener = gzip.open if path.name.lower().endswith(".gz") else open
    try:
        with opener(path, "rb") as file:
            header = file.read(_HEADER)
    except (OSError, EOFError):
        return 1, 1
    if len(header) < _HEADER or header[344:347] not in (b"n+1", b"ni1"):
        return 1, 1
    order = "<" if struct.unpack_from("<i", header)[0] == 348 else ">"
    own_qform_code, own_sform_code = struct.unpack_from(f"{order}hh", header, _CODES)
    own_qform = np.array(struct.unpack_from(f"{order}6f", header, _QFORM))
    own_sform = np.array(struct.unpack_from(f"{order}12f", header, _SFORM)).reshape(3, 4)
    same_qform = own_qform_code > 0 and np.allclose(own_qform, qform, atol=1e-3)
    same_sform = own_sform_code > 0 and np.allclose(own_sform, sform, atol=1e-3)
    sform_code = own_sform_code if same_sform else own_qform_code if same_qform else 1
    return (own_qform_code if same_qform else sform_code), sform_code
