"""The findings as regions: a DICOM Segmentation (PS3.3 A.51), by highdicom.

Binary with one segment per finding, or fractional with one segment of all of them.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from pydicom.config import disable_value_validation

from medae.exporters import dicom_attributes as attributes
from medae.exporters import dicom_file
from medae.exporters.exporter import DicomOptions, Output
from medae.progress import Report, part
from medae.results import AnomalyMap, Finding, Result, finding_numbers

if TYPE_CHECKING:
    from highdicom.seg import SegmentDescription

TITLE = "Findings as DICOM Segmentation"

_OFFSETS = (-1 / 3, 0.0, 1 / 3)
"""Places along each axis of a voxel, in voxels from its centre, that are looked at for its share."""


class Options(DicomOptions):
    """Options of the Segmentation."""

    max_findings: int = Field(100, ge=1, le=1000, description="Write at most this many, highest scores first")
    fractional: bool = Field(
        False,
        title="Soft edges",
        description="Fractional: one segment of all findings that holds the share of each voxel above the threshold",
    )


def accepts(result: Result) -> str | None:
    """Why there can be no Segmentation; None when there can."""
    if result.anomaly_map is None:
        return attributes.NO_ANOMALY_MAP
    return attributes.reason_against(result, needs_position=True, needs_findings=True)


def outputs(result: Result, name: str, options: Options) -> tuple[Output, ...]:
    """Name the one file: one bit a pixel, or one byte, in the slices that each finding touches."""
    assert result.anomaly_map is not None
    _, rows, columns = result.original.shape
    boxes = [finding.bounding_box for finding in result.anomaly_map.findings[: options.max_findings]]
    spans = [range(start[0], stop[0]) for start, stop in boxes]
    frames = len({k for span in spans for k in span}) if options.fractional else sum(map(len, spans))
    pixels = rows * columns if options.fractional else rows * columns // 8
    size = frames * (pixels + attributes.FRAME_SIZE) + attributes.HEADER_SIZE
    return (Output(f"{name}_heatmap_seg.dcm", 1, size, attributes.described(result, "heatmap_seg")),)


def export(result: Result, folder: Path, name: str, options: Options, report: Report) -> tuple[Path, ...]:
    """Write ``<name>_heatmap_seg.dcm``."""
    import highdicom

    anomaly_map = result.anomaly_map
    assert anomaly_map is not None
    volume, steps = result.original, anomaly_map.provenance
    findings = anomaly_map.findings[: options.max_findings]
    headers = dicom_file.headers(volume, part(report, 0, 0.5))
    frames = attributes.frame_order(headers[0], volume) if len(headers) == 1 else np.arange(volume.shape[0])
    segments, descriptions = _content(anomaly_map, findings, fractional=options.fractional)
    in_file = np.empty_like(segments)
    in_file[frames] = segments
    report(0.5, "Writing the Segmentation")
    key = (
        "heatmap_seg",
        volume.source.series_instance_uid,
        attributes.recipe(steps),
        str(anomaly_map.threshold),
        *(("fractional",) if options.fractional else ()),
    )
    types = highdicom.seg.SegmentationTypeValues
    moment = attributes.now()
    with disable_value_validation():
        segmentation = highdicom.seg.Segmentation(
            [attributes.without_identity(header) for header in headers],
            in_file,
            types.FRACTIONAL if options.fractional else types.BINARY,
            descriptions,
            fractional_type=highdicom.seg.SegmentationFractionalTypeValues.OCCUPANCY,
            series_instance_uid=attributes.new_uid(options.deterministic_uids, "series", *key),
            series_number=attributes.series_number(headers[0], "heatmap_seg"),
            sop_instance_uid=attributes.new_uid(options.deterministic_uids, "instance", *key),
            instance_number=1,
            manufacturer=attributes.MANUFACTURER,
            manufacturer_model_name=attributes.long_string(attributes.model_name(steps)),
            software_versions=attributes.software_version(steps),
            device_serial_number="none",
            content_label="FINDINGS",
            content_description="MedAE findings, research use only",
        )
        attributes.finish(segmentation, headers[0], steps, moment, "heatmap_seg")
        if "Laterality" in segmentation and not segmentation.Laterality:  # unlike other images, not needed here
            del segmentation.Laterality
        path = dicom_file.write(segmentation, folder / f"{name}_heatmap_seg.dcm")
    return (path,)


def _content(
    anomaly_map: AnomalyMap, findings: tuple[Finding, ...], *, fractional: bool
) -> "tuple[NDArray[Any], list[SegmentDescription]]":
    """Give the values (slices, rows, columns), in the order of the volume, and what the segments are."""
    if fractional:
        tracking_uid = attributes.new_uid(True, *(attributes.tracking_uid(one, anomaly_map) for one in findings))
        return occupancy(anomaly_map, findings), [_segment(1, "Findings", tracking_uid, anomaly_map)]
    numbers = finding_numbers(anomaly_map, findings)
    return numbers if len(findings) > 255 else numbers.astype(np.uint8), [
        _segment(
            finding.number,
            f"Finding {finding.number} (z {finding.max_score:.1f})",
            attributes.tracking_uid(finding, anomaly_map),
            anomaly_map,
        )
        for finding in findings
    ]


def occupancy(anomaly_map: AnomalyMap, findings: Sequence[Finding]) -> NDArray[np.float32]:
    """Give the share of each voxel that lies above the threshold: (slices, rows, columns), 0 to 1.

    The scores are interpolated linearly between voxel centres and looked at in 27 places of each voxel (`_OFFSETS`).
    This is what a FRACTIONAL segmentation of type OCCUPANCY holds (PS3.3 C.8.20.2.3).
    """
    from scipy import ndimage

    scores = anomaly_map.volume.array
    shares = np.zeros(scores.shape, np.float32)
    numbers = finding_numbers(anomaly_map, findings)
    for finding in findings:
        start, stop = (np.array(corner) for corner in finding.bounding_box)
        low, high = np.maximum(start - 1, 0), np.minimum(stop + 1, scores.shape)
        box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
        near = ndimage.binary_dilation(numbers[box] == finding.number, np.ones((3, 3, 3)))
        above = _places_above(np.abs(np.asarray(scores[box], np.float32)), anomaly_map.threshold)
        np.maximum(shares[box], near * (above / np.float32(len(_OFFSETS) ** 3)), out=shares[box])
    return shares


def _places_above(values: NDArray[np.float32], threshold: float) -> NDArray[np.uint8]:
    """Count in each voxel the places where the interpolated values are above the threshold."""
    above = np.zeros(values.shape, np.uint8)
    for k in _OFFSETS:
        along_slices = _moved(values, k, 0)
        for j in _OFFSETS:
            along_rows = _moved(along_slices, j, 1)
            for i in _OFFSETS:
                above += _moved(along_rows, i, 2) > threshold
    return above


def _moved(values: NDArray[np.float32], offset: float, axis: int) -> NDArray[np.float32]:
    """Interpolate linearly at ``offset`` voxels (-1 to 1) along an axis; the outermost values go on beyond the edge."""
    if offset == 0:
        return values
    beside = np.clip(np.arange(values.shape[axis]) + int(np.sign(offset)), 0, values.shape[axis] - 1)
    share = np.float32(abs(offset))
    return values + share * (values.take(beside, axis) - values)


def _segment(number: int, label: str, tracking_uid: str, anomaly_map: AnomalyMap) -> "SegmentDescription":
    """Segment Description (C.8.20.4): a selected region, never a disease."""
    import highdicom

    return highdicom.seg.SegmentDescription(
        segment_number=number,
        segment_label=label,
        segmented_property_category=attributes.ABNORMAL_STRUCTURE,
        segmented_property_type=attributes.SELECTED_REGION,
        algorithm_type=highdicom.seg.SegmentAlgorithmTypeValues.AUTOMATIC,
        algorithm_identification=highdicom.AlgorithmIdentificationSequence(
            name=attributes.long_string(attributes.model_name(anomaly_map.provenance)),
            family=attributes.ARTIFICIAL_INTELLIGENCE,
            version=attributes.software_version(anomaly_map.provenance),
            parameters={"threshold": f"{anomaly_map.threshold:g}"},
        ),
        tracking_uid=tracking_uid,
        tracking_id=f"MedAE {label.partition(' (')[0].lower()}",
    )
