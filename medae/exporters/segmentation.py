"""The findings as regions: a binary DICOM Segmentation (PS3.3 A.51), one segment per finding, by highdicom."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from pydicom.config import disable_value_validation

from medae.exporters import dicom_attributes as attributes
from medae.exporters.exporter import DicomOptions
from medae.progress import Report, part
from medae.results import AnomalyMap, Finding, Result

if TYPE_CHECKING:
    from highdicom.seg import SegmentDescription

TITLE = "Findings as DICOM Segmentation"


class Options(DicomOptions):
    """Options of the Segmentation."""

    max_findings: int = Field(100, ge=1, le=1000, description="Write at most this many, highest scores first")


def accepts(result: Result) -> str | None:
    """Why there can be no Segmentation; None when there can."""
    if result.anomaly_map is None:
        return attributes.NO_ANOMALY_MAP
    return attributes.reason_against(result, needs_position=True, needs_findings=True)


def export(result: Result, folder: Path, name: str, options: Options, report: Report) -> tuple[Path, ...]:
    """Write ``<name>_heatmap_seg.dcm``."""
    import highdicom

    anomaly_map = result.anomaly_map
    assert anomaly_map is not None
    volume, steps = result.original, anomaly_map.provenance
    findings = anomaly_map.findings[: options.max_findings]
    headers = attributes.headers(volume, part(report, 0, 0.5))
    frames = attributes.frame_order(headers[0], volume) if len(headers) == 1 else np.arange(volume.shape[0])
    segments = np.zeros(volume.shape, dtype=np.uint16 if len(findings) > 255 else np.uint8)
    segments[frames] = segment_numbers(anomaly_map, findings)
    report(0.5, "Writing the Segmentation")
    key = (
        "heatmap_seg",
        volume.source.series_instance_uid,
        attributes.recipe(steps),
        str(anomaly_map.threshold),
    )
    moment = attributes.now()
    with disable_value_validation():
        segmentation = highdicom.seg.Segmentation(
            [attributes.without_identity(header) for header in headers],
            segments,
            highdicom.seg.SegmentationTypeValues.BINARY,
            [_segment(finding, anomaly_map) for finding in findings],
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
        path = attributes.write(segmentation, folder / f"{name}_heatmap_seg.dcm")
    return (path,)


def segment_numbers(anomaly_map: AnomalyMap, findings: tuple[Finding, ...]) -> NDArray[np.uint16]:
    """Give each voxel the number of its finding, 0 elsewhere: (slices, rows, columns)."""
    from scipy import ndimage

    above = np.abs(np.asarray(anomaly_map.volume.array, dtype=np.float32)) > anomaly_map.threshold
    numbers = np.zeros(above.shape, dtype=np.uint16)
    for finding in findings:
        box = tuple(slice(start, stop) for start, stop in zip(*finding.bounding_box, strict=True))
        labels, _ = ndimage.label(above[box], structure=np.ones((3, 3, 3)))
        sizes = np.bincount(labels.ravel())
        sizes[0] = 0
        region = labels == np.flatnonzero(sizes == finding.voxels)[0]
        numbers[box][region] = finding.number
    return numbers


def _segment(finding: Finding, anomaly_map: AnomalyMap) -> "SegmentDescription":
    """Segment Description (C.8.20.4): a selected region, never a disease."""
    import highdicom

    return highdicom.seg.SegmentDescription(
        segment_number=finding.number,
        segment_label=f"Finding {finding.number} (z {finding.max_score:.1f})",
        segmented_property_category=attributes.ABNORMAL_STRUCTURE,
        segmented_property_type=attributes.SELECTED_REGION,
        algorithm_type=highdicom.seg.SegmentAlgorithmTypeValues.AUTOMATIC,
        algorithm_identification=highdicom.AlgorithmIdentificationSequence(
            name=attributes.long_string(attributes.model_name(anomaly_map.provenance)),
            family=attributes.ARTIFICIAL_INTELLIGENCE,
            version=attributes.software_version(anomaly_map.provenance),
            parameters={"threshold": f"{anomaly_map.threshold:g}"},
        ),
        tracking_uid=attributes.tracking_uid(finding, anomaly_map),
        tracking_id=f"MedAE finding {finding.number}",
    )
