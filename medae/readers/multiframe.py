"""Enhanced multi-frame DICOM: one header per frame from the functional groups (PS3.3 C.7.6.16)."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset

from medae.errors import ReadError
from medae.readers import dicom_header, dicom_pixels
from medae.readers.dicom_header import COLOUR, double, image_kind, is_colour, number, numbers, text, whole
from medae.readers.geometry import unit_orientation
from medae.readers.series import Header

FRAME_TYPES = (
    "MRImageFrameTypeSequence", "CTImageFrameTypeSequence", "PETFrameTypeSequence", "XRay3DFrameTypeSequence",
)  # fmt: skip
FILM = "Frames without positions in space: they are shown one after the other and are no volume."
"""Said of a cine, a rotation or any other sequence of pictures."""


def headers(data: Dataset, path: Path) -> list[Header]:
    """Give one header per frame; raises ReadError."""
    count = dicom_pixels.frame_count(data)
    groups = data.get("PerFrameFunctionalGroupsSequence") or ()
    if groups and len(groups) != count:
        raise ReadError(path, f"it has {count} frames but describes {len(groups)} of them")
    general = dicom_header.header(data, path)
    if not groups:
        return _plain(data, general, count)
    found = [_header(data, general, frame) for frame in range(count)]
    if all(header.placed for header in found):
        return found
    return [replace(header, position=None, orientation=None, warnings=(FILM, *header.warnings)) for header in found]


def _plain(data: Dataset, general: Header, count: int) -> list[Header]:
    """Frames without functional groups: a film, or a reconstruction of nuclear medicine (PS3.3 C.8.4.9, C.8.4.15)."""
    frames = range(count)
    detector = (data.get("DetectorInformationSequence") or (Dataset(),))[0]
    origin = numbers(detector, "ImagePositionPatient", 3)
    cosines = numbers(detector, "ImageOrientationPatient", 6)
    step = number(data, "SpacingBetweenSlices")
    orientation = None if cosines is None else unit_orientation(cosines)
    slices = _slice_numbers(data, count)
    if "TOMO" not in text(data, "ImageType") or origin is None or orientation is None or not step or slices is None:
        warnings = (FILM, *general.warnings)
        return [_nth(general, frame, position=None, orientation=None, warnings=warnings) for frame in frames]
    normal = np.cross(orientation[:3], orientation[3:])
    places = [tuple(float(x) for x in np.array(origin) + (slices[n] - 1) * step * normal) for n in frames]
    return [_nth(general, n, position=places[n], orientation=orientation) for n in frames]


def _nth(general: Header, frame: int, **fields: Any) -> Header:
    return replace(general, frame=frame, instance_number=frame + 1, stackable=True, **fields)


def _slice_numbers(data: Dataset, count: int) -> list[int] | None:
    """Slice of each frame, from 1 (0054,0080); None where the vector does not fit."""
    vector = data.get("SliceVector")
    try:
        found = [int(part) for part in vector] if vector is not None else list(range(1, count + 1))
    except (ValueError, TypeError):
        return None
    return found if len(found) == count else None


def group(data: Dataset, frame: int, sequence: str) -> Dataset:
    """Find a functional group of a frame: its own, or the shared one; empty where there is none."""
    own = (data.get("PerFrameFunctionalGroupsSequence") or ())[frame : frame + 1]
    shared = data.get("SharedFunctionalGroupsSequence") or ()
    for place in (*own, *shared):
        items = place.get(sequence)
        if items:
            found: Dataset = items[0]
            return found
    return Dataset()


def facts(data: Dataset, frame: int) -> dicom_pixels.PixelFacts:
    """Collect what the stored values of a frame mean."""
    rescale = group(data, frame, "PixelValueTransformationSequence")
    window = group(data, frame, "FrameVOILUTSequence")
    return dicom_pixels.facts(data, rescale if len(rescale) else None, window if len(window) else None)


def _header(data: Dataset, general: Header, frame: int) -> Header:
    content = group(data, frame, "FrameContentSequence")
    measures = group(data, frame, "PixelMeasuresSequence")
    cosines = numbers(group(data, frame, "PlaneOrientationSequence"), "ImageOrientationPatient", 6)
    position = numbers(group(data, frame, "PlanePositionSequence"), "ImagePositionPatient", 3)
    orientation = None if cosines is None else unit_orientation(cosines)
    spacing, warnings = dicom_header.pixel_spacing(measures)
    return replace(
        general,
        frame=frame,
        instance_number=whole(content, "InStackPositionNumber", frame + 1),
        position=position if orientation is not None else None,
        orientation=orientation if position is not None else None,
        pixel_spacing=spacing,
        slice_spacing=dicom_header.slice_spacing(measures),
        stackable=True,
        kind=(*_kind(data, frame), *(fact for fact in general.kind if fact[0] == "pixels")),
        phase=(
            ("stack", text(content, "StackID")),
            ("time", str(whole(content, "TemporalPositionIndex"))),
            ("acquisition", str(whole(content, "FrameAcquisitionNumber"))),
            ("direction", _direction(data, frame)),
            ("delay", text(group(data, frame, "CardiacSynchronizationSequence"), "NominalCardiacTriggerDelayTime")),
        ),
        warnings=warnings,
    )


def _direction(data: Dataset, frame: int) -> str:
    gradient = group(data, frame, "MRDiffusionSequence").get("DiffusionGradientDirectionSequence") or (Dataset(),)
    return dicom_header.direction(gradient[0].get("DiffusionGradientOrientation"))


def _kind(data: Dataset, frame: int) -> tuple[tuple[str, str], ...]:
    echo = double(group(data, frame, "MREchoSequence"), "EffectiveEchoTime")
    b = double(group(data, frame, "MRDiffusionSequence"), "DiffusionBValue")
    frame_type = next(filter(len, (group(data, frame, name) for name in FRAME_TYPES)), Dataset())
    colour = COLOUR if is_colour(data) else ""
    reconstruction = group(data, frame, "CTReconstructionSequence")
    return (
        ("image type", " ".join(filter(None, (image_kind(text(frame_type, "FrameType")), colour)))),
        ("echo time", "" if echo is None else f"{echo:.2f} ms"),
        ("b-value", "" if b is None else f"{b:.0f}"),
        ("kernel", text(reconstruction, "ConvolutionKernel")),
    )
