"""JPEG Extended of 12 bits, and that pydicom asks for it."""

import hashlib
from pathlib import Path

import numpy as np
import pydicom
import pydicom.data
import pytest
from pydicom.pixels import get_decoder
from pydicom.uid import JPEGExtended12Bit, JPEGLosslessSV1

from medae import readers
from medae.readers import jpeg_extended

AS_BY_DCMDJPEG = "ef1fcbc2cc880b1407851894830355241363d688"
"""SHA-1 of the little-endian pixels that dcmdjpeg 3.6.7 makes of either file."""
FOLDER = Path(pydicom.data.__file__).parent / "test_files"


@pytest.mark.parametrize("name", ["JPGExtended.dcm", "JPEG-lossy.dcm"])
def test_pixels_are_those_of_dcmdjpeg(name: str) -> None:
    volume = readers.open_volume(FOLDER / name)
    assert volume.array.dtype == np.uint16
    assert hashlib.sha1(np.ascontiguousarray(volume.array, "<u2")).hexdigest() == AS_BY_DCMDJPEG


def test_it_is_offered_once() -> None:
    jpeg_extended.add()
    assert get_decoder(JPEGExtended12Bit).available_plugins.count(jpeg_extended.LABEL) == 1
    assert jpeg_extended.is_available(JPEGExtended12Bit)
    assert not jpeg_extended.is_available(JPEGLosslessSV1)
