"""The heatmap as a picture: fused RGB Secondary Capture (PS3.3 A.8.1), which every archive can show."""

import textwrap
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from pydicom.config import disable_value_validation
from pydicom.dataset import Dataset
from pydicom.uid import UID, SecondaryCaptureImageStorage
from pydicom.valuerep import DSfloat

from medae.exporters import dicom_attributes as attributes
from medae.exporters.drawing import color_bar, colors_for, font, fuse
from medae.exporters.exporter import DicomOptions
from medae.progress import Report, silent
from medae.results import AnomalyMap, Result
from medae.volume import Volume
from medae.windowing import default_window

TITLE = "Heatmap as colour pictures (DICOM Secondary Capture)"

_SMALLEST_SIDE = 480
"""Smaller images are enlarged by a whole factor, so that the burnt-in text can be read."""


class Options(DicomOptions):
    """Options of the fused pictures."""

    opacity: float = Field(0.6, gt=0, le=1, description="Opacity of the colours above the threshold")


def accepts(result: Result) -> str | None:
    """Why there can be no pictures; None when there can."""
    if result.anomaly_map is None:
        return attributes.NO_ANOMALY_MAP
    return attributes.reason_against(result, needs_position=False)


def export(result: Result, folder: Path, name: str, options: Options, report: Report) -> tuple[Path, ...]:
    """Write ``<name>_heatmap_sc/0001.dcm`` …, one per slice, in slice order."""
    anomaly_map, volume = result.anomaly_map, result.original
    assert anomaly_map is not None
    headers = attributes.headers(volume, silent)
    steps = anomaly_map.provenance
    key = ("heatmap_sc", volume.source.series_instance_uid, attributes.recipe(steps), options.model_dump_json())
    series_uid = attributes.new_uid(options.deterministic_uids, "series", *key)
    moment = attributes.now()
    side = max(volume.shape[1:])
    factor = max(1, -(-_SMALLEST_SIDE // side))
    strip = _strip(anomaly_map, volume.shape[1] * factor)
    window = default_window(volume)
    written = []
    for k in range(volume.shape[0]):
        report(k / volume.shape[0], f"Drawing picture {k + 1} of {volume.shape[0]}")
        header = headers[k if len(headers) > 1 else 0]
        picture = fuse(volume, anomaly_map, k, window, options.opacity)
        picture = np.concatenate([picture.repeat(factor, 0).repeat(factor, 1), strip], axis=1)
        uid = attributes.new_uid(options.deterministic_uids, "instance", *key, str(k))
        with disable_value_validation():
            capture = _capture(header, anomaly_map, moment, series_uid, uid, k)
            _place(capture, header, volume, k, factor)
            _set_pixels(capture, picture)
            written.append(attributes.write(capture, folder / f"{name}_heatmap_sc" / f"{k + 1:04d}.dcm"))
    return tuple(written)


def _capture(header: Dataset, anomaly_map: AnomalyMap, moment: datetime, series_uid: UID, uid: UID, k: int) -> Dataset:
    """Everything but place and pixels: SC Equipment (C.8.6.1), General Image, General Series."""
    capture = Dataset()
    capture.SOPClassUID = SecondaryCaptureImageStorage
    capture.SOPInstanceUID = uid
    capture.SeriesInstanceUID = series_uid
    capture.SeriesNumber = attributes.series_number(header, "heatmap_sc")
    capture.InstanceNumber = k + 1
    capture.Modality = "OT"
    capture.ConversionType = "WSD"
    capture.ImageType = ["DERIVED", "SECONDARY"]
    capture.Manufacturer = attributes.MANUFACTURER
    capture.ManufacturerModelName = attributes.long_string(attributes.model_name(anomaly_map.provenance))
    capture.SoftwareVersions = attributes.software_version(anomaly_map.provenance)
    capture.BurnedInAnnotation = "NO"  # nothing that identifies the patient (C.7.6.1)
    capture.PatientOrientation = header.get("PatientOrientation")
    capture.SourceImageSequence = [attributes.source_reference(header)]
    lossy = header.get("LossyImageCompression")
    if lossy == "01":
        for keyword in ("LossyImageCompression", "LossyImageCompressionRatio", "LossyImageCompressionMethod"):
            if keyword in header:
                capture[keyword] = header[keyword]
    attributes.finish(capture, header, anomaly_map.provenance, moment, "heatmap_sc")
    return capture


def _place(capture: Dataset, header: Dataset, volume: Volume, k: int, factor: int) -> None:
    """Spacing and position of the enlarged pixels (Image Plane module, C.7.6.2)."""
    if not volume.source.frame_of_reference_uid:
        if "PixelSpacing" in header or "ImagerPixelSpacing" in header:
            spacing = header.get("PixelSpacing") or header.get("ImagerPixelSpacing")
            capture.PixelSpacing = [DSfloat(float(x) / factor, auto_format=True) for x in spacing or (1, 1)]
        return
    inset = 0.5 / factor - 0.5
    corner = volume.to_lps((k, inset, inset))
    columns, rows = volume.direction[:, 2], volume.direction[:, 1]
    capture.ImagePositionPatient = [DSfloat(float(x), auto_format=True) for x in corner]
    capture.ImageOrientationPatient = [DSfloat(float(x), auto_format=True) for x in (*columns, *rows)]
    capture.PixelSpacing = [DSfloat(x / factor, auto_format=True) for x in volume.spacing[1:]]
    capture.SliceThickness = header.get("SliceThickness")


def _set_pixels(capture: Dataset, picture: NDArray[np.uint8]) -> None:
    """Image Pixel module (C.7.6.3) of a (rows, columns, 3) picture."""
    capture.SamplesPerPixel = 3
    capture.PhotometricInterpretation = "RGB"
    capture.PlanarConfiguration = 0
    capture.Rows, capture.Columns = picture.shape[:2]
    capture.BitsAllocated = capture.BitsStored = 8
    capture.HighBit = 7
    capture.PixelRepresentation = 0
    data = picture.tobytes()
    capture.PixelData = data + b"\0" * (len(data) % 2)
    capture["PixelData"].VR = "OB"


def _strip(anomaly_map: AnomalyMap, rows: int) -> NDArray[np.uint8]:
    """Burnt-in strip beside the picture: colour bar with scale, model, warning; (rows, columns, 3)."""
    from PIL import Image, ImageDraw

    size = max(13, min(rows // 30, 40))
    columns = 9 * size
    strip = Image.new("RGB", (columns, rows), (0, 0, 0))
    draw = ImageDraw.Draw(strip)
    text = font(size)
    lines = ["MedAE heatmap", *textwrap.wrap(attributes.model_name(anomaly_map.provenance), 14)[:3]]
    lines += [f"threshold |z| {anomaly_map.threshold:.2g}"]
    if anomaly_map.outside:
        lines += ["OUTSIDE THE", "MODEL'S DOMAIN"]
    draw.multiline_text((size // 2, size // 2), "\n".join(lines), fill=(220, 220, 220), font=text, spacing=size // 3)
    top = int(size * (2.2 + 1.5 * len(lines)))
    bottom = rows - int(size * 5.0)
    if bottom - top >= 4 * size:
        color_bar(strip, (size, top, 2 * size, bottom), anomaly_map.threshold, text, colors_for(anomaly_map))
    draw.multiline_text(
        (size // 2, rows - int(size * 4.2)),
        "NOT FOR\nDIAGNOSIS\nresearch use",
        fill=(255, 200, 60),
        font=text,
        spacing=size // 4,
    )
    return np.asarray(strip, dtype=np.uint8)
