"""The findings as measurements: a DICOM Structured Report (PS3.16 TID 1500), by highdicom."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field
from pydicom.config import disable_value_validation
from pydicom.dataset import Dataset
from pydicom.sr.coding import Code
from pydicom.uid import UID

from medae.exporters import dicom_attributes as attributes
from medae.exporters import dicom_file
from medae.exporters.exporter import DicomOptions, Output
from medae.progress import Report, part
from medae.results import AnomalyMap, Finding, Result

if TYPE_CHECKING:
    from highdicom.sr import MeasurementReport, VolumetricROIMeasurementsAndQualitativeEvaluations

TITLE = "Findings as DICOM Structured Report"

_MEAN = Code("373098007", "SCT", "Mean")
_MAXIMUM = Code("56851009", "SCT", "Maximum")
_VOLUME = Code("118565006", "SCT", "Volume")
_CUBIC_MILLIMETRE = Code("mm3", "UCUM", "cubic millimeter")
_PROCEDURE = Code("363679005", "SCT", "Imaging procedure")


class Options(DicomOptions):
    """Options of the Structured Report."""

    max_findings: int = Field(100, ge=1, le=1000, description="Write at most this many, highest scores first")


def accepts(result: Result) -> str | None:
    """Why there can be no report; None when there can.

    A report without findings is not written: it could be read as "normal".
    """
    if result.anomaly_map is None:
        return attributes.NO_ANOMALY_MAP
    return attributes.reason_against(result, needs_position=True, needs_findings=True)


def outputs(result: Result, name: str, options: Options) -> tuple[Output, ...]:
    """Name the one file: about as long as there are findings and images that show them."""
    assert result.anomaly_map is not None
    findings = result.anomaly_map.findings[: options.max_findings]
    size = attributes.HEADER_SIZE + len(findings) * attributes.HEADER_SIZE
    return (Output(f"{name}_heatmap_sr.dcm", 1, size, attributes.described(result, "heatmap_sr")),)


def export(result: Result, folder: Path, name: str, options: Options, report: Report) -> tuple[Path, ...]:
    """Write ``<name>_heatmap_sr.dcm``."""
    import highdicom

    anomaly_map = result.anomaly_map
    assert anomaly_map is not None
    source, steps = result.original.source, anomaly_map.provenance
    headers = dicom_file.headers(result.original, part(report, 0, 0.5))
    evidence = [attributes.without_identity(header) for header in headers]
    key = ("heatmap_sr", source.series_instance_uid, attributes.recipe(steps), str(anomaly_map.threshold))
    report(0.5, "Writing the Structured Report")
    moment = attributes.now()
    with disable_value_validation():
        document = highdicom.sr.Comprehensive3DSR(
            evidence,
            _content(result, anomaly_map, options, evidence)[0],
            series_instance_uid=attributes.new_uid(options.deterministic_uids, "series", *key),
            series_number=attributes.series_number(headers[0], "heatmap_sr"),
            sop_instance_uid=attributes.new_uid(options.deterministic_uids, "instance", *key),
            instance_number=1,
            manufacturer=attributes.MANUFACTURER,
            manufacturer_model_name=attributes.long_string(attributes.model_name(steps)),
            software_versions=attributes.software_version(steps),
            is_complete=True,
        )
        attributes.finish(document, headers[0], steps, moment, "heatmap_sr")
        for keyword in ("FrameOfReferenceUID", "PositionReferenceIndicator", "BodyPartExamined", "Laterality"):
            if keyword in document:  # modules that a report does not have
                del document[keyword]
        path = dicom_file.write(document, folder / f"{name}_heatmap_sr.dcm")
    return (path,)


def _content(result: Result, anomaly_map: AnomalyMap, options: Options, evidence: list[Dataset]) -> "MeasurementReport":
    """TID 1500 Measurement Report, one TID 1411 group per finding."""
    from highdicom import sr

    steps = anomaly_map.provenance
    name = attributes.long_string(attributes.model_name(steps))
    observer = sr.ObserverContext(
        observer_type=Code("121007", "DCM", "Device"),
        observer_identifying_attributes=sr.DeviceObserverIdentifyingAttributes(
            uid=attributes.equipment(steps, attributes.now())[0].DeviceUID if steps else attributes.new_uid(False),
            name=attributes.MANUFACTURER,
            manufacturer_name=attributes.MANUFACTURER,
            model_name=name,
        ),
    )
    findings = anomaly_map.findings[: options.max_findings]
    return sr.MeasurementReport(
        observation_context=sr.ObservationContext(observer_device_context=observer),
        procedure_reported=_PROCEDURE,
        imaging_measurements=[_group(finding, result, anomaly_map, evidence) for finding in findings],
    )


def _group(
    finding: Finding, result: Result, anomaly_map: AnomalyMap, evidence: list[Dataset]
) -> "VolumetricROIMeasurementsAndQualitativeEvaluations":
    """Measurements of one finding: where (ellipsoid around its box), volume, peak and mean z-score."""
    from highdicom import sr

    volume, steps = result.original, anomaly_map.provenance
    score = attributes.Z_SCORE if anomaly_map.calibration else attributes.SALIENCY
    (first, *_), (last, *_) = finding.bounding_box
    shown = evidence if len(evidence) == 1 else evidence[first:last]
    return sr.VolumetricROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=sr.TrackingIdentifier(
            uid=UID(attributes.tracking_uid(finding, anomaly_map)), identifier=f"MedAE finding {finding.number}"
        ),
        referenced_volume_surface=sr.VolumeSurface(
            graphic_type=sr.GraphicTypeValues3D.ELLIPSOID,
            graphic_data=_ellipsoid(finding, result),
            frame_of_reference_uid=volume.source.frame_of_reference_uid,
            source_images=[sr.SourceImageForSegmentation(image.SOPClassUID, image.SOPInstanceUID) for image in shown],
        ),
        finding_type=attributes.SELECTED_REGION,
        algorithm_id=sr.AlgorithmIdentification(
            name=attributes.long_string(attributes.model_name(steps)),
            version=attributes.software_version(steps),
            parameters=[f"threshold={anomaly_map.threshold:g}", attributes.RESEARCH_USE],
            family=attributes.ARTIFICIAL_INTELLIGENCE,
            manufacturer=attributes.MANUFACTURER,
        ),
        measurements=[
            sr.Measurement(_VOLUME, round(finding.volume_mm3, 3), _CUBIC_MILLIMETRE),
            sr.Measurement(score, round(finding.max_score, 4), attributes.NO_UNITS, derivation=_MAXIMUM),
            sr.Measurement(score, round(finding.mean_score, 4), attributes.NO_UNITS, derivation=_MEAN),
        ],
    )


def _ellipsoid(finding: Finding, result: Result) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """End points of the three axes of the ellipsoid inside the bounding box, in LPS mm: (6, 3).

    Half a voxel beyond the voxel centres on either side (PS3.3 C.18.9.1.2).
    """
    low = np.array(finding.bounding_box[0], dtype=float) - 0.5
    high = np.array(finding.bounding_box[1], dtype=float) - 0.5
    center = (low + high) / 2
    ends = []
    for axis in range(3):
        for value in (low[axis], high[axis]):
            point = center.copy()
            point[axis] = value
            ends.append(point)
    return result.original.to_lps(np.array(ends))
