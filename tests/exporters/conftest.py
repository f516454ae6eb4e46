"""Small DICOM scans, their volumes and results, for the tests of the exporters."""

import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, MRImageStorage, generate_uid

from medae.provenance import Provenance
from medae.results import AnomalyMap, Result
from medae.volume import HOUNSFIELD, Source, Volume

STEP = Provenance(
    task="denoise",
    bundle="ct-denoise",
    version="0.1.0",
    sha256="ab" * 32,
    options={"strength": 1.0},
    medae_version="0.1.0",
    device="CPU",
    started=datetime(2026, 1, 1, tzinfo=UTC),
    seconds=1.0,
    notes={"values_clipped": 3},
)
NO_MODEL = replace(STEP, bundle="none", version="", sha256="")


def write_series(folder: Path, modality: str = "CT", shape: tuple[int, int, int] = (6, 48, 40)) -> list[Path]:
    """A valid CT or MR series, obliquely placed, with padding, private elements and stale statistics."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(3)
    study, series, frame = generate_uid(), generate_uid(), generate_uid()
    angle = np.deg2rad(20)
    row, column = np.array([np.cos(angle), np.sin(angle), 0]), np.array([-np.sin(angle), np.cos(angle), 0])
    paths = []
    for k in range(shape[0]):
        ds = Dataset()
        ds.SOPClassUID = CTImageStorage if modality == "CT" else MRImageStorage
        ds.SOPInstanceUID, ds.StudyInstanceUID, ds.SeriesInstanceUID = generate_uid(), study, series
        ds.FrameOfReferenceUID, ds.PositionReferenceIndicator = frame, ""
        ds.SpecificCharacterSet = "ISO_IR 100"
        ds.PatientName, ds.PatientID, ds.PatientBirthDate, ds.PatientSex = "Müller^Test", "P1", "", "O"
        ds.StudyDate, ds.StudyTime, ds.StudyID, ds.AccessionNumber = "20200102", "030405", "1", ""
        ds.ReferringPhysicianName, ds.Manufacturer, ds.TimezoneOffsetFromUTC = "", "ACME", "+0530"
        ds.Modality, ds.SeriesNumber, ds.InstanceNumber = modality, 3, k + 1
        ds.SeriesDescription = "A rather long series description that does not fit beside ours"
        ds.BodyPartExamined, ds.PatientPosition = "HEAD", "HFS"
        ds.AcquisitionNumber, ds.ContentDate, ds.ContentTime = 1, "20200102", "030405"
        ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
        _describe_acquisition(ds, modality)
        ds.ImagePositionPatient = [f"{x:.6f}" for x in np.array([-11.25, 7.5, 2.5 * k - 300])]
        ds.ImageOrientationPatient = [f"{x:.9f}" for x in (*row, *column)]
        ds.PixelSpacing, ds.SliceThickness = [0.8, 0.9], 2.5
        ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
        ds.Rows, ds.Columns, ds.BitsAllocated, ds.BitsStored, ds.HighBit = *shape[1:], 16, 12, 11
        ds.PixelRepresentation = 0
        pixels = rng.integers(900, 1200, shape[1:]).astype(np.uint16)
        pixels[:3] = 0
        ds.PixelPaddingValue = 0
        ds.SmallestImagePixelValue, ds.LargestImagePixelValue = 0, 1199
        ds.private_block(0x0009, "ACME", create=True).add_new(0x01, "LO", "secret")
        ds.PixelData = pixels.tobytes()
        ds.file_meta = FileMetaDataset()
        ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID
        ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
        paths.append(folder / f"{k}.dcm")
        pydicom.dcmwrite(paths[-1], ds, enforce_file_format=True)
    return paths


def _describe_acquisition(ds: Dataset, modality: str) -> None:
    if modality == "CT":
        ds.KVP, ds.RescaleIntercept, ds.RescaleSlope, ds.RescaleType = 120, -1024, 1, "HU"
    else:
        ds.ScanningSequence, ds.SequenceVariant, ds.ScanOptions, ds.MRAcquisitionType = "GR", "NONE", "", "3D"
        ds.EchoTime, ds.EchoTrainLength, ds.RepetitionTime = 3, 1, 9
        ds.ImageType = ["ORIGINAL", "PRIMARY", "OTHER"]


def volume_of(paths: list[Path]) -> Volume:
    """Read files into a volume, sorted along the normal (a minimal reader)."""
    datasets = {path: pydicom.dcmread(path) for path in paths}
    first = datasets[paths[0]]
    orientation = np.array(first.ImageOrientationPatient, dtype=float)
    row, column = orientation[:3], orientation[3:]
    normal = np.cross(row, column)
    paths = sorted(paths, key=lambda p: float(np.dot(normal, datasets[p].ImagePositionPatient)))
    positions = np.array([datasets[p].ImagePositionPatient for p in paths], dtype=float)
    affine = np.eye(4)
    affine[:3, 0] = (positions[-1] - positions[0]) / max(len(paths) - 1, 1) if len(paths) > 1 else normal
    affine[:3, 1] = column * float(first.PixelSpacing[0])
    affine[:3, 2] = row * float(first.PixelSpacing[1])
    affine[:3, 3] = positions[0]
    array = np.stack([datasets[p].pixel_array for p in paths])
    bits, signed = first.BitsStored, first.PixelRepresentation
    padding = first.get("PixelPaddingValue")
    return Volume(
        array,
        affine,
        modality=first.Modality,
        unit=HOUNSFIELD if first.Modality == "CT" else "1",
        rescale_slope=np.array([float(datasets[p].get("RescaleSlope", 1)) for p in paths]),
        rescale_intercept=np.array([float(datasets[p].get("RescaleIntercept", 0)) for p in paths]),
        stored_range=(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1),
        padding=None if padding is None else (float(padding), float(padding)),
        source=Source(
            paths=tuple(paths),
            reader="dicom",
            series_instance_uid=first.SeriesInstanceUID,
            study_instance_uid=first.StudyInstanceUID,
            frame_of_reference_uid=first.get("FrameOfReferenceUID", ""),
            modality=first.Modality,
            shape=array.shape,
        ),
    )


def result_of(volume: Volume, *, findings: bool = True) -> Result:
    """A denoised volume (a little darker) and an anomaly map with two findings."""
    array = volume.array.copy()
    array[:, 5:] = np.maximum(array[:, 5:], 3) - 2
    scores = np.zeros(volume.shape, dtype=np.float32)
    slices, rows, columns = volume.shape
    if findings:
        middle = slice(slices // 3, slices // 3 + 2)
        scores[middle, rows // 2 : rows // 2 + 6, columns // 2 : columns // 2 + 5] = 6.5
        scores[slices // 2 :, 4:12, 4:12] = 4.25
        scores[-1, 6, 6] = 12.0
    scored = replace(volume, array=scores, rescale_slope=np.ones(1), rescale_intercept=np.zeros(1), padding=None)
    detected = replace(STEP, task="detect", bundle="ct-anomaly", options={})
    anomaly_map = AnomalyMap(scored, 3.0, "Calibrated on 12 healthy scans.", (detected,))
    return Result(volume, volume.with_array(array, STEP), anomaly_map)


@pytest.fixture
def ct(tmp_path: Path) -> Result:
    return result_of(volume_of(write_series(tmp_path / "in" / "ct")))


@pytest.fixture
def mr(tmp_path: Path) -> Result:
    return result_of(volume_of(write_series(tmp_path / "in" / "mr", "MR")))


@pytest.fixture
def in_memory() -> Result:
    """A result whose source is no DICOM."""
    rng = np.random.default_rng(0)
    array = rng.integers(0, 300, (5, 32, 30)).astype(np.int16)
    return result_of(Volume(array, np.diag([3.0, 1.0, 1.5, 1.0]), modality="MR"))


@pytest.fixture
def dciodvfy() -> Callable[[Path], set[str]]:
    """Give the set of errors that dciodvfy reports; the test is skipped where it is not installed."""
    import shutil

    if shutil.which("dciodvfy") is None:
        pytest.skip("dciodvfy (Debian package dicom3tools) is not installed")

    def errors(path: Path) -> set[str]:
        run = subprocess.run(["dciodvfy", "-new", path], capture_output=True, text=True, errors="replace", check=False)
        return {line for line in (run.stdout + run.stderr).splitlines() if line.startswith("Error")}

    return errors
