"""JPEG Extended of 12 bits (process 4), which pydicom asks none of its plug-ins for: a plug-in of ours, by GDCM.

pydicom 3.0 holds that GDCM cannot decode it; the pixels agree with those of dcmtk's dcmdjpeg, bit for bit.
The names are those that a plug-in must have (``pydicom.pixels.decoders.base.Decoder.add_plugin``).
"""

from contextlib import suppress
from typing import Any

from pydicom.pixels import get_decoder
from pydicom.uid import JPEGExtended12Bit

DECODER_DEPENDENCIES = {JPEGExtended12Bit: ("gdcm>=3.0.10",)}
LABEL = "medae"


def is_available(uid: str) -> bool:
    """Tell whether GDCM is installed."""
    try:
        import gdcm  # noqa: F401
    except ImportError:
        return False
    return uid in DECODER_DEPENDENCIES


def add() -> None:
    """Offer it to pydicom, after its own plug-ins; adding it again does nothing."""
    with suppress(ValueError):
        get_decoder(JPEGExtended12Bit).add_plugin(LABEL, (__name__, "_decode_frame"))


def _decode_frame(source: bytes, runner: Any) -> bytes:
    """Decode one grey frame; ``runner`` is pydicom's DecodeRunner."""
    import gdcm

    if runner.samples_per_pixel != 1:
        raise NotImplementedError("only grey images")
    fragment = gdcm.Fragment()
    fragment.SetByteStringValue(source)
    fragments = gdcm.SequenceOfFragments.New()
    fragments.AddFragment(fragment)
    element = gdcm.DataElement(gdcm.Tag(0x7FE0, 0x0010))
    element.SetValue(fragments.__ref__())
    image = gdcm.Image()
    image.SetNumberOfDimensions(2)
    image.SetDimensions((runner.columns, runner.rows, 1))
    image.SetDataElement(element)
    kind = gdcm.PhotometricInterpretation.GetPIType(str(runner.photometric_interpretation))
    image.SetPhotometricInterpretation(gdcm.PhotometricInterpretation(kind))
    image.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.GetTSType(str.__str__(JPEGExtended12Bit))))
    bits = runner.bits_stored
    image.SetPixelFormat(gdcm.PixelFormat(1, runner.bits_allocated, bits, bits - 1, runner.pixel_representation))
    decoded: bytes = image.GetBuffer().encode("utf-8", "surrogateescape")  # GDCM gives char* as str
    return decoded
