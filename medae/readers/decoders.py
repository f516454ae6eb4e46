"""Which plug-in of pydicom decodes which transfer syntax: the one that survives damaged data.

GDCM throws C++ exceptions about some damaged JPEG data that nothing catches: they end the process. It is asked only
for what nothing else of a permissive licence decodes: JPEG lossless, and JPEG Extended of 12 bits.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial

from pydicom.dataset import Dataset
from pydicom.pixels import get_decoder
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


def prepare() -> None:
    """Set pydicom's plug-ins up, for whoever decodes in this process, such as highdicom; once is enough.

    Ours is added, and GDCM taken from the transfer syntaxes that others decode.
    """
    jpeg_extended.add()
    for syntax in _PLUGINS:
        with suppress(ValueError):  # it is gone already
            get_decoder(syntax).remove_plugin("gdcm")


def is_panic(error: BaseException) -> bool:
    """Whether a plug-in in Rust has panicked: pyo3's exception is on no branch of Exception."""
    return type(error).__name__ == "PanicException"


def plugin_for(data: Dataset) -> str:
    """Name the plug-in for the pixels of an instance; empty where pydicom may choose."""
    syntax = data.file_meta.TransferSyntaxUID
    if syntax == JPEGExtended12Bit:
        return jpeg_extended.LABEL if whole(data, "BitsStored") > 8 else "pillow"
    return _PLUGINS.get(syntax, "")


def are_frames_fit(data: Dataset, frames: Sequence[int]) -> bool:
    """Whether the codestreams of these frames can be given to a decoder."""
    from pydicom.encaps import generate_frames

    fits = _FITS.get(data.file_meta.TransferSyntaxUID)
    if fits is None:
        return True
    size, samples = (whole(data, "Rows"), whole(data, "Columns")), whole(data, "SamplesPerPixel", 1)
    count, wanted = max(whole(data, "NumberOfFrames", 1), 1), set(frames)
    streams = generate_frames(data.PixelData, number_of_frames=count, extended_offsets=_offsets(data))
    return all(k not in wanted or fits(stream, size, samples) for k, stream in enumerate(streams))


def _offsets(data: Dataset) -> tuple[bytes, bytes] | None:
    """Give the Extended Offset Table (PS3.3 C.7.6.3.1.8)."""
    table, lengths = data.get("ExtendedOffsetTable"), data.get("ExtendedOffsetTableLengths")
    return (table, lengths) if table and lengths else None
