"""The heatmap as numbers: a DICOM Parametric Map (PS3.3 A.75) of z-scores, by highdicom."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from pydicom.config import disable_value_validation

from medae.exporters import dicom_attributes as attributes
from medae.exporters import dicom_file
from medae.exporters.exporter import DicomOptions, Output
from medae.progress import Report, part
from medae.results import AnomalyMap, Result
from medae.windowing import HEATMAP_MAXIMUM

if TYPE_CHECKING:
    from highdicom.pm import RealWorldValueMapping

TITLE = "Heatmap as DICOM Parametric Map"


class Options(DicomOptions):
    """Options of the Parametric Map."""

    float32: bool = Field(
        False,
        title="Exact values",
        description="Store the exact 32-bit values; many viewers and archives cannot show them",
    )


def accepts(result: Result) -> str | None:
    """Why there can be no Parametric Map; None when there can."""
    if result.anomaly_map is None:
        return attributes.NO_ANOMALY_MAP
    return attributes.reason_against(result, needs_position=True)


def outputs(result: Result, name: str, options: Options) -> tuple[Output, ...]:
    """Name the one file: 16 or 32 bits a voxel, and functional groups of each frame."""
    slices = result.original.shape[0]
    size = result.original.array.size * (4 if options.float32 else 2) + (slices + 1) * attributes.FRAME_SIZE
    return (Output(f"{name}_heatmap.dcm", 1, size, attributes.described(result, "heatmap")),)


def export(result: Result, folder: Path, name: str, options: Options, report: Report) -> tuple[Path, ...]:
    """Write ``<name>_heatmap.dcm``."""
    import highdicom

    anomaly_map = result.anomaly_map
    assert anomaly_map is not None
    volume, steps = result.original, anomaly_map.provenance
    headers = dicom_file.headers(volume, part(report, 0, 0.5))
    frames = attributes.frame_order(headers[0], volume) if len(headers) == 1 else np.arange(volume.shape[0])
    pixels, slope, intercept = _stored(anomaly_map, exact=options.float32)
    in_frame_order = np.empty_like(pixels)
    in_frame_order[frames] = pixels
    report(0.5, "Writing the Parametric Map")
    key = ("heatmap", volume.source.series_instance_uid, attributes.recipe(steps), str(options.float32))
    moment = attributes.now()
    with disable_value_validation():
        parametric_map = highdicom.pm.ParametricMap(
            [attributes.without_identity(header) for header in headers],
            in_frame_order,
            series_instance_uid=attributes.new_uid(options.deterministic_uids, "series", *key),
            series_number=attributes.series_number(headers[0], "heatmap"),
            sop_instance_uid=attributes.new_uid(options.deterministic_uids, "instance", *key),
            instance_number=1,
            manufacturer=attributes.MANUFACTURER,
            manufacturer_model_name=attributes.long_string(attributes.model_name(steps)),
            software_versions=attributes.software_version(steps),
            device_serial_number="none",
            contains_recognizable_visual_features=False,
            real_world_value_mappings=[_mapping(anomaly_map, pixels.dtype, slope, intercept)],
            voi_lut_transformations=[
                highdicom.VOILUTTransformation(
                    window_center=float(-intercept / slope),
                    window_width=float(2 * HEATMAP_MAXIMUM / slope),
                    window_explanation=f"z -{HEATMAP_MAXIMUM:g} to {HEATMAP_MAXIMUM:g}",
                )
            ],
            content_label="HEATMAP",
            content_description="MedAE anomaly heatmap, research use only",
            derivation=attributes.SUBTRACTION,
        )
        attributes.finish(parametric_map, headers[0], anomaly_map.provenance, moment, "heatmap")
        path = dicom_file.write(parametric_map, folder / f"{name}_heatmap.dcm")
    return (path,)


def _stored(anomaly_map: AnomalyMap, *, exact: bool) -> tuple[NDArray[np.generic], float, float]:
    """Give stored values, slope and intercept: 16 bits from -z to z, at least `HEATMAP_MAXIMUM`, and 0 exactly."""
    scores = np.nan_to_num(np.asarray(anomaly_map.volume.array, dtype=np.float32))
    if exact:
        return scores, 1.0, 0.0
    slope = max(HEATMAP_MAXIMUM, float(np.abs(scores).max(initial=0.0))) / 32767
    stored = np.rint(scores / np.float32(slope)) + np.float32(32768)
    return stored.clip(0, 65535).astype(np.uint16), slope, -32768 * slope


def _mapping(
    anomaly_map: AnomalyMap, dtype: "np.dtype[np.generic]", slope: float, intercept: float
) -> "RealWorldValueMapping":
    """Real World Value Mapping (C.7.6.16.2.11): stored value to z-score, or saliency when not calibrated."""
    import highdicom

    calibrated = bool(anomaly_map.calibration)
    floating = dtype.kind == "f"
    scores = anomaly_map.volume.array
    return highdicom.pm.RealWorldValueMapping(
        lut_label="Z-SCORE" if calibrated else "SALIENCY",
        lut_explanation="Anomaly z-score, positive if brighter"
        if calibrated
        else "Reconstruction error, not calibrated",
        unit=attributes.NO_UNITS,
        value_range=(float(np.nanmin(scores)), float(np.nanmax(scores))) if floating else (0, 65535),
        slope=slope,
        intercept=intercept,
        quantity_definition=attributes.Z_SCORE if calibrated else attributes.SALIENCY,
    )
