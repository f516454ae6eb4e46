"""How to show the scan: a Grayscale Softcopy Presentation State (PS3.3 A.33.1) with window and outlined findings."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from pydicom.config import disable_value_validation
from pydicom.dataset import Dataset
from pydicom.valuerep import DSfloat

from medae.errors import ExportError
from medae.exporters import dicom_attributes as attributes
from medae.exporters import dicom_file
from medae.exporters.exporter import NOTHING_YET, DicomOptions, Output, kinds_of
from medae.progress import Report, part
from medae.results import AnomalyMap, Finding, Result, finding_numbers
from medae.volume import HOUNSFIELD, Volume, Window
from medae.windowing import default_window, window_with

if TYPE_CHECKING:
    from highdicom.pr import (
        GraphicAnnotation,
        GraphicLayer,
        GrayscaleSoftcopyPresentationState,
        SoftcopyVOILUTTransformation,
    )

TITLE = "Window and outlined findings (DICOM Presentation State)"

_LAYER = "FINDINGS"
_COLOR = (255, 200, 60)
_MOST_POINTS = 4000
"""Points of one outline: a value of explicit VR FL holds 65534 bytes (PS3.5 7.1.2)."""


class Options(DicomOptions):
    """Options of the Presentation State."""

    of: Literal["source", "denoised"] = Field(
        "source",
        title="Shown series",
        description="source or denoised: which series is shown so; denoised needs derived-series beside it",
    )
    window_center: float | None = Field(None, description="Middle of the window, in HU for CT; default: the scan's own")
    window_width: float | None = Field(None, gt=0, description="Width of the window; default: the scan's own")
    max_findings: int = Field(100, ge=1, le=1000, description="Outline at most this many, highest scores first")


def accepts(result: Result) -> str | None:
    """Why there can be no Presentation State; None when there can."""
    if not kinds_of(result):
        return NOTHING_YET
    if result.original.colour is not None:
        return "the scan is in colour, and this is for grey images; use secondary-capture"
    return attributes.reason_against(result, needs_position=False)


def outputs(result: Result, name: str, options: Options) -> tuple[Output, ...]:
    """Name the one file, or the several where the rescale differs; their size depends on the outlines."""
    files = len(_groups(result.original))
    place = f"{name}_presentation{'_0001' if files > 1 else ''}.dcm"
    return (Output(place, files, None, attributes.described(result, "presentation")),)


def export(result: Result, folder: Path, name: str, options: Options, report: Report) -> tuple[Path, ...]:
    """Write ``<name>_presentation.dcm``, or several where the rescale differs from slice to slice (PET).

    A presentation state holds one Modality LUT, which takes the place of that of its images (C.11.6).
    """
    volume = result.original
    headers = dicom_file.headers(volume, part(report, 0, 0.4))
    shown = _denoised(folder, name) if options.of == "denoised" else headers
    if len(shown) != len(headers):
        raise ExportError("The denoised series is not part of this export; choose derived-series too.")
    report(0.5, "Outlining the findings")
    outlines = _outlines(result.anomaly_map, options.max_findings)
    groups = _groups(volume)
    window = window_with(default_window(volume), options.window_center, options.window_width)
    threshold = "" if result.anomaly_map is None else str(result.anomaly_map.threshold)
    recipe = attributes.recipe(result.provenance)
    key = ("presentation", volume.source.series_instance_uid, options.model_dump_json(), str(window), recipe, threshold)
    moment = attributes.now()
    series = attributes.new_uid(options.deterministic_uids, "series", *key)
    written = []
    for number, slices in enumerate(groups):
        report(0.6 + 0.4 * number / len(groups), "Writing the Presentation State")
        identity = {
            "series_instance_uid": series,
            "series_number": attributes.series_number(headers[0], "presentation"),
            "sop_instance_uid": attributes.new_uid(options.deterministic_uids, "instance", *key, str(number)),
            "instance_number": number + 1,
        }
        with disable_value_validation():
            state = _state(result, shown, slices, outlines, window, identity)
            _complete(state, headers[0], result, moment)
            if len(headers) == 1 and len(groups) > 1:
                frames = attributes.frame_order(headers[0], volume)[slices] + 1
                reference = state.ReferencedSeriesSequence[0].ReferencedImageSequence[0]
                reference.ReferencedFrameNumber = sorted(frames.tolist())
            ending = "" if len(groups) == 1 else f"_{number + 1:04d}"
            written.append(dicom_file.write(state, folder / f"{name}_presentation{ending}.dcm"))
    return tuple(written)


def _denoised(folder: Path, name: str) -> list[Dataset]:
    """Headers of the denoised series that the same export has written, in slice order."""
    paths = sorted((folder / f"{name}_denoised").glob("*.dcm")) or sorted(folder.glob("[0-9][0-9][0-9][0-9].dcm"))
    return [dicom_file.read_header(path) for path in paths]


def _groups(volume: Volume) -> list[NDArray[np.intp]]:
    """Slices of equal slope and intercept."""
    rescale = np.stack([volume.rescale_slope, volume.rescale_intercept], axis=1)
    different, group = np.unique(rescale, axis=0, return_inverse=True)
    members = [np.flatnonzero(group.ravel() == number) for number in range(len(different))]
    return sorted(members, key=lambda slices: int(slices[0]))


def _state(
    result: Result,
    shown: list[Dataset],
    slices: NDArray[np.intp],
    outlines: dict[int, list[tuple[Finding, NDArray[np.float64]]]],
    window: Window,
    identity: dict[str, Any],
) -> "GrayscaleSoftcopyPresentationState":
    """Make the object for some slices; ``identity`` is its UIDs and numbers."""
    from highdicom import ModalityLUTTransformation, PresentationLUTTransformation, pr

    volume = result.original
    steps = result.provenance
    single = len(shown) == 1
    images = [attributes.without_identity(header) for header in (shown if single else [shown[k] for k in slices])]
    frames = attributes.frame_order(shown[0], volume) + 1 if single else None
    layer = pr.GraphicLayer(_LAYER, order=1, description="MedAE findings, research use only", display_color=_cielab())
    annotations = []
    for position, k in enumerate(slices):
        if int(k) in outlines:
            image = images[0 if single else position]
            frame = None if frames is None or len(frames) == 1 else int(frames[k])
            annotations.append(_annotation(outlines[int(k)], image, frame, layer))
    return pr.GrayscaleSoftcopyPresentationState(
        images,
        **identity,
        manufacturer=attributes.MANUFACTURER,
        manufacturer_model_name=attributes.long_string(attributes.model_name(steps)),
        software_versions=attributes.software_version(steps),
        device_serial_number="none",
        content_label="FINDINGS" if annotations else "WINDOW",
        content_description="MedAE window and findings, research use only",
        graphic_layers=[layer] if annotations else None,
        graphic_annotations=annotations or None,
        modality_lut_transformation=ModalityLUTTransformation(
            rescale_intercept=float(volume.rescale_intercept[slices[0]]),
            rescale_slope=float(volume.rescale_slope[slices[0]]),
            rescale_type="HU" if volume.unit == HOUNSFIELD else "US",
        ),
        voi_lut_transformations=[_voi_lut(window)],
        presentation_lut_transformation=PresentationLUTTransformation(
            presentation_lut_shape="INVERSE" if volume.inverted else "IDENTITY"
        ),
    )


def _voi_lut(window: Window) -> "SoftcopyVOILUTTransformation":
    """Write the window, or its curve as a table (C.11.2.1.1), which cannot start below 0 as highdicom writes it."""
    from highdicom import VOILUT, pr

    start, width = window.center - window.width / 2, max(float(window.width), 1.0)
    if not window.curve or not (0 <= start < 2**16 and width < 2**16):
        return pr.SoftcopyVOILUTTransformation([float(window.center)], [width], ["MedAE"])
    places = np.linspace(0.0, 1.0, len(window.curve))
    entries = np.interp(np.linspace(0.0, 1.0, round(width) + 1), places, window.curve)
    table = VOILUT(round(start), np.rint(entries * 65535).astype(np.uint16), "MedAE")
    return pr.SoftcopyVOILUTTransformation(voi_luts=[table])


def _annotation(
    outlined: list[tuple[Finding, NDArray[np.float64]]], image: Dataset, frame: int | None, layer: "GraphicLayer"
) -> "GraphicAnnotation":
    """Outlines and labels on one image (C.10.5); PIXEL units, the corner of the first pixel is (0, 0)."""
    from highdicom import pr

    lines = [pr.GraphicObject("POLYLINE", points, units="PIXEL") for _, points in outlined]
    texts = []
    for number in dict.fromkeys(finding.number for finding, _ in outlined):
        finding, points = next(each for each in outlined if each[0].number == number)
        anchor = points[points[:, 1].argmin()]
        text = f"{finding.number}: z {finding.max_score:.1f}"
        place = (float(anchor[0]), float(anchor[1]))
        texts.append(pr.TextObject(text, units="PIXEL", anchor_point=place, anchor_point_visible=False))
    return pr.GraphicAnnotation([image], layer, frame, graphic_objects=lines, text_objects=texts)


def _complete(state: Dataset, header: Dataset, result: Result, moment: datetime) -> None:
    """Join the study; the area shown has square millimetres."""
    attributes.finish(state, header, result.provenance, moment, "presentation")
    for keyword in ("FrameOfReferenceUID", "PositionReferenceIndicator"):
        if keyword in state:  # a module that a presentation state does not have
            del state[keyword]
    (area,) = state.DisplayedAreaSelectionSequence
    del area.PresentationPixelAspectRatio
    area.PresentationPixelSpacing = [DSfloat(x, auto_format=True) for x in result.original.spacing[1:]]


def _cielab() -> object:
    from highdicom.color import CIELabColor

    return CIELabColor.from_rgb(*_COLOR)


def _outlines(anomaly_map: AnomalyMap | None, most: int) -> dict[int, list[tuple[Finding, NDArray[np.float64]]]]:
    """Give closed outlines by slice: finding and (points, 2) columns and rows in pixels."""
    if anomaly_map is None:
        return {}
    chosen = anomaly_map.findings[:most]
    numbers = finding_numbers(anomaly_map, chosen)
    found: dict[int, list[tuple[Finding, NDArray[np.float64]]]] = {}
    for finding in chosen:
        (first, *_), (stop, *_) = finding.bounding_box
        for k in range(first, stop):
            for line in _lines(anomaly_map, numbers[k] == finding.number, k, finding):
                found.setdefault(k, []).append((finding, line))
    return found


def _lines(
    anomaly_map: AnomalyMap, region: NDArray[np.bool_], k: int, finding: Finding
) -> Iterator[NDArray[np.float64]]:
    """Where the scores of a region cross the threshold, between the voxels."""
    from contourpy import contour_generator

    (_, top, left), (_, bottom, right) = finding.bounding_box
    box = (slice(max(top - 1, 0), bottom + 1), slice(max(left - 1, 0), right + 1))
    threshold = anomaly_map.threshold
    scores = np.nan_to_num(np.asarray(anomaly_map.volume.array[k][box], dtype=np.float64))
    inside = region[box]
    scores = np.where(inside, scores, np.minimum(scores, threshold))
    low = min(float(scores.min()), threshold) - 1.0
    padded = np.pad(scores, 1, constant_values=low)
    rows, columns = anomaly_map.volume.shape[1:]
    offset = np.array([box[1].start, box[0].start]) - 1 + 0.5
    for line in contour_generator(z=padded).lines(threshold):
        points = np.asarray(line)[:: max(1, -(-len(line) // _MOST_POINTS))] + offset
        if len(points) > 2:
            closed = np.concatenate([points, points[:1]]) if (points[0] != points[-1]).any() else points
            yield np.clip(closed, 0, [columns, rows])
