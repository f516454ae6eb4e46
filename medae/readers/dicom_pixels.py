"""The pixels of a DICOM data set: are they there, what do the stored values mean, decode them."""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.pixels import get_decoder
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian

from medae.errors import ReadError
from medae.readers.decoders import are_frames_fit, is_panic, plugin_for, prepare
from medae.readers.dicom_colour import brightness, to_rgb
from medae.readers.dicom_header import is_colour, number, text, whole
from medae.readers.dicom_luts import Lut, modality_lut, voi_windows
from medae.readers.suv import BECQUEREL, Uptake, uptake
from medae.volume import HOUNSFIELD, Window

NOT_SCANS = {
    "1.2.840.10008.1.3.10": "a DICOMDIR, an index of other files; open its folder",
    "1.2.840.10008.5.1.4.1.1.66.4": "a DICOM segmentation, not a scan",
    "1.2.840.10008.5.1.4.1.1.30": "a DICOM parametric map, not a scan",
    "1.2.840.10008.5.1.4.1.1.481.2": "a radiotherapy dose, not a scan",
    "1.2.840.10008.5.1.4.1.1.77.1.6": "a whole-slide microscopy image, which MedAE does not read",
}
PIXEL_DATA = 0x7FE00010
UNDEFINED_LENGTH = 0xFFFFFFFF
ITEM, SEQUENCE_END = b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0"
NO_RESCALE = "The CT has no rescale; its values are not Hounsfield units."
LOOKED_UP = "The file's Modality LUT was applied: stored values are those of the table."
CUT_OFF = "the file is cut off: its pixel data are shorter than the header says; copy it again"

prepare()


@dataclass(frozen=True, slots=True)
class PixelFacts:
    """What the stored values of one slice mean; the attributes are those of `medae.volume.Volume`."""

    slope: float = 1.0
    intercept: float = 0.0
    unit: str = "1"
    stored_range: tuple[float, float] | None = None
    padding: tuple[float, float] | None = None
    inverted: bool = False
    windows: tuple[Window, ...] = ()
    uptake: Uptake | None = None
    warnings: tuple[str, ...] = ()


def frame_count(data: Dataset) -> int:
    """NumberOfFrames, 1 where absent."""
    return max(whole(data, "NumberOfFrames", 1), 1)


def transfer_syntax(data: Dataset) -> UID:
    """Give the transfer syntax; Implicit VR Little Endian where the file has no meta header."""
    meta = getattr(data, "file_meta", None)
    found = text(meta, "TransferSyntaxUID") if meta is not None else ""
    if found:
        return UID(found)
    implicit, little = data.original_encoding
    if little is False:
        return UID("1.2.840.10008.1.2.2")
    return UID("1.2.840.10008.1.2" if implicit is not False else "1.2.840.10008.1.2.1")


def unusable(data: Dataset) -> str | None:
    """Say why this data set is no image that can be read, None if it is one."""
    meta = getattr(data, "file_meta", None) or Dataset()
    sop_class = text(data, "SOPClassUID") or text(meta, "MediaStorageSOPClassUID")
    if sop_class in NOT_SCANS:
        return NOT_SCANS[sop_class]
    rows, columns = whole(data, "Rows"), whole(data, "Columns")
    if "Rows" not in data or "Columns" not in data:
        name = UID(sop_class).name if sop_class.startswith("1.2.840.10008.") else sop_class
        known = f" ({name})" if name != sop_class else ""
        if known and not name.endswith("Image Storage"):
            return f"DICOM without an image{known}"
        return f"no image is in it, or it is cut off before its image{known}; copy it again"
    if rows < 1 or columns < 1:
        return f"its header says that the image has {rows} rows and {columns} columns, or is cut off; copy it again"
    photometric = text(data, "PhotometricInterpretation")
    grey = whole(data, "SamplesPerPixel", 1) == 1 and photometric in ("MONOCHROME1", "MONOCHROME2", "")
    if not grey and not is_colour(data):
        return f"its pixels are of a kind that MedAE does not read ({photometric or 'several samples per pixel'})"
    if not whole(data, "BitsAllocated"):
        return "its header does not say how pixels are stored, or is cut off; copy it again"
    if whole(data, "BitsAllocated") not in (8, 16, 32):
        return f"{whole(data, 'BitsAllocated')} bits per pixel; MedAE reads 8, 16 and 32"
    if whole(data, "BitsStored") > whole(data, "BitsAllocated"):
        return f"its header says that {whole(data, 'BitsStored')} of {whole(data, 'BitsAllocated')} bits are used"
    return _syntax_problem(str(transfer_syntax(data)))


@cache
def _syntax_problem(syntax: str) -> str | None:
    uid = UID(syntax)
    try:
        decoder = get_decoder(uid)
    except (NotImplementedError, ValueError):
        return f"its transfer syntax ({uid.name}) is one that MedAE cannot decode"
    if not decoder.is_available:
        return f"no decoder for {uid.name} is installed; install MedAE again with all its dependencies"
    return None


def incomplete(data: Dataset, file: BinaryIO, size: int) -> str | None:
    """Say what is missing of the pixel data that begin at the file's position, None if they are all there."""
    syntax = transfer_syntax(data)
    if syntax == DeflatedExplicitVRLittleEndian:
        return None
    order = ">" if syntax == "1.2.840.10008.1.2.2" else "<"
    start = file.read(12)
    if len(start) < 12:
        return "the file is cut off before its pixel data, or has none; copy it again"
    group, element, vr, _ = struct.unpack(f"{order}HH2sH", start[:8])
    if (group << 16 | element) != PIXEL_DATA:
        return "its pixels are floating-point numbers or elsewhere, which MedAE does not read from DICOM"
    if vr in (b"OB", b"OW", b"UN"):
        length = struct.unpack(f"{order}L", start[8:])[0]
    else:
        length = struct.unpack(f"{order}L", start[4:8])[0]
        file.seek(-4, 1)
    if length == UNDEFINED_LENGTH:
        return _incomplete_fragments(file, size)
    expected = frame_count(data) * frame_bytes(data)
    if length < expected or file.tell() + expected > size:
        return CUT_OFF
    return None


def frame_bytes(data: Dataset) -> int:
    """Bytes of one frame that is not compressed; YBR_FULL_422 stores two samples per pixel (PS3.3 C.7.6.3.1.2)."""
    halved = text(data, "PhotometricInterpretation") == "YBR_FULL_422"
    samples = 2 if halved else whole(data, "SamplesPerPixel", 1)
    return whole(data, "Rows") * whole(data, "Columns") * samples * whole(data, "BitsAllocated") // 8


def _incomplete_fragments(file: BinaryIO, size: int) -> str | None:
    """Walk through encapsulated fragments (PS3.5 A.4) without reading them."""
    while True:
        start = file.read(8)
        if start[:4] == SEQUENCE_END or not start:
            return None
        if len(start) < 8 or start[:4] != ITEM:
            return CUT_OFF
        end = file.tell() + struct.unpack("<L", start[4:])[0]
        if end > size:
            return CUT_OFF
        file.seek(end)


class Image(NamedTuple):
    """Decoded pixels of one frame.

    Attributes
    ----------
    pixels
        (rows, columns) in their stored type; the brightness of a colour image.
    colour
        (rows, columns, 3) red, green, blue; None for a grey image.
    """

    pixels: NDArray[np.generic]
    colour: NDArray[np.uint8] | None = None


def decode(data: Dataset, path: Path) -> Image:
    """Decode a single-frame instance; raises ReadError."""
    return next(decode_frames(data, path, [0]))


def decode_frames(data: Dataset, path: Path, frames: Sequence[int]) -> Iterator[Image]:
    """Decode frames in the order given; raises ReadError."""
    from pydicom.pixels import iter_pixels

    _complete(data)
    colour, lut = is_colour(data), modality_lut(data)
    try:
        if not are_frames_fit(data, frames):
            raise ReadError(path, f"its {transfer_syntax(data).name} pixel data are damaged, or do not fit its header")
        for pixels in iter_pixels(data, indices=list(frames), decoding_plugin=plugin_for(data)):
            if not colour:
                yield Image(_native(pixels) if lut is None or lut.line() else lut.apply(_native(pixels)))
                continue
            rgb = to_rgb(data, _native(pixels), path)
            yield Image(brightness(rgb), rgb)
    except ReadError:
        raise
    except BaseException as error:  # every plug-in raises its own, those in Rust one that is no Exception
        if not isinstance(error, Exception) and not is_panic(error):
            raise
        raise ReadError(path, _decode_reason(data, error)) from error


def _complete(data: Dataset) -> None:
    """Write down what pydicom needs to decode, and the file does not say: transfer syntax and kind of pixels."""
    syntax = transfer_syntax(data)
    if getattr(data, "file_meta", None) is None:
        data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = syntax
    if not whole(data, "BitsStored"):
        data.BitsStored = whole(data, "BitsAllocated")
    for keyword, usual in (
        ("PixelRepresentation", 0),
        ("SamplesPerPixel", 1),
        ("PhotometricInterpretation", "MONOCHROME2"),
    ):
        if data.get(keyword) in (None, ""):
            setattr(data, keyword, usual)


def _native(array: NDArray[np.generic]) -> NDArray[np.generic]:
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def _decode_reason(data: Dataset, error: BaseException) -> str:
    if "PixelData" not in data:
        return "the file is cut off before its pixel data, or has none; copy it again"
    syntax = transfer_syntax(data)
    if not syntax.is_compressed:
        return CUT_OFF
    return f"its {syntax.name} pixel data are damaged or of an unusual kind ({type(error).__name__})"


def facts(data: Dataset, rescale: Dataset | None = None, window: Dataset | None = None) -> PixelFacts:
    """Collect what the stored values mean (PS3.3 C.7.6.3, C.11.1, C.11.2).

    Parameters
    ----------
    data
        The instance.
    rescale, window
        Where RescaleSlope and WindowCenter stand, if not in ``data`` (functional groups).
    """
    if is_colour(data):
        return PixelFacts(stored_range=(0.0, 255.0), windows=(Window(127.5, 255.0),))
    slope, intercept, unit, warnings = _rescale(data, data if rescale is None else rescale)
    bits = whole(data, "BitsStored") or whole(data, "BitsAllocated")
    signed = whole(data, "PixelRepresentation") == 1
    low = -(2 ** (bits - 1)) if signed else 0
    windows = (*_windows(data if window is None else window), *voi_windows(data))
    found = PixelFacts(
        slope=slope,
        intercept=intercept,
        unit=unit,
        stored_range=(float(low), float(low + 2**bits - 1)),
        padding=_padding(data, signed),
        inverted=text(data, "PhotometricInterpretation") == "MONOCHROME1",
        windows=windows,
        uptake=uptake(data),
        warnings=warnings,
    )
    lut = modality_lut(data)
    return found if lut is None else _looked_up(found, lut)


def _looked_up(found: PixelFacts, lut: Lut) -> PixelFacts:
    """Facts of an image with a Modality LUT: of a straight one its slope; any other has been applied to the pixels."""
    unit = HOUNSFIELD if lut.kind == "HU" else "1"
    others = tuple(warning for warning in found.warnings if warning != NO_RESCALE)
    line = lut.line()
    if line is not None:
        return replace(found, slope=line[0], intercept=line[1], unit=unit, warnings=others)
    top = float(np.iinfo(lut.table.dtype).max)
    return replace(
        found, slope=1.0, intercept=0.0, unit=unit, stored_range=(0.0, top), padding=None, warnings=(*others, LOOKED_UP)
    )


def _rescale(data: Dataset, group: Dataset) -> tuple[float, float, str, tuple[str, ...]]:
    warnings: list[str] = []
    slope, intercept = number(group, "RescaleSlope"), number(group, "RescaleIntercept")
    if slope == 0:
        warnings.append("RescaleSlope is 0, which cannot be; stored values are used.")
        slope = intercept = None
    unit = "1"
    if text(data, "Modality") == "CT":
        if slope is None and intercept is None:
            warnings.append(NO_RESCALE)
        elif text(group, "RescaleType")[:1].upper() in ("", "H"):  # also "Houndsfield Unit", which occurs
            unit = HOUNSFIELD
    elif text(data, "Units") == "BQML":
        unit = BECQUEREL
    return (1.0 if slope is None else slope), (intercept or 0.0), unit, tuple(warnings)


def _padding(data: Dataset, signed: bool) -> tuple[float, float] | None:
    """PixelPaddingValue to PixelPaddingRangeLimit; written as US although signed, as many files do."""
    value = _sample(data, "PixelPaddingValue", signed)
    if value is None:
        return None
    limit = _sample(data, "PixelPaddingRangeLimit", signed)
    limit = value if limit is None else limit
    return float(min(value, limit)), float(max(value, limit))


def _sample(data: Dataset, keyword: str, signed: bool) -> int | None:
    try:
        value = data.get(keyword)
        if isinstance(value, bytes):
            value = int.from_bytes(value[:2], "little")
        if value is None or value == "":
            return None
        value = int(value)
    except (ValueError, TypeError, OverflowError):
        return None
    bits = 8 * max(whole(data, "BitsAllocated") // 8, 2)
    if signed and value >= 2 ** (bits - 1):
        return value - 2**bits
    if not signed and value < 0:
        return value + 2**bits
    return value


def _windows(group: Dataset) -> tuple[Window, ...]:
    centers = text(group, "WindowCenter").split("\\")
    widths = text(group, "WindowWidth").split("\\")
    names = text(group, "WindowCenterWidthExplanation").split("\\")
    windows: dict[tuple[float, float], Window] = {}
    for n, (center, width) in enumerate(zip(centers, widths, strict=False)):
        try:
            window = Window(float(center), float(width), names[n] if n < len(names) else "")
        except ValueError:
            continue
        if np.isfinite(window[:2]).all() and window.width >= 1e-6:
            windows.setdefault((window.center, window.width), window)
    return tuple(windows.values())
