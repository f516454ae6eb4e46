"""DICOM files in and out: the source's again, and our own (PS3.10)."""

from pathlib import Path

import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from medae.errors import ReadError
from medae.progress import Report
from medae.volume import Volume


def read_header(path: Path) -> Dataset:
    """Read a source file without its pixels.

    Raises
    ------
    ReadError
        When the file is gone or damaged since it was opened.
    """
    return _read(path, stop_before_pixels=True)


def read_source(path: Path) -> Dataset:
    """Read a source file with its pixels; raises `ReadError` when it is gone or damaged."""
    return _read(path, stop_before_pixels=False)


def _read(path: Path, *, stop_before_pixels: bool) -> Dataset:
    try:
        return pydicom.dcmread(path, stop_before_pixels=stop_before_pixels, force=True)
    except FileNotFoundError as error:
        raise ReadError(path, "the scan's file is gone; put it back or open the scan again") from error
    except (OSError, ValueError, TypeError, LookupError, AttributeError, EOFError) as error:
        raise ReadError(path, "the scan's file cannot be read any more; open the scan again") from error


def headers(volume: Volume, report: Report) -> list[Dataset]:
    """Headers of the source, one per slice, or one for a multi-frame file."""
    paths = volume.source.paths
    found = []
    for number, path in enumerate(paths):
        report(number / len(paths), "Reading the source's headers")
        found.append(read_header(path))
    return found


def write(dataset: Dataset, path: Path) -> Path:
    """Write a DICOM file (PS3.10), Explicit VR Little Endian."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta = meta
    dataset.preamble = b"\0" * 128
    path.parent.mkdir(parents=True, exist_ok=True)
    with pydicom.config.disable_value_validation():  # the source's own odd values are kept as they are
        pydicom.dcmwrite(path, dataset, implicit_vr=False, little_endian=True, enforce_file_format=True)
    return path
