"""A generator of DICOM slices, good and odd."""

from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"
SERIES, STUDY = "1.2.826.0.1.3680043.8.498.1", "1.2.826.0.1.3680043.8.498.2"
SHAPE = (6, 5)


def pixels(number: int, shape: tuple[int, int] = SHAPE) -> np.ndarray:
    """Recognisable int16 pixels: slice number times 100, plus a ramp."""
    return (number * 100 + np.arange(shape[0] * shape[1]).reshape(shape)).astype(np.int16)


def dataset(number: int, array: np.ndarray | None = None, **attributes: object) -> Dataset:
    """CT slice ``number`` at z = 2.5·number; attributes override, None removes."""
    array = pixels(number) if array is None else array
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.file_meta.MediaStorageSOPClassUID = CT_IMAGE
    data.SOPClassUID, data.SOPInstanceUID = CT_IMAGE, generate_uid()
    data.StudyInstanceUID, data.SeriesInstanceUID, data.FrameOfReferenceUID = STUDY, SERIES, STUDY + ".9"
    data.Modality, data.SeriesDescription, data.SeriesNumber = "CT", "Chest", 3
    data.InstanceNumber = number + 1
    data.ImagePositionPatient = [-10.0, -20.0, 2.5 * number]
    data.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    data.PixelSpacing, data.SliceThickness = [0.5, 0.75], 2.5
    data.Rows, data.Columns = array.shape[-2:]
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.BitsAllocated = data.BitsStored = 8 * array.dtype.itemsize
    data.HighBit, data.PixelRepresentation = data.BitsStored - 1, int(array.dtype.kind == "i")
    data.RescaleSlope, data.RescaleIntercept = 1, -1024
    data.PixelData = array.tobytes()
    for name, value in attributes.items():
        if value is None:
            delattr(data, name)
        else:
            setattr(data, name, value)
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
    return data


def write(path: Path, number: int, array: np.ndarray | None = None, **attributes: object) -> Path:
    """Write `dataset` to a file."""
    data = dataset(number, array, **attributes)
    path.parent.mkdir(parents=True, exist_ok=True)
    data.save_as(path, enforce_file_format=True)
    return path


def series(folder: Path, count: int = 5, **attributes: object) -> list[Path]:
    """Write ``count`` slices, named so that names are in reverse order of position."""
    return [write(folder / f"{count - n:03}.dcm", n, **attributes) for n in range(count)]


def enhanced(path: Path, zs: tuple[float, ...] = (5.0, 0.0, 2.5), slopes: tuple[float, ...] = (1, 1, 2)) -> Path:
    """Enhanced CT whose frames lie at ``zs``; frame n holds `pixels` (n)."""
    data = dataset(0, np.stack([pixels(n) for n in range(len(zs))]))
    for name in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "SliceThickness"):
        delattr(data, name)
    del data.RescaleSlope, data.RescaleIntercept
    data.SOPClassUID = "1.2.840.10008.5.1.4.1.1.2.1"
    data.NumberOfFrames = len(zs)
    shared = Dataset()
    shared.PlaneOrientationSequence = Sequence([Dataset()])
    shared.PlaneOrientationSequence[0].ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    shared.PixelMeasuresSequence = Sequence([Dataset()])
    shared.PixelMeasuresSequence[0].PixelSpacing = [0.5, 0.75]
    shared.PixelMeasuresSequence[0].SliceThickness = 2.5
    data.SharedFunctionalGroupsSequence = Sequence([shared])
    frames = []
    for z, slope in zip(zs, slopes, strict=True):
        frame = Dataset()
        frame.PlanePositionSequence = Sequence([Dataset()])
        frame.PlanePositionSequence[0].ImagePositionPatient = [-10.0, -20.0, z]
        frame.PixelValueTransformationSequence = Sequence([Dataset()])
        frame.PixelValueTransformationSequence[0].RescaleSlope = slope
        frame.PixelValueTransformationSequence[0].RescaleIntercept = -1000
        frame.PixelValueTransformationSequence[0].RescaleType = "HU"
        frames.append(frame)
    data.PerFrameFunctionalGroupsSequence = Sequence(frames)
    data.save_as(path, enforce_file_format=True)
    return path
