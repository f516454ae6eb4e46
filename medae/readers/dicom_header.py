"""From a DICOM data set to the headers that `medae.readers.series` sorts. Attributes as in PS3.3 C.7 and C.8."""

import hashlib
from collections.abc import Iterable
from functools import cache
from math import isfinite
from pathlib import Path

from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import BaseTag, Tag

from medae.readers.geometry import unit_orientation
from medae.readers.series import Header

SIEMENS_B_VALUE = 0x0019100C
GE_B_VALUE = 0x00431039
CENTIMETRES = 3
"""Value of Physical Units X Direction (0018,6024)."""
STACKABLE = frozenset({"CT", "MR", "PT"})
IMAGE_KINDS = frozenset({
    "LOCALIZER", "SCOUT", "M", "P", "R", "I", "MAGNITUDE", "PHASE", "PHASE_MAP", "REAL", "IMAGINARY",
    "ADC", "FA", "TRACEW", "WATER", "FAT", "IN_PHASE", "OUT_PHASE", "W", "F", "IP", "OP", "MIP", "MPR",
    "MINIP", "PROJECTION", "MOSAIC", "T1_MAP", "T2_MAP", "B0",
})  # fmt: skip
"""Values of ImageType (0008,0008) that make an image another kind of image."""

SECONDARY_CAPTURE = "SECONDARY CAPTURE"
COLOURS = frozenset({"RGB", "YBR_FULL", "YBR_FULL_422", "YBR_PARTIAL_420", "YBR_ICT", "YBR_RCT", "PALETTE COLOR"})
"""PhotometricInterpretation (0028,0004) of the colour images that are read."""

COLOUR = "COLOUR"
"""What `Source.kind` says of a colour image."""
RESULT = "RESULT"
"""The same of heatmaps and segmentations that lie without their scan."""
SECONDARY_CAPTURE_CLASS = "1.2.840.10008.5.1.4.1.1.7"
"""Start of the SOP classes of secondary captures (PS3.4 B.5)."""

KEYWORDS = (
    "SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID",
    "PatientID", "IssuerOfPatientID", "Modality", "Manufacturer", "SeriesDescription", "SeriesNumber", "InstanceNumber",
    "AcquisitionNumber", "TemporalPositionIdentifier", "TriggerTime", "ImageType", "EchoTime",
    "DiffusionBValue", "DiffusionGradientOrientation", "ConvolutionKernel", "AcquisitionTime", "SpecificCharacterSet",
    "ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "ImagerPixelSpacing",
    "NominalScannedPixelSpacing", "SliceThickness", "SpacingBetweenSlices", "Rows", "Columns",
    "BitsAllocated", "BitsStored", "PixelRepresentation", "SamplesPerPixel",
    "PhotometricInterpretation", "NumberOfFrames", "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence", "DetectorInformationSequence", "SliceVector", "SequenceOfUltrasoundRegions",
)  # fmt: skip
_BINARY = frozenset({
    "Rows", "Columns", "BitsAllocated", "BitsStored", "PixelRepresentation", "SamplesPerPixel",
})  # fmt: skip
"""Attributes of VR US."""

TAGS: list[BaseTag | int] = [*(Tag(word) for word in KEYWORDS), SIEMENS_B_VALUE, GE_B_VALUE]
"""What a scan reads; private tags only for the b-value."""

_tag = cache(Tag)


def text(data: Dataset, tag: str | int) -> str:
    """Give an ASCII attribute as text, backslashes between its values, ``""`` where absent."""
    try:
        element = data.get_item(_tag(tag))
        if element is None or element.value is None:
            return ""
        if isinstance(element, RawDataElement):
            return bytes(element.value).decode("latin-1").strip(" \0\r\n\t")
        value = element.value
    except (ValueError, TypeError, KeyError, AttributeError):
        return ""
    values = value if not isinstance(value, str | bytes) and isinstance(value, Iterable) else [value]
    return "\\".join(str(item) for item in values).strip()


def numbers(data: Dataset, tag: str | int, count: int = 1) -> tuple[float, ...] | None:
    """Give ``count`` finite decimal numbers of a text attribute, None where they are absent or malformed."""
    parts = text(data, tag).split("\\")
    try:
        values = tuple(float(part) for part in parts[:count])
    except ValueError:
        return None
    return values if len(values) == count and all(map(isfinite, values)) else None


def number(data: Dataset, tag: str | int) -> float | None:
    """Give the first value of a text attribute as a number, None where absent or malformed."""
    values = numbers(data, tag)
    return None if values is None else values[0]


def double(data: Dataset, keyword: str) -> float | None:
    """Give a binary floating-point attribute (FD), None where absent or malformed."""
    try:
        value = data.get(keyword)
        return None if value is None or value == "" else float(value)
    except (ValueError, TypeError, OverflowError):
        return None


def whole(data: Dataset, keyword: str, default: int = 0) -> int:
    """Give an integer attribute, whether binary or text."""
    try:
        element = data.get_item(_tag(keyword)) if keyword in _BINARY else None
        if isinstance(element, RawDataElement) and element.VR in (None, "US") and element.length == 2:
            return int.from_bytes(element.value or b"", "little" if element.is_little_endian else "big")
        value = data.get(keyword)
        return default if value is None or value == "" else int(value)
    except (ValueError, TypeError, OverflowError, NotImplementedError):
        return default


def header(data: Dataset, path: Path) -> Header:
    """Collect what matters of one single-frame instance."""
    modality = text(data, "Modality")
    spacing, warnings = pixel_spacing(data)
    position = numbers(data, "ImagePositionPatient", 3)
    cosines = numbers(data, "ImageOrientationPatient", 6)
    orientation = None if cosines is None else unit_orientation(cosines)
    if cosines is not None and orientation is None:
        warnings += ("ImageOrientationPatient is invalid; the slices are taken as they come.",)
    series_number = number(data, "SeriesNumber")
    instance_number = number(data, "InstanceNumber")
    return Header(
        path=path,
        series_uid=text(data, "SeriesInstanceUID"),
        study_uid=text(data, "StudyInstanceUID"),
        frame_of_reference_uid=text(data, "FrameOfReferenceUID"),
        instance_uid=text(data, "SOPInstanceUID"),
        patient=patient_key(data),
        modality=modality,
        description=_description(data),
        series_number=None if series_number is None else int(series_number),
        instance_number=None if instance_number is None else int(instance_number),
        rows=whole(data, "Rows"),
        columns=whole(data, "Columns"),
        position=position if orientation is not None else None,
        orientation=orientation if position is not None else None,
        pixel_spacing=spacing,
        slice_spacing=slice_spacing(data),
        stackable=modality in STACKABLE,
        kind=_kind(data),
        phase=_phase(data),
        warnings=warnings,
    )


def is_colour(data: Dataset) -> bool:
    """Tell whether the image is a colour image that can be read."""
    photometric = text(data, "PhotometricInterpretation")
    samples = 1 if photometric == "PALETTE COLOR" else 3
    return photometric in COLOURS and whole(data, "SamplesPerPixel", 1) == samples


def patient_key(data: Dataset) -> str:
    """Hash PatientID and IssuerOfPatientID to a key that names nobody; empty where there is no PatientID."""
    patient = text(data, "PatientID")
    if not patient:
        return ""
    return hashlib.sha256(f"{patient}\n{text(data, 'IssuerOfPatientID')}".encode()).hexdigest()[:12]


def pixel_spacing(data: Dataset) -> tuple[tuple[float, float], tuple[str, ...]]:
    """Give millimetres between (rows, columns), and a warning where the file does not say."""
    for keyword in ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing"):
        found = numbers(data, keyword, 2)
        if found is not None and min(found) > 0:
            return (found[0], found[1]), ()
    ultrasound = _ultrasound_spacing(data)
    if ultrasound is not None:
        return ultrasound, ()
    return (1.0, 1.0), ("The file gives no pixel size; 1 mm is assumed, sizes in mm are not right.",)


def _ultrasound_spacing(data: Dataset) -> tuple[float, float] | None:
    """Millimetres between (rows, columns) of the first region that is measured in cm (PS3.3 C.8.5.5)."""
    for region in data.get("SequenceOfUltrasoundRegions") or ():
        if whole(region, "PhysicalUnitsXDirection") == whole(region, "PhysicalUnitsYDirection") == CENTIMETRES:
            down, across = double(region, "PhysicalDeltaY"), double(region, "PhysicalDeltaX")
            if down and across:
                return 10 * abs(down), 10 * abs(across)
    return None


def slice_spacing(data: Dataset) -> float:
    """Millimetres between slices, as far as one header can tell."""
    for keyword in ("SpacingBetweenSlices", "SliceThickness"):
        found = number(data, keyword)
        if found is not None and abs(found) > 0:
            return abs(found)
    return 1.0


def image_kind(image_type: str) -> str:
    """Give the values of an ImageType that make it another kind of image."""
    values = image_type.upper().replace(" ", "_").split("\\")[2:]
    return " ".join(sorted(IMAGE_KINDS.intersection(values)))


def b_value(data: Dataset) -> float | None:
    """Diffusion b-value in s/mm², standard or of Siemens and GE."""
    found = double(data, "DiffusionBValue")
    maker = text(data, "Manufacturer").upper()
    if found is None and maker.startswith("SIEMENS"):
        found = number(data, SIEMENS_B_VALUE)
    if found is None and maker.startswith("GE"):
        found = number(data, GE_B_VALUE)
        found = None if found is None else found % 100_000
    return found


def direction(gradient: object) -> str:
    """Name a diffusion gradient orientation by its three components, ``""`` where there is none."""
    try:
        return " ".join(f"{float(part):.3f}" for part in gradient)  # type: ignore[attr-defined]
    except (ValueError, TypeError):
        return ""


def _description(data: Dataset) -> str:
    try:
        return str(data.get("SeriesDescription") or "").strip()
    except (ValueError, TypeError, LookupError):
        return ""


def _kind(data: Dataset) -> tuple[tuple[str, str], ...]:
    echo = number(data, "EchoTime")
    b = b_value(data)
    image_type = (
        image_kind(text(data, "ImageType")),
        SECONDARY_CAPTURE if text(data, "SOPClassUID").startswith(SECONDARY_CAPTURE_CLASS) else "",
        COLOUR if is_colour(data) else "",
    )
    pixels = f"{whole(data, 'BitsAllocated')} bit {'signed' if whole(data, 'PixelRepresentation') else 'unsigned'}"
    return (
        ("image type", " ".join(filter(None, image_type))),
        ("echo time", "" if echo is None else f"{echo:.2f} ms"),
        ("b-value", "" if b is None else f"{b:.0f}"),
        ("kernel", text(data, "ConvolutionKernel")),
        ("pixels", f"{pixels} {text(data, 'PhotometricInterpretation')}"),
    )


def _phase(data: Dataset) -> tuple[tuple[str, str], ...]:
    return (
        ("time", text(data, "TemporalPositionIdentifier")),
        ("acquisition", text(data, "AcquisitionNumber")),
        ("direction", direction(data.get("DiffusionGradientOrientation"))),
        ("trigger time", text(data, "TriggerTime")),
        ("type", text(data, "ImageType").replace("\\", " ")),
        ("acquisition time", text(data, "AcquisitionTime")),
    )
