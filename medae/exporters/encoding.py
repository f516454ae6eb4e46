"""Lossless compression of DICOM images that MedAE has written (PS3.5 A.4)."""

from pathlib import Path
from typing import Literal

import numpy as np
import pydicom
from pydicom.dataset import Dataset
from pydicom.uid import UID, JPEG2000Lossless, JPEGLSLossless

from medae.errors import ExportError
from medae.exporters import dicom_file

Compression = Literal["none", "jpeg-ls", "jpeg-2000"]

_SYNTAXES: dict[str, UID] = {"jpeg-ls": JPEGLSLossless, "jpeg-2000": JPEG2000Lossless}
_DEEPEST = 16
"""Bits allocated beyond which the encoders do not go."""


def compress_file(path: Path, compression: Compression) -> None:
    """Compress the pixels of one of our files in its place; what has no such pixels stays as it is.

    Segmentations of one bit, maps of 32-bit floats, reports and presentation states are left uncompressed. Every
    image is decoded again and compared; one that would not come back bit for bit stays as it is.

    Raises
    ------
    ExportError
        When the encoder fails.
    """
    dataset = dicom_file.read_source(path)
    if not _can_be_compressed(dataset):
        return
    before = dataset.pixel_array
    try:
        # The encoder converts RGB to YCbCr reversibly for JPEG 2000 (PS3.5 8.2.4) where the attribute says so.
        if compression == "jpeg-2000" and dataset.SamplesPerPixel == 3:
            dataset.PhotometricInterpretation = "YBR_RCT"
        dataset.compress(_SYNTAXES[compression], generate_instance_uid=False)
    except (RuntimeError, ValueError, NotImplementedError, AttributeError) as error:
        raise ExportError(
            f"The images could not be compressed ({compression}); export without compression. Nothing was left behind."
        ) from error
    if not np.array_equal(dataset.pixel_array, before):
        return
    with pydicom.config.disable_value_validation():
        pydicom.dcmwrite(path, dataset, enforce_file_format=True)


def _can_be_compressed(dataset: Dataset) -> bool:
    return "PixelData" in dataset and dataset.BitsAllocated in (8, _DEEPEST)
