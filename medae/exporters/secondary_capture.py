"""The heatmap as a picture: fused RGB Secondary Capture (PS3.3 A.8.1), which every archive can show."""

import textwrap
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from pydicom.config import disable_value_validation
from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.uid import UID, MultiFrameTrueColorSecondaryCaptureImageStorage, SecondaryCaptureImageStorage
from pydicom.valuerep import DSfloat

from medae.exporters import dicom_attributes as attributes
from medae.exporters import dicom_file
from medae.exporters.drawing import color_bar, colors_for, font, fuse
from medae.exporters.exporter import DicomOptions, Output
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
    multi_frame: bool = Field(
        False, title="One multi-frame file", description="One multi-frame file instead of one file per slice"
    )


def accepts(result: Result) -> str | None:
    """Why there can be no pictures; None when there can."""
    if result.anomaly_map is None:
        return attributes.NO_ANOMALY_MAP
    return attributes.reason_against(result, needs_position=False)


def outputs(result: Result, name: str, options: Options) -> tuple[Output, ...]:
    """Name the folder of pictures, or the one multi-frame file: three bytes a pixel."""
    slices, rows, columns = result.original.shape
    factor = _factor(result.original)
    size = slices * (3 * rows * factor * (columns * factor + 9 * _text_size(rows * factor)) + attributes.HEADER_SIZE)
    place = f"{name}_heatmap_sc{'.dcm' if options.multi_frame else ''}"
    return (Output(place, 1 if options.multi_frame else slices, size, attributes.described(result, "heatmap_sc")),)


def export(result: Result, folder: Path, name: str, options: Options, report: Report) -> tuple[Path, ...]:
    """Write ``<name>_heatmap_sc/0001.dcm`` …, one per slice in slice order, or one ``<name>_heatmap_sc.dcm``."""
    anomaly_map, volume = result.anomaly_map, result.original
    assert anomaly_map is not None
    headers = dicom_file.headers(volume, silent)
    steps = anomaly_map.provenance
    key = ("heatmap_sc", volume.source.series_instance_uid, attributes.recipe(steps), options.model_dump_json())
    series_uid = attributes.new_uid(options.deterministic_uids, "series", *key)
    moment = attributes.now()
    factor = _factor(volume)
    strip = _strip(anomaly_map, volume.shape[1] * factor)
    window = default_window(volume)
    written, pictures = [], []
    for k in range(volume.shape[0]):
        report(k / volume.shape[0], f"Drawing picture {k + 1} of {volume.shape[0]}")
        picture = fuse(volume, anomaly_map, k, window, options.opacity)
        picture = np.concatenate([picture.repeat(factor, 0).repeat(factor, 1), strip], axis=1)
        if options.multi_frame:
            pictures.append(picture)
            continue
        header = headers[k if len(headers) > 1 else 0]
        uid = attributes.new_uid(options.deterministic_uids, "instance", *key, str(k))
        with disable_value_validation():
            capture = _capture([header], anomaly_map, moment, series_uid, uid, k)
            _place(capture, header, volume, k, factor)
            _set_pixels(capture, [picture])
            written.append(dicom_file.write(capture, folder / f"{name}_heatmap_sc" / f"{k + 1:04d}.dcm"))
    if options.multi_frame:
        uid = attributes.new_uid(options.deterministic_uids, "instance", *key)
        with disable_value_validation():
            capture = _capture(headers, anomaly_map, moment, series_uid, uid, 0)
            _make_multi_frame(capture, headers, volume, factor)
            _set_pixels(capture, pictures)
            written.append(dicom_file.write(capture, folder / f"{name}_heatmap_sc.dcm"))
    return tuple(written)


def _factor(volume: Volume) -> int:
    """How many times the pixels are enlarged."""
    return max(1, -(-_SMALLEST_SIDE // max(volume.shape[1:])))


def _text_size(rows: int) -> int:
    return max(13, min(rows // 30, 40))


def _capture(
    headers: list[Dataset], anomaly_map: AnomalyMap, moment: datetime, series_uid: UID, uid: UID, k: int
) -> Dataset:
    """Everything but place and pixels: SC Equipment (C.8.6.1), General Image, General Series."""
    header = headers[0]
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
    capture.SourceImageSequence = [attributes.source_reference(each) for each in headers]
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


def _make_multi_frame(capture: Dataset, headers: list[Dataset], volume: Volume, factor: int) -> None:
    """Make it a Multi-frame True Color Secondary Capture (A.8.5) whose frames are in slice order.

    Where the scan has a position in space, it is in the functional groups (C.7.6.16).
    """
    slices = volume.shape[0]
    capture.SOPClassUID = MultiFrameTrueColorSecondaryCaptureImageStorage
    capture.NumberOfFrames = slices
    if not volume.source.frame_of_reference_uid:
        if slices > 1:
            capture.PageNumberVector = list(range(1, slices + 1))
            capture.FrameIncrementPointer = tag_for_keyword("PageNumberVector")
        return
    places = [Dataset() for _ in range(slices)]
    for k, place in enumerate(places):
        _place(place, headers[k if len(headers) > 1 else 0], volume, k, factor)
    measures, orientation, shared = Dataset(), Dataset(), Dataset()
    measures.PixelSpacing = places[0].PixelSpacing
    if places[0].SliceThickness:
        measures.SliceThickness = places[0].SliceThickness
    orientation.ImageOrientationPatient = places[0].ImageOrientationPatient
    shared.PixelMeasuresSequence, shared.PlaneOrientationSequence = [measures], [orientation]
    capture.SharedFunctionalGroupsSequence = [shared]
    capture.PerFrameFunctionalGroupsSequence = [_frame_groups(place, k) for k, place in enumerate(places)]
    if slices > 1:
        capture.FrameIncrementPointer = tag_for_keyword("PerFrameFunctionalGroupsSequence")
    index, organization = Dataset(), Dataset()
    organization.DimensionOrganizationUID = attributes.dimension_organization(capture)
    index.DimensionOrganizationUID = organization.DimensionOrganizationUID
    index.DimensionIndexPointer = tag_for_keyword("ImagePositionPatient")
    index.FunctionalGroupPointer = tag_for_keyword("PlanePositionSequence")
    capture.DimensionOrganizationSequence, capture.DimensionIndexSequence = [organization], [index]


def _frame_groups(place: Dataset, k: int) -> Dataset:
    """Functional groups of one frame: where it is, and its number in the stack."""
    content, position, groups = Dataset(), Dataset(), Dataset()
    content.DimensionIndexValues = [k + 1]
    position.ImagePositionPatient = place.ImagePositionPatient
    groups.FrameContentSequence, groups.PlanePositionSequence = [content], [position]
    return groups


def _set_pixels(capture: Dataset, pictures: list[NDArray[np.uint8]]) -> None:
    """Image Pixel module (C.7.6.3) of (rows, columns, 3) pictures, one per frame."""
    capture.SamplesPerPixel = 3
    capture.PhotometricInterpretation = "RGB"
    capture.PlanarConfiguration = 0
    capture.Rows, capture.Columns = pictures[0].shape[:2]
    capture.BitsAllocated = capture.BitsStored = 8
    capture.HighBit = 7
    capture.PixelRepresentation = 0
    data = b"".join(picture.tobytes() for picture in pictures)
    capture.PixelData = data + b"\0" * (len(data) % 2)
    capture["PixelData"].VR = "OB"


def _strip(anomaly_map: AnomalyMap, rows: int) -> NDArray[np.uint8]:
    """Burnt-in strip beside the picture: colour bar with scale, model, warning; (rows, columns, 3)."""
    from PIL import Image, ImageDraw

    size = _text_size(rows)
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
