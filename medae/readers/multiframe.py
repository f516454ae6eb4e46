"""Enhanced multi-frame DICOM: one header per frame from the functional groups (PS3.3 C.7.6.16)."""

from dataclasses import replace
from pathlib import Path

from pydicom.dataset import Dataset

from medae.errors import ReadError
from medae.readers import dicom_header, dicom_pixels
from medae.readers.dicom_header import double, image_kind, numbers, text, whole
from medae.readers.geometry import unit_orientation
from medae.readers.series import Header


def headers(data: Dataset, path: Path) -> list[Header]:
    """Give one header per frame; raises ReadError."""
    count = dicom_pixels.frame_count(data)
    groups = data.get("PerFrameFunctionalGroupsSequence") or ()
    if not groups:
        raise ReadError(path, f"{count} frames without positions (a film or a nuclear-medicine study)")
    if len(groups) != count:
        raise ReadError(path, f"it has {count} frames but describes {len(groups)} of them")
    general = dicom_header.header(data, path)
    return [_header(data, general, frame) for frame in range(count)]


def group(data: Dataset, frame: int, sequence: str) -> Dataset:
    """Find a functional group of a frame: its own, or the shared one; empty where there is none."""
    own = data.PerFrameFunctionalGroupsSequence[frame]
    shared = data.get("SharedFunctionalGroupsSequence") or ()
    for place in (own, *shared):
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
    if position is None or orientation is None:
        raise ReadError(general.path, "its frames have no position and orientation")
    spacing, warnings = dicom_header.pixel_spacing(measures)
    return replace(
        general,
        frame=frame,
        instance_number=whole(content, "InStackPositionNumber", frame + 1),
        position=position,
        orientation=orientation,
        pixel_spacing=spacing,
        slice_spacing=dicom_header.slice_spacing(measures),
        stackable=True,
        kind=(*_kind(data, frame), *(fact for fact in general.kind if fact[0] == "pixels")),
        phase=(
            ("stack", text(content, "StackID")),
            ("time", str(whole(content, "TemporalPositionIndex"))),
            ("acquisition", str(whole(content, "FrameAcquisitionNumber"))),
            ("delay", text(group(data, frame, "CardiacSynchronizationSequence"), "NominalCardiacTriggerDelayTime")),
        ),
        warnings=warnings,
    )


def _kind(data: Dataset, frame: int) -> tuple[tuple[str, str], ...]:
    echo = double(group(data, frame, "MREchoSequence"), "EffectiveEchoTime")
    b = double(group(data, frame, "MRDiffusionSequence"), "DiffusionBValue")
    frame_type = group(data, frame, "MRImageFrameTypeSequence") or group(data, frame, "CTImageFrameTypeSequence")
    reconstruction = group(data, frame, "CTReconstructionSequence")
    return (
        ("image type", image_kind(text(frame_type, "FrameType"))),
        ("echo time", "" if echo is None else f"{echo:.2f} ms"),
        ("b-value", "" if b is None else f"{b:.0f}"),
        ("kernel", text(reconstruction, "ConvolutionKernel")),
    )
