"""One source of each kind that the exporters must serve: CT, MR (axial, sagittal), PET, radiograph, multi-frame."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.uid import (
    ComputedRadiographyImageStorage,
    PositronEmissionTomographyImageStorage,
    generate_uid,
)

from medae import readers
from medae.progress import silent
from medae.results import Result

from .conftest import result_of, write_series
from .enhanced import write_enhanced

SHAPE = (4, 48, 40)
_OF_CT = ("KVP", "RescaleType", "AcquisitionNumber")


def _rewrite(paths: list[Path], change: Callable[[Dataset, int], None]) -> list[Path]:
    """Change the datasets of a series."""
    for k, path in enumerate(paths):
        ds = pydicom.dcmread(path)
        change(ds, k)
        ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID
        ds.save_as(path)
    return paths


def _sagittal(ds: Dataset, k: int) -> None:
    ds.ImageOrientationPatient = [0, 1, 0, 0, 0, -1]
    ds.ImagePositionPatient = [2.5 * k - 20, -60, 90]
    ds.PatientPosition = "HFS"


def _pet(ds: Dataset, k: int) -> None:
    """PET Image IOD (PS3.3 A.21), with a rescale of its own on each slice."""
    for keyword in _OF_CT:
        if keyword in ds:
            del ds[keyword]
    ds.SOPClassUID, ds.Modality = PositronEmissionTomographyImageStorage, "PT"
    ds.ImageType = ["ORIGINAL", "PRIMARY"]
    ds.SeriesDate, ds.SeriesTime = ds.AcquisitionDate, ds.AcquisitionTime = "20200102", "031500"
    ds.SeriesType, ds.Units, ds.CountsSource, ds.DecayCorrection = ["WHOLE BODY", "IMAGE"], "BQML", "EMISSION", "START"
    ds.NumberOfSlices, ds.ImageIndex, ds.CorrectedImage, ds.CollimatorType = SHAPE[0], k + 1, ["DECY", "ATTN"], "NONE"
    ds.FrameReferenceTime, ds.ActualFrameDuration, ds.DecayFactor = 1000, 60000, 1.01
    ds.RescaleIntercept, ds.RescaleSlope = 0, f"{1 + 0.1 * k:.2f}"
    ds.PatientWeight, ds.BitsStored, ds.HighBit = 70, 16, 15
    del ds.PatientPosition
    tracer = Dataset()
    tracer.RadionuclideCodeSequence, tracer.RadiopharmaceuticalStartTime = [], "021500"
    tracer.RadionuclideTotalDose, tracer.RadionuclideHalfLife = 3e8, 6586.2
    ds.RadiopharmaceuticalInformationSequence = [tracer]
    ds.PatientOrientationCodeSequence = ds.PatientGantryRelationshipCodeSequence = []
    ds.PatientOrientationModifierCodeSequence = []


def _radiograph(ds: Dataset, k: int) -> None:
    """Computed Radiography Image IOD (PS3.3 A.2): no place in space, low values bright."""
    for keyword in (*_OF_CT, "FrameOfReferenceUID", "PositionReferenceIndicator", "ImagePositionPatient"):
        if keyword in ds:
            del ds[keyword]
    for keyword in ("ImageOrientationPatient", "SliceThickness", "RescaleSlope", "RescaleIntercept", "PatientPosition"):
        del ds[keyword]
    ds.SOPClassUID, ds.Modality, ds.ImageType = ComputedRadiographyImageStorage, "CR", ["ORIGINAL", "PRIMARY"]
    ds.PhotometricInterpretation, ds.ViewPosition, ds.PatientOrientation = "MONOCHROME1", "PA", ["L", "F"]
    ds.BodyPartExamined = "CHEST"


def _multi_frame(folder: Path, modality: str) -> list[Path]:
    """A Legacy Converted Enhanced image (PS3.3 A.70) of a series, its frames from last to first."""
    import highdicom

    paths = write_series(folder / "classic", "MR" if modality == "MR" else "CT", SHAPE)
    if modality == "PET":
        paths = _rewrite(paths, _pet)
    frames = [pydicom.dcmread(path) for path in reversed(paths)]
    for frame in frames:
        frame.remove_private_tags()
        frame.PatientName, frame.WindowCenter, frame.WindowWidth = "Test^Enhanced", 40, 400
    kind = getattr(highdicom.legacy, f"LegacyConvertedEnhanced{modality}Image")
    path = folder / "enhanced.dcm"
    kind(frames, generate_uid(), 4, generate_uid(), 1).save_as(path)
    for classic in paths:
        classic.unlink()
    return [path]


def _pydicom_enhanced_ct(folder: Path) -> list[Path]:
    try:
        path = get_testdata_file("eCT_Supplemental.dcm", download=False)
    except ValueError:
        path = None
    if path is None:
        pytest.skip("pydicom-data is not installed")
    return [Path(str(path))]


SOURCES: dict[str, Callable[[Path], list[Path]]] = {
    "ct": lambda folder: write_series(folder, "CT", SHAPE),
    "mr-axial": lambda folder: write_series(folder, "MR", SHAPE),
    "mr-sagittal": lambda folder: _rewrite(write_series(folder, "MR", SHAPE), _sagittal),
    "pt": lambda folder: _rewrite(write_series(folder, "CT", SHAPE), _pet),
    "cr": lambda folder: _rewrite(write_series(folder, "CT", (1, 300, 260)), _radiograph),
    "enhanced-ct": lambda folder: write_enhanced(folder, "CT"),
    "enhanced-mr": lambda folder: write_enhanced(folder, "MR"),
    "legacy-ct": lambda folder: _multi_frame(folder, "CT"),
    "legacy-mr": lambda folder: _multi_frame(folder, "MR"),
    "legacy-pt": lambda folder: _multi_frame(folder, "PET"),
    "pydicom-enhanced-ct": _pydicom_enhanced_ct,
}


def result_of_files(paths: list[Path]) -> Result:
    """Open files as MedAE does, and give a result with everything in it."""
    (source,) = readers.scan(paths, silent).sources
    result = result_of(readers.read(source, silent))
    assert np.issubdtype(result.original.array.dtype, np.integer)
    return result
