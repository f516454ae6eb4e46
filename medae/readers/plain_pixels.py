"""Uncompressed pixels, straight from the file into the volume's array, without a copy on the way (PS3.5 8.1, 8.2).

Everything that is not plain little-endian grey is left to `medae.readers.dicom_pixels`, and so to pydicom.
"""

import sys
from io import RawIOBase

import numpy as np
from numpy.typing import NDArray
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from medae.readers.dicom_elements import Elements
from medae.readers.dicom_header import text, whole

_SYNTAXES = frozenset({ImplicitVRLittleEndian, ExplicitVRLittleEndian})
_TYPES = {(8, 0): "u1", (8, 1): "i1", (16, 0): "u2", (16, 1): "i2", (32, 0): "u4", (32, 1): "i4"}


def plain_type(found: Elements, size: tuple[int, int]) -> "np.dtype[np.generic] | None":
    """Type of the pixels where they can be read as they lie; None where pydicom has to decode them.

    Parameters
    ----------
    found
        All elements of the header.
    size
        (rows, columns) that are expected.
    """
    data = found.data
    kind = _TYPES.get((whole(data, "BitsAllocated"), whole(data, "PixelRepresentation", -1)))
    if kind is None or sys.byteorder != "little" or text(data.file_meta, "TransferSyntaxUID") not in _SYNTAXES:
        return None
    dtype = np.dtype(kind)
    rows, columns = size
    expected = rows * columns * dtype.itemsize
    is_plain = (
        (whole(data, "Rows"), whole(data, "Columns")) == size
        and whole(data, "SamplesPerPixel") == 1
        and text(data, "PhotometricInterpretation") in ("MONOCHROME1", "MONOCHROME2")
        and whole(data, "NumberOfFrames", 1) == 1
        and 1 <= whole(data, "BitsStored") <= 8 * dtype.itemsize
        and found.pixel_length in (expected, expected + expected % 2)
    )
    return dtype if is_plain else None


def read_plain(file: RawIOBase, found: Elements, target: NDArray[np.generic]) -> bool:
    """Fill ``target`` (rows, columns), of `plain_type`, C-contiguous; False where the file is cut off.

    Bits above BitsStored are cleared, or made those of the sign, as pydicom does (PS3.5 8.1.1).
    """
    file.seek(found.pixel_value)
    rest = target.data.cast("B")
    while rest:
        count = file.readinto(rest)
        if not count:
            return False
        rest = rest[count:]
    unused = 8 * target.dtype.itemsize - whole(found.data, "BitsStored")
    if unused:
        np.left_shift(target, unused, out=target)  # type: ignore[call-overload]
        np.right_shift(target, unused, out=target)  # type: ignore[call-overload]
    return True
