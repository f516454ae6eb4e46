"""Colour DICOM images: red, green and blue to show, and their brightness as the grey values (PS3.3 C.7.6.3.1.2)."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from medae.errors import ReadError
from medae.readers.dicom_header import whole

_BRIGHTNESS = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601, as YBR_FULL of C.7.6.3.1.2


def to_rgb(data: Dataset, pixels: NDArray[np.generic], path: Path) -> NDArray[np.uint8]:
    """Turn one decoded frame into 8-bit red, green, blue.

    Parameters
    ----------
    data
        The instance, for its palette and bits.
    pixels
        (rows, columns, 3), already RGB, or (rows, columns) entries of a palette.
    path
        The file, for the error.

    Returns
    -------
    NDArray[np.uint8]
        (rows, columns, 3); of more than 8 bits the most significant ones.

    Raises
    ------
    ReadError
        The palette is damaged.
    """
    bits = whole(data, "BitsStored") or whole(data, "BitsAllocated")
    if pixels.ndim == 2:
        from pydicom.pixels import apply_color_lut

        try:
            pixels = apply_color_lut(pixels, data)[..., :3]
        except Exception as error:  # pydicom raises almost anything on malformed palettes
            raise ReadError(path, f"its colour palette is damaged ({type(error).__name__})") from error
        bits = 8 * pixels.dtype.itemsize
    if bits > 8:
        pixels = np.right_shift(pixels, bits - 8)  # type: ignore[call-overload]
    return pixels.astype(np.uint8)


def brightness(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Weighted mean of (…, 3) red, green, blue: (…) uint8 (ITU-R BT.601)."""
    grey: NDArray[np.uint8] = np.rint(rgb.astype(np.float32) @ _BRIGHTNESS).astype(np.uint8)
    return grey
