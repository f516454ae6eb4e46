"""The denoised series: each source instance again, with new pixels (derived images, PS3.3 C.7.6.1.1.2)."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydantic import Field
from pydicom.dataset import Dataset
from pydicom.uid import (
    UID,
    EnhancedMRImageStorage,
    ExplicitVRLittleEndian,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLSNearLossless,
    PositronEmissionTomographyImageStorage,
)

from medae.errors import ReadError
from medae.exporters import dicom_attributes as attributes
from medae.exporters import dicom_file
from medae.exporters.exporter import DicomOptions, Output
from medae.progress import Report
from medae.readers.decoders import plugin_for
from medae.results import Result
from medae.volume import Volume

TITLE = "Denoised DICOM series"

_STALE = (
    "SmallestImagePixelValue",
    "LargestImagePixelValue",
    "SmallestPixelValueInSeries",
    "LargestPixelValueInSeries",
    "SmallestImagePixelValueInPlane",
    "LargestImagePixelValueInPlane",
    "IconImageSequence",
    "HistogramSequence",
    "DigitalSignaturesSequence",
    "MACParametersSequence",
    "PixelDataProviderURL",
    "ExtendedOffsetTable",
    "ExtendedOffsetTableLengths",
)
"""What the source says about its own pixels and no longer holds."""

_LOSSY_METHODS = {
    JPEGBaseline8Bit: "ISO_10918_1",
    JPEGExtended12Bit: "ISO_10918_1",
    JPEGLSNearLossless: "ISO_14495_1",
}
"""Transfer syntaxes that always lose something, with their LossyImageCompressionMethod (C.7.6.1.1.5)."""

_OF_ORIGINAL_MR = (
    "PulseSequenceName",
    "MRAcquisitionType",
    "EchoPulseSequence",
    "MultipleSpinEcho",
    "MultiPlanarExcitation",
    "PhaseContrast",
    "TimeOfFlightContrast",
    "ArterialSpinLabelingContrast",
    "SteadyStatePulseSequence",
    "EchoPlanarPulseSequence",
    "SaturationRecovery",
    "SpectrallySelectedSuppression",
    "OversamplingPhase",
    "GeometryOfKSpaceTraversal",
    "RectilinearPhaseEncodeReordering",
    "SegmentedKSpaceTraversal",
    "CoverageOfKSpace",
    "NumberOfKSpaceTrajectories",
    "BulkMotionCompensationTechnique",
)
"""What only an original Enhanced MR image may say (type 1C of C.8.13.4 and C.7.6.18.2, as dciodvfy judges it)."""

_FRAME_TYPES = ("MRImageFrameTypeSequence", "CTImageFrameTypeSequence", "PETFrameTypeSequence")


class Options(DicomOptions):
    """Options of the denoised series."""

    flat: bool = Field(False, description="Write 0001.dcm … straight into the folder, without a sub-folder")
    keep_private_tags: bool = Field(
        False, description="Keep the manufacturer's private elements, which may describe the old pixels"
    )


def accepts(result: Result) -> str | None:
    """Why there can be no derived series; None when there can."""
    if result.denoised is None:
        return "there is no denoised scan yet; run denoise first"
    reason = attributes.reason_against(result, needs_position=False)
    if reason is not None:
        return reason
    try:
        header = dicom_file.read_header(result.original.source.paths[0])
    except ReadError as error:
        return str(error)
    if header.get("SamplesPerPixel", 1) != 1 or header.get("BitsAllocated") not in (8, 16, 32):
        return "only grey images of 8, 16 or 32 bits can be written as the same kind of DICOM; use nifti"
    if "ModalityLUTSequence" in header:
        return "this scan's values come from a table (Modality LUT) that cannot be undone; use nifti"
    if not np.issubdtype(result.denoised.array.dtype, np.integer):
        return "this scan stores floating-point pixels; use nifti"
    return None


def outputs(result: Result, name: str, options: Options) -> tuple[Output, ...]:
    """Name the folder of the series: pixels of the stored type, and headers as large as the source's."""
    original = result.original
    files = len(original.source.paths)
    description = attributes.series_description(dicom_file.read_header(original.source.paths[0]), "denoised")
    place = "." if options.flat else f"{name}_denoised"
    return (Output(place, files, original.array.nbytes + files * attributes.HEADER_SIZE, description),)


def export(result: Result, folder: Path, name: str, options: Options, report: Report) -> tuple[Path, ...]:
    """Write ``<name>_denoised/0001.dcm`` … in slice order, or ``0001.dcm`` … with ``flat``."""
    denoised = result.denoised
    assert denoised is not None
    original = result.original
    paths = original.source.paths
    target = folder if options.flat else folder / f"{name}_denoised"
    moment = attributes.now()
    series_uid = attributes.new_uid(
        options.deterministic_uids,
        "denoised",
        original.source.series_instance_uid,
        attributes.recipe(denoised.provenance),
    )
    written = []
    for k, path in enumerate(paths):
        report(k / len(paths), f"Writing image {k + 1} of {len(paths)}")
        source = dicom_file.read_source(path)
        with pydicom.config.disable_value_validation():
            derived = _derive(source, denoised, options, moment, series_uid)
            slices = attributes.frame_order(source, original) if len(paths) == 1 else np.array([0])
            _replace_pixels(derived, original, denoised, k, slices)
        written.append(dicom_file.write(derived, target / f"{k + 1:04d}.dcm"))
    return tuple(written)


def _derive(source: Dataset, denoised: Volume, options: Options, moment: datetime, series_uid: UID) -> Dataset:
    """Turn a source dataset into its derived image, pixels decompressed but not yet replaced."""
    steps = denoised.provenance
    reference, evidence = attributes.source_reference(source), _evidence(source)
    _decompress(source)
    if not options.keep_private_tags:
        source.remove_private_tags()
    _remove(source, _STALE)
    source.SeriesDescription = attributes.series_description(source, "denoised")
    source.SeriesNumber = attributes.series_number(source, "denoised")
    source.SeriesInstanceUID = series_uid
    source.SOPInstanceUID = attributes.new_uid(
        options.deterministic_uids, "denoised", source.SOPInstanceUID, attributes.recipe(steps)
    )
    attributes.stamp(source, moment, source)
    source.SourceImageSequence = [reference]
    source.DerivationDescription = attributes.derivation_description(steps, "denoised with an autoencoder")
    if any(step.sha256 for step in steps):
        source.DerivationCodeSequence = [attributes.code_item(attributes.SMOOTHING)]
    elif "DerivationCodeSequence" in source:
        del source.DerivationCodeSequence
    attributes.append_equipment(source, steps, moment)
    source.ContentQualification = "RESEARCH"
    if "PerFrameFunctionalGroupsSequence" in source:
        _derive_frames(source, reference)
        source.SourceImageEvidenceSequence = [evidence]
    else:
        # a PET image is always PRIMARY (C.8.9.4.1.3)
        kind = "PRIMARY" if source.SOPClassUID == PositronEmissionTomographyImageStorage else "SECONDARY"
        source.ImageType = ["DERIVED", kind, *_values(source.get("ImageType"))[2:]]
    return source


def _remove(dataset: Dataset, keywords: Sequence[str]) -> None:
    for keyword in keywords:
        if keyword in dataset:
            del dataset[keyword]


def _values(value: object) -> list[str]:
    if value is None or value == "":
        return []
    return [value] if isinstance(value, str) else [str(part) for part in value]  # type: ignore[attr-defined]


def _derive_frames(source: Dataset, reference: Dataset) -> None:
    """Say in each frame's functional groups that it is derived (C.7.6.16.2.6, C.8.16.1).

    ImageType value 2 stays PRIMARY: the enhanced classes allow nothing else.
    """
    source.ImageType = ["DERIVED", *_values(source.get("ImageType"))[1:]]
    if source.SOPClassUID == EnhancedMRImageStorage:
        _remove(source, _OF_ORIGINAL_MR)
    shared = source.get("SharedFunctionalGroupsSequence") or [Dataset()]
    per_frame = source.PerFrameFunctionalGroupsSequence
    for group in (*shared, *per_frame):
        for keyword in _FRAME_TYPES:
            for item in group.get(keyword, ()):
                item.FrameType = ["DERIVED", *_values(item.get("FrameType"))[1:]]
        if "DerivationImageSequence" in group:
            del group.DerivationImageSequence
    for number, group in enumerate(per_frame, start=1):
        origin = Dataset()
        origin.update(reference)
        origin.ReferencedFrameNumber = number
        derivation = Dataset()
        derivation.DerivationCodeSequence = [attributes.code_item(attributes.SMOOTHING)]  # type 1
        derivation.SourceImageSequence = [origin]
        group.DerivationImageSequence = [derivation]


def _evidence(source: Dataset) -> Dataset:
    """Item of SourceImageEvidenceSequence: the study and series of the source (C.7.6.16.1.3)."""
    instance, series, study = Dataset(), Dataset(), Dataset()
    instance.ReferencedSOPClassUID = source.SOPClassUID
    instance.ReferencedSOPInstanceUID = source.SOPInstanceUID
    series.SeriesInstanceUID = source.SeriesInstanceUID
    series.ReferencedSOPSequence = [instance]
    study.StudyInstanceUID = source.StudyInstanceUID
    study.ReferencedSeriesSequence = [series]
    return study


def _decompress(source: Dataset) -> None:
    """Decompress in place; what a lossy compression took stays declared (C.7.6.1.1.5)."""
    syntax = source.file_meta.get("TransferSyntaxUID", ExplicitVRLittleEndian)
    if not syntax.is_compressed or not syntax.is_encapsulated:
        return
    compressed = len(source.PixelData)
    source.decompress(generate_instance_uid=False, decoding_plugin=plugin_for(source))
    if syntax in _LOSSY_METHODS and "LossyImageCompression" not in source:
        source.LossyImageCompression = "01"
        source.LossyImageCompressionMethod = _LOSSY_METHODS[syntax]
        source.LossyImageCompressionRatio = f"{len(source.PixelData) / max(compressed, 1):.2f}"


def _replace_pixels(derived: Dataset, original: Volume, denoised: Volume, first: int, frames: NDArray[np.intp]) -> None:
    """Put slices ``first, first + 1, …`` into the frames given; bits beyond BitsStored stay as they are.

    Values are clipped to the stored range; padding keeps its value bit for bit.
    """
    syntax = derived.file_meta.get("TransferSyntaxUID", ExplicitVRLittleEndian)
    order = "<" if syntax.is_little_endian else ">"
    words = np.dtype(f"{order}u{derived.BitsAllocated // 8}")
    rows, columns, count = derived.Rows, derived.Columns, len(frames)
    pixels = np.frombuffer(derived.PixelData, words, count * rows * columns).reshape(count, rows, columns)
    pixels = pixels.astype(words.newbyteorder("<"))
    stop = first + count
    stored = _stored(original, denoised, first, stop)
    shift = derived.HighBit + 1 - derived.BitsStored
    mask = pixels.dtype.type(((1 << derived.BitsStored) - 1) << shift)
    if shift == 0 and _sign_extended(derived, pixels):
        mask = ~pixels.dtype.type(0)  # the bits beyond repeat the sign and follow the new values
    new = (stored.astype(np.int64) << shift).astype(pixels.dtype)
    pixels[frames] = (pixels[frames] & ~mask) | (new & mask)
    data = pixels.tobytes()
    representation = derived["PixelData"].VR
    derived.PixelData = data + b"\0" * (len(data) % 2)
    derived["PixelData"].VR = "OW" if derived.BitsAllocated > 8 else representation


def _stored(original: Volume, denoised: Volume, start: int, stop: int) -> NDArray[np.generic]:
    values: NDArray[np.generic] = denoised.array[start:stop]
    if original.stored_range is not None:
        low, high = original.stored_range
        unchanged = values == original.array[start:stop]
        values = np.where(unchanged, values, np.clip(values, low, high))  # type: ignore[call-overload]
    return np.where(original.padding_mask(start, stop), original.array[start:stop], values)


def _sign_extended(derived: Dataset, pixels: NDArray[np.unsignedinteger]) -> bool:  # type: ignore[type-arg]
    """Whether the bits beyond BitsStored of signed pixels repeat the sign."""
    if derived.PixelRepresentation != 1 or derived.BitsStored == derived.BitsAllocated:
        return False
    bits = derived.BitsStored
    signed = pixels.view(f"<i{pixels.dtype.itemsize}")
    return bool(signed.min() >= -(1 << (bits - 1)) and signed.max() < 1 << (bits - 1))
