"""Results that MedAE or others wrote as DICOM, read back: Parametric Map, Segmentation, Structured Report.

Beside the scan that they refer to, they are no scans of their own but belong to it: `attach` lays them over it. A
Parametric Map or a Segmentation without its scan is a volume by itself. Decoded by highdicom.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from medae.errors import MedaeError, ReadError
from medae.progress import Cancelled, Report
from medae.provenance import Provenance
from medae.readers.decoders import are_frames_fit, is_panic
from medae.readers.dicom_file import read_dataset
from medae.readers.dicom_header import RESULT, patient_key, text, whole
from medae.readers.reader import ResultFile, Scan, Skipped
from medae.readers.result_geometry import finding_of, finding_of_points, onto, outline
from medae.readers.result_provenance import made_by
from medae.results import AnomalyMap, Finding, Result
from medae.volume import Source, Volume, spacing_of

if TYPE_CHECKING:
    from highdicom import Volume as Placed

TITLE = "DICOM results"
SUFFIXES: tuple[str, ...] = ()

KINDS = {
    "1.2.840.10008.5.1.4.1.1.30": "parametric map",
    "1.2.840.10008.5.1.4.1.1.66.4": "segmentation",
    "1.2.840.10008.5.1.4.1.1.88.22": "structured report",
    "1.2.840.10008.5.1.4.1.1.88.33": "structured report",
    "1.2.840.10008.5.1.4.1.1.88.34": "structured report",
}
"""SOP classes that are read (PS3.4 B.5): Enhanced, Comprehensive and Comprehensive 3D SR are the reports."""

DEFAULT_THRESHOLD = 3.0
"""z above which a voxel counts, where none of the files names the threshold that was used."""

_SCAN_HANDEDNESS = -1
"""Sign of the determinant of the affine of a scan: slices, rows, columns = normal, column direction, row direction."""

_CLASS = re.compile(rb"\x02\x00\x02\x00UI..([0-9.]+)", re.DOTALL)
_THRESHOLD = re.compile(r"threshold\s*=\s*([0-9.]+)")
_SCORES = frozenset({"113071", "130404"})
"""Z-score and Saliency: what is shown as a heatmap. Other maps (ADC, perfusion, …) are volumes by themselves."""

_Z_SCORE, _VOLUME, _MAXIMUM, _MEAN = "113071", "118565006", "56851009", "373098007"


def accepts(path: Path, head: bytes) -> bool:
    """Tell by the SOP class in the meta header (PS3.10 7.1)."""
    found = _CLASS.search(head, 128) if head[128:132] == b"DICM" else None
    return found is not None and found[1].decode("ascii") in KINDS


def scan(paths: Sequence[Path], report: Report) -> Scan:
    """Find out what the files are and to which series they belong; sources are those that can stand by themselves."""
    sources: list[Source] = []
    skipped: list[Skipped] = []
    results: list[ResultFile] = []
    for number, path in enumerate(paths):
        report(number / len(paths), "Looking at results")
        try:
            data = read_dataset(path)
            found = _result_file(path, data)
            if found.kind != "structured report":
                sources.append(_source(path, data, found))
            results.append(found)
        except ReadError as error:
            skipped.append(Skipped(path, error.reason))
    return Scan(tuple(sources), tuple(skipped), tuple(results))


def read(source: Source, report: Report) -> Volume:
    """Load a Parametric Map (float32, real-world values) or Segmentation (numbers or fractions) by itself."""
    path = source.paths[0]
    report(0.0, "Reading")
    data = read_dataset(path)
    with _understood(path):
        if KINDS[text(data, "SOPClassUID")] == "parametric map":
            placed, _ = _map_of(data)
            return _volume(np.asarray(placed.array, np.float32), placed.affine, source)
        masks = list(_segments(data))
        array = np.zeros(masks[0][1].shape, np.float32 if masks[0][1].dtype.kind == "f" else np.uint16)
        for number, mask, _ in masks:
            values = mask if number == 0 or array.dtype.kind == "f" else mask * number
            np.maximum(array, values.astype(array.dtype), out=array)
        return _volume(array, masks[0][2], source)


def _volume(array: NDArray[Any], affine: NDArray[np.float64], source: Source) -> Volume:
    """Make a volume with slices along the normal of the image plane, as those of scans; highdicom's run against it."""
    if np.linalg.det(affine[:3, :3]) * _SCAN_HANDEDNESS < 0:
        array = np.ascontiguousarray(array[::-1])
        last = affine.copy()
        last[:3, 3] += (array.shape[0] - 1) * affine[:3, 0]
        last[:3, 0] *= -1
        affine = last
    return Volume(array, affine, source.modality, source=source)


def attach(original: Volume, files: Sequence[ResultFile], report: Report) -> Result:
    """Lay results over the scan that they belong to.

    Parameters
    ----------
    original
        The scan.
    files
        What a scan of the folder found beside it.
    report
        Told each file; may raise `Cancelled`.

    Returns
    -------
    Result
        The map of a Parametric Map on the scan's own grid; outlines of segments as overlays of the original; findings
        of a report, or else of the segments. What cannot be read is named in the original's warnings.
    """
    parts = _Parts(original)
    for number, file in enumerate(files):
        report(number / len(files), f"Reading the {file.kind}")
        try:
            data = read_dataset(file.path)
            with _understood(file.path):
                _ADD[file.kind](parts, data)
        except ReadError as error:
            parts.warnings.append(f"The {file.kind} {file.path.name} is not shown: {error.reason}.")
    return parts.result()


class _Parts:
    """What the files of one scan have given so far."""

    def __init__(self, original: Volume) -> None:
        self.original = original
        self.scores: tuple[NDArray[np.float32], str] | None = None
        self.made: tuple[Provenance, ...] = ()
        self.threshold: float | None = None
        self.outlines: NDArray[np.bool_] | None = None
        self.segments: list[Finding] = []
        self.reported: list[Finding] = []
        self.warnings: list[str] = []

    def add_map(self, data: Dataset) -> None:
        placed, calibration = _map_of(data)
        scores = onto(self.original, np.asarray(placed.array, np.float32), placed.affine)
        self.scores = np.asarray(scores, np.float32), calibration
        self.made = made_by(data)

    def add_segments(self, data: Dataset) -> None:
        if self.outlines is None:
            self.outlines = np.zeros(self.original.shape, bool)
        for number, values, affine in _segments(data):
            moved = onto(self.original, values, affine, nearest=values.dtype.kind == "u")
            labels = moved if number == 0 else np.where(moved.astype(np.float32) >= 0.5, number, 0)
            self._add_labels(labels.astype(np.int32))
        self.threshold = self.threshold or _threshold_of_segments(data)

    def _add_labels(self, labels: NDArray[np.int32]) -> None:
        from scipy import ndimage

        assert self.outlines is not None
        for number, box in enumerate(ndimage.find_objects(labels), start=1):
            if box is not None:
                mask = labels[box] == number
                self.outlines[box] |= outline(mask)
                start = (box[0].start, box[1].start, box[2].start)
                self.segments.append(finding_of(number, mask, start, self.original))

    def add_report(self, data: Dataset) -> None:
        found, threshold = _findings_of(data, self.original)
        self.reported += found
        self.threshold = self.threshold or threshold

    def result(self) -> Result:
        source = replace(self.original.source, warnings=(*self.original.source.warnings, *self.warnings))
        original = replace(self.original, source=source)
        if self.outlines is not None:
            known = original.overlays
            original = replace(original, overlays=self.outlines if known is None else known | self.outlines)
        anomaly_map = None
        if self.scores is not None:
            values, calibration = self.scores
            volume = Volume(values, original.affine, original.modality, "1", source=source)
            anomaly_map = AnomalyMap(volume, self.threshold or DEFAULT_THRESHOLD, calibration, self.made)
        return Result(original, anomaly_map=anomaly_map, findings=tuple(self.reported or self.segments))


_ADD = {"parametric map": _Parts.add_map, "segmentation": _Parts.add_segments, "structured report": _Parts.add_report}


class _understood:  # noqa: N801 - used as a statement
    """Turn what highdicom raises about odd content into a `ReadError`."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        return

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        is_ours = isinstance(error, MedaeError | Cancelled)
        if error is not None and not is_ours and (isinstance(error, Exception) or is_panic(error)):
            raise ReadError(self._path, f"its content is not as expected ({type(error).__name__})") from error


def _result_file(path: Path, data: Dataset) -> ResultFile:
    kind = KINDS.get(text(data, "SOPClassUID"))
    if kind is None:
        raise ReadError(path, "its header names two kinds of object")
    with _understood(path):
        if not data.file_meta.TransferSyntaxUID.is_little_endian:
            raise ReadError(path, "its byte order (Explicit VR Big Endian, retired) is not read in results")
        if not are_frames_fit(data, range(whole(data, "NumberOfFrames", 1))):
            raise ReadError(path, "its pixel data are damaged, or do not fit its header")
        belongs = kind != "parametric map" or bool(_quantities(data) & _SCORES)
        series = dict.fromkeys(_referenced_series(data)) if belongs else {}
    return ResultFile(path, kind, text(data, "SeriesDescription"), tuple(series))


def _referenced_series(data: Dataset) -> Iterator[str]:
    """SeriesInstanceUIDs of PS3.3 C.12.1.1.2 (Common Instance Reference) and C.17.2 (evidence of a report)."""
    for series in data.get("ReferencedSeriesSequence") or ():
        yield str(series.SeriesInstanceUID)
    for name in ("CurrentRequestedProcedureEvidenceSequence", "PertinentOtherEvidenceSequence"):
        for study in data.get(name) or ():
            for series in study.ReferencedSeriesSequence:
                yield str(series.SeriesInstanceUID)


def _source(path: Path, data: Dataset, found: ResultFile) -> Source:
    import highdicom

    with _understood(path):
        geometry: Any = highdicom.Image.from_dataset(data, copy=False).get_volume_geometry(allow_missing_positions=True)
        if geometry is None:
            raise ReadError(path, f"the slices of the {found.kind} do not form a volume")
        slices, rows, columns = geometry.spatial_shape
    return Source(
        paths=(path,),
        reader="results",
        series_instance_uid=text(data, "SeriesInstanceUID"),
        study_instance_uid=text(data, "StudyInstanceUID"),
        frame_of_reference_uid=text(data, "FrameOfReferenceUID"),
        modality=text(data, "Modality"),
        description=found.description or found.kind.capitalize(),
        series_number=whole(data, "SeriesNumber") or None,
        shape=(slices, rows, columns),
        spacing=spacing_of(geometry.affine),
        patient=patient_key(data),
        kind=RESULT,
    )


def _map_of(data: Dataset) -> tuple["Placed", str]:
    """Real-world values of a Parametric Map, and against what they are calibrated (``""`` for not at all)."""
    import highdicom

    image = highdicom.pm.ParametricMap.from_dataset(data, copy=False)
    placed = image.get_volume(apply_real_world_transform=True, dtype=np.float64, allow_missing_positions=True)
    explanation = str(next(_mappings(data), Dataset()).get("LUTExplanation", "") or "z-scores")
    calibrated = _Z_SCORE in _quantities(data)
    return placed, f"{explanation}, as stored in a DICOM Parametric Map" if calibrated else ""


def _quantities(data: Dataset) -> set[str]:
    """Codes of what the values of a Parametric Map are."""
    return {
        str(item.ConceptCodeSequence[0].CodeValue)
        for item in next(_mappings(data), Dataset()).get("QuantityDefinitionSequence") or ()
        if item.get("ConceptCodeSequence")
    }


def _mappings(data: Dataset) -> Iterator[Dataset]:
    """Real World Value Mappings (PS3.3 C.7.6.16.2.11), shared or of the frames."""
    groups = (*(data.get("SharedFunctionalGroupsSequence") or ()), *data.PerFrameFunctionalGroupsSequence)
    for group in groups:
        yield from group.get("RealWorldValueMappingSequence") or ()


def _segments(data: Dataset) -> Iterator[tuple[int, NDArray[Any], NDArray[np.float64]]]:
    """Give the segments (PS3.3 C.8.20): numbers, values (slices, rows, columns) and affine.

    All at once with 0 for their number, values being the numbers of segments; where they overlap or are fractions, one
    after another with its own number, values from 0 to 1.
    """
    import highdicom

    image = highdicom.seg.Segmentation.from_dataset(data, copy=False)
    if str(data.SegmentationType) == "BINARY":
        try:
            placed = image.get_volume(combine_segments=True)
        except RuntimeError:  # they overlap
            pass
        else:
            yield 0, placed.array, placed.affine
            return
    for number in image.segment_numbers:
        placed = image.get_volume(segment_numbers=[number], rescale_fractional=True)
        yield int(number), placed.array[..., 0], placed.affine


def _threshold_of_segments(data: Dataset) -> float | None:
    for segment in data.SegmentSequence:
        for algorithm in segment.get("SegmentationAlgorithmIdentificationSequence") or ():
            found = _THRESHOLD.search(str(algorithm.get("AlgorithmParameters", "")))
            if found is not None:
                return float(found[1])
    return None


def _findings_of(data: Dataset, original: Volume) -> tuple[list[Finding], float | None]:
    """Give findings of the regions of a TID 1500 report (PS3.16 TID 1410, 1411), and the threshold that it names."""
    import highdicom

    read = highdicom.sr.Comprehensive3DSR if data.SOPClassUID.endswith(".34") else highdicom.sr.ComprehensiveSR
    content = read.from_dataset(data, copy=False).content
    found: list[Finding] = []
    threshold: float | None = None
    for group in (*content.get_volumetric_roi_measurement_groups(), *content.get_planar_roi_measurement_groups()):
        points = _points(group.roi)
        if points is not None:
            found.append(_measured(finding_of_points(len(found) + 1, points, original), group, original))
        threshold = threshold or _threshold_of_group(group)
    return found, threshold


def _threshold_of_group(group: Any) -> float | None:
    """Find the threshold among the parameters of the algorithm (PS3.16 TID 4019)."""
    texts = (str(item.get("TextValue", "")) for item in group[0].ContentSequence)
    named = next(filter(None, map(_THRESHOLD.search, texts)), None)
    return None if named is None else float(named[1])


def _points(region: Any) -> NDArray[np.float64] | None:
    """LPS millimetres (n, 3) of a region in space; None for one that only refers to pixels or to a segment."""
    data = getattr(region, "graphic_data", None)  # of a volume surface
    if data is None and region is not None and region.ValueType == "SCOORD3D":
        data = region.value
    if data is None:
        return None
    parts = data if isinstance(data, list | tuple) else [data]
    return np.concatenate([np.asarray(part, np.float64).reshape(-1, 3) for part in parts])


def _measured(finding: Finding, group: Any, original: Volume) -> Finding:
    """Add the measurements of a group: volume, and maximum and mean of the score."""
    values: dict[str, float] = {}
    for item in group.get_measurements():
        code = item.derivation.value if item.derivation is not None else item.name.value
        values.setdefault(str(code), float(item.value))
    volume = values.get(_VOLUME, finding.volume_mm3)
    return replace(
        finding,
        volume_mm3=volume,
        voxels=0 if np.isnan(volume) else round(volume / original.voxel_volume),
        max_score=values.get(_MAXIMUM, finding.max_score),
        mean_score=values.get(_MEAN, finding.mean_score),
    )
