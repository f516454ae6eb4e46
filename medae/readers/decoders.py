"""Which plug-in of pydicom decodes which transfer syntax: the one that survives damaged data.

GDCM throws C++ exceptions about some damaged JPEG data that nothing catches: they end the process. It is asked only
for what nothing else of a permissive licence decodes: JPEG lossless, and JPEG Extended of 12 bits.
"""

from collections.abc import Callable, Sequence
from functools import partial

from pydicom.dataset import Dataset
from pydicom.uid import (
    JPEG2000,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

from medae.readers import jpeg_extended
from medae.readers.codestreams import fits_jpeg, fits_jpeg_2000
from medae.readers.dicom_header import whole

_PLUGINS = {
    JPEGBaseline8Bit: "pillow",
    JPEGLSLossless: "pyjpegls",
    JPEGLSNearLossless: "pyjpegls",
    JPEG2000Lossless: "pylibjpeg",
    JPEG2000: "pylibjpeg",
    RLELossless: "pylibjpeg",
}

_FITS: dict[str, Callable[[bytes, tuple[int, int], int], bool]] = {
    JPEGLossless: partial(fits_jpeg, "lossless"),
    JPEGLosslessSV1: partial(fits_jpeg, "lossless"),
    JPEGExtended12Bit: partial(fits_jpeg, "extended"),
    JPEG2000Lossless: fits_jpeg_2000,
    JPEG2000: fits_jpeg_2000,
}
"""Checks of codestreams, by transfer syntax: (frame, (rows, columns), samples)."""


def plugin_for(data: Dataset) -> str:
    """Name the plug-in for the pixels of an instance; empty where pydicom may choose."""
    syntax = data.file_meta.TransferSyntaxUID
    if syntax == JPEGExtended12Bit:
        return jpeg_extended.LABEL if whole(data, "BitsStored") > 8 else "pillow"
    return _PLUGINS.get(syntax, "")


def are_frames_fit(data: Dataset, frames: Sequence[int]) -> bool:
    """Whether the codestreams of these frames can be given to a decoder."""
    from pydicom.encaps import get_frame

    fits = _FITS.get(data.file_meta.TransferSyntaxUID)
    if fits is None:
        return True
    size, samples = (whole(data, "Rows"), whole(data, "Columns")), whole(data, "SamplesPerPixel", 1)
    count = max(whole(data, "NumberOfFrames", 1), 1)
    offsets = _offsets(data)
    return all(
        fits(get_frame(data.PixelData, k, number_of_frames=count, extended_offsets=offsets), size, samples)
        for k in frames
    )


def _offsets(data: Dataset) -> tuple[bytes, bytes] | None:
    """Give the Extended Offset Table (PS3.3 C.7.6.3.1.8)."""
    table, lengths = data.get("ExtendedOffsetTable"), data.get("ExtendedOffsetTableLengths")
    return (table, lengths) if table and lengths else None
