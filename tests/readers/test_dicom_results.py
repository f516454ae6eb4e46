"""Parametric Map, Segmentation and Structured Report: written, read back, equal."""

import shutil
from dataclasses import replace
from pathlib import Path

import highdicom
import numpy as np
import pydicom
import pytest
from pydicom.sr.codedict import codes

from medae import readers
from medae.exporters import export
from medae.progress import silent
from medae.readers import dicom_results
from medae.results import AnomalyMap, Result
from medae.volume import Volume
from tests.exporters.conftest import STEP, write_series

OUTPUTS = ("parametric-map", "segmentation", "structured-report")
CALIBRATION = "phantom"


def scored(volume: Volume) -> AnomalyMap:
    """Two regions: z 5 with a peak of 9, and z 4.2."""
    scores = np.zeros(volume.shape, np.float32)
    scores[1:4, 10:20, 10:20] = 5
    scores[2, 12, 12] = 9
    scores[4:6, 30:40, 20:30] = 4.2
    plain = Volume(scores, volume.affine, volume.modality, source=volume.source)
    return AnomalyMap(plain, 3.5, CALIBRATION, (replace(STEP, task="detect", bundle="ct-anomaly"),))


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, AnomalyMap]:
    """A CT in ``scan`` and its results in ``out``; not to be changed."""
    folder = tmp_path_factory.mktemp("study")
    write_series(folder / "scan")
    volume = readers.open_volume(folder / "scan")
    expected = scored(volume)
    export(Result(volume, anomaly_map=expected), folder / "out", OUTPUTS)
    return folder, expected


def attached(folder: Path, *kinds: str) -> Result:
    scan = readers.scan(folder)
    (source,) = [each for each in scan.sources if each.reader == "dicom"]
    wanted = [each for each in scan.results if not kinds or each.kind in kinds]
    return readers.attach(readers.read(source), wanted, silent)


@pytest.mark.parametrize("syntax", ["1.2.3", None])
def test_a_result_of_no_transfer_syntax_stops_nothing(
    study: tuple[Path, AnomalyMap], syntax: str | None, tmp_path: Path
) -> None:
    shutil.copytree(study[0] / "scan", tmp_path / "scan")
    (path,) = (study[0] / "out").glob("*_heatmap.dcm")
    data = pydicom.dcmread(path)
    for keyword in ("TransferSyntaxUID", "MediaStorageSOPInstanceUID"):
        del data.file_meta[keyword]
    if syntax:
        data.file_meta.TransferSyntaxUID = syntax
    pydicom.dcmwrite(tmp_path / "map.dcm", data, implicit_vr=False, little_endian=True)
    scan = readers.scan(tmp_path)
    assert len(scan.sources) == 1
    assert [each.reason.partition(" (")[0] for each in scan.skipped] == ["its content is not as expected"]


def test_a_result_whose_compressed_frames_do_not_fit_is_skipped(study: tuple[Path, AnomalyMap], tmp_path: Path) -> None:
    shutil.copytree(study[0] / "scan", tmp_path / "scan")
    result = attached(study[0])
    assert result.anomaly_map is not None
    (path,) = export(result, tmp_path / "out", ("parametric-map",), compression="jpeg-2000")
    whole = path.read_bytes()
    size = whole.rindex(b"\xff\x4f\xff\x51") + 12  # of the last frame: rows
    path.write_bytes(whole[:size] + b"\x00\xfc" + whole[size + 2 :])
    scan = readers.scan(tmp_path)
    assert len(scan.sources) == 1
    assert [each.reason for each in scan.skipped] == ["its pixel data are damaged, or do not fit its header"]


def test_results_belong_to_the_scan_that_they_refer_to(study: tuple[Path, AnomalyMap]) -> None:
    scan = readers.scan(study[0])
    (source,) = scan.sources
    assert scan.skipped == ()
    assert [each.kind for each in scan.results] == ["parametric map", "segmentation", "structured report"]
    assert all(source.series_instance_uid in each.series for each in scan.results)


def test_the_map_comes_back_with_values_geometry_and_findings(study: tuple[Path, AnomalyMap]) -> None:
    folder, expected = study
    found = attached(folder).anomaly_map
    assert found is not None
    np.testing.assert_allclose(found.volume.array, expected.volume.array, atol=2e-4)
    np.testing.assert_allclose(found.volume.affine, expected.volume.affine, atol=1e-3)
    assert found.threshold == expected.threshold
    assert "z-score" in found.calibration
    for one, other in zip(found.findings, expected.findings, strict=True):
        assert one.bounding_box == other.bounding_box
        assert (one.number, one.voxels, one.center_index) == (other.number, other.voxels, other.center_index)
        assert one.max_score == pytest.approx(other.max_score, abs=1e-3)
        np.testing.assert_allclose(one.center_lps, other.center_lps, atol=1e-3)


def test_the_exact_map_comes_back_bit_for_bit(study: tuple[Path, AnomalyMap], tmp_path: Path) -> None:
    folder, expected = study
    volume = readers.open_volume(folder / "scan")
    (path,) = export(
        Result(volume, anomaly_map=expected),
        tmp_path / "exact",
        ("parametric-map",),
        options={"parametric-map": {"float32": True}},
    )
    (found,) = dicom_results.scan([path], silent).results
    result = readers.attach(volume, [found], silent)
    assert result.anomaly_map is not None
    np.testing.assert_array_equal(result.anomaly_map.volume.array, expected.volume.array)


def test_the_report_comes_back_as_findings(study: tuple[Path, AnomalyMap]) -> None:
    folder, expected = study
    result = attached(folder, "structured report")
    assert result.anomaly_map is None
    for one, other in zip(result.findings, expected.findings, strict=True):
        assert (one.number, one.bounding_box, one.voxels) == (other.number, other.bounding_box, other.voxels)
        assert one.volume_mm3 == pytest.approx(other.volume_mm3, abs=1e-2)
        assert one.max_score == pytest.approx(other.max_score, abs=1e-3)
        assert one.mean_score == pytest.approx(other.mean_score, abs=1e-3)


def test_segments_come_back_as_outlines_and_findings(study: tuple[Path, AnomalyMap]) -> None:
    folder, expected = study
    result = attached(folder, "segmentation")
    assert result.original.overlays is not None
    square = np.zeros((10, 10), bool)
    square[[0, -1], :] = square[:, [0, -1]] = True
    np.testing.assert_array_equal(result.original.overlays[2, 10:20, 10:20], square)
    assert result.original.overlays.sum() == 5 * square.sum()
    assert [each.bounding_box for each in result.findings] == [each.bounding_box for each in expected.findings]
    assert [each.voxels for each in result.findings] == [each.voxels for each in expected.findings]
    assert np.isnan(result.findings[0].max_score)


def segmentation(folder: Path, kind: str, fractions: np.ndarray, path: Path) -> Path:
    """Write a segmentation over all slices of the scan; a fourth axis means several segments."""
    sources = [pydicom.dcmread(each) for each in sorted((folder / "scan").iterdir())]
    segments = [
        highdicom.seg.SegmentDescription(
            n + 1, f"organ {n}", codes.SCT.Organ, codes.SCT.Liver, highdicom.seg.SegmentAlgorithmTypeValues.MANUAL
        )
        for n in range(fractions.shape[3] if fractions.ndim == 4 else 1)
    ]
    with pydicom.config.disable_value_validation():
        written = highdicom.seg.Segmentation(
            sources,
            fractions,
            kind,
            segments,
            series_instance_uid=highdicom.UID(),
            series_number=9,
            sop_instance_uid=highdicom.UID(),
            instance_number=1,
            manufacturer="other",
            manufacturer_model_name="other",
            software_versions="1",
            device_serial_number="1",
        )
        written.save_as(path)
    return path


def test_a_fractional_segmentation_of_others_is_outlined_at_one_half(
    study: tuple[Path, AnomalyMap], tmp_path: Path
) -> None:
    folder, _ = study
    fractions = np.zeros((6, 48, 40), np.float32)
    fractions[3, 10:20, 10:20] = 0.25
    fractions[3, 12:18, 12:18] = 0.75
    path = segmentation(folder, "FRACTIONAL", fractions, tmp_path / "seg.dcm")
    volume = readers.open_volume(folder / "scan")
    found = dicom_results.scan([path], silent)
    (finding,) = readers.attach(volume, found.results, silent).findings
    assert finding.bounding_box == ((3, 12, 12), (4, 18, 18))
    alone = readers.read(found.sources[0])
    assert alone.array.dtype == np.float32
    assert set(np.round(np.unique(alone.array), 2)) == {0, np.float32(0.25), np.float32(0.75)}


def test_segments_that_overlap_are_all_outlined(study: tuple[Path, AnomalyMap], tmp_path: Path) -> None:
    folder, _ = study
    masks = np.zeros((6, 48, 40, 2), np.uint8)
    masks[3, 10:20, 10:20, 0] = masks[3, 15:25, 15:25, 1] = 1
    path = segmentation(folder, "BINARY", masks, tmp_path / "seg.dcm")
    volume = readers.open_volume(folder / "scan")
    found = dicom_results.scan([path], silent)
    boxes = [each.bounding_box for each in readers.attach(volume, found.results, silent).findings]
    assert boxes == [((3, 10, 10), (4, 20, 20)), ((3, 15, 15), (4, 25, 25))]
    assert set(np.unique(readers.read(found.sources[0]).array)) == {0, 1, 2}


def test_a_map_of_something_else_is_a_volume_by_itself(study: tuple[Path, AnomalyMap], tmp_path: Path) -> None:
    folder, _ = study
    other = pydicom.dcmread(folder / "out" / "series_heatmap.dcm")
    for group in (*other.SharedFunctionalGroupsSequence, *other.PerFrameFunctionalGroupsSequence):
        for mapping in group.get("RealWorldValueMappingSequence", ()):
            mapping.QuantityDefinitionSequence[0].ConceptCodeSequence[0].CodeValue = "113041"  # ADC
    shutil.copytree(folder / "scan", tmp_path / "scan")
    other.save_as(tmp_path / "adc.dcm")
    scan = readers.scan(tmp_path)
    assert scan.results == ()
    assert [source.reader for source in scan.sources] == ["results", "dicom"]


def test_without_its_scan_a_map_and_a_segmentation_are_volumes(study: tuple[Path, AnomalyMap]) -> None:
    folder, expected = study
    scan = readers.scan(folder / "out")
    assert scan.results == ()
    assert [each.reason for each in scan.skipped] == [readers.scanning.WITHOUT_SCAN]
    values, labels = (readers.read(source) for source in scan.sources)
    np.testing.assert_allclose(values.array, expected.volume.array, atol=2e-4)
    np.testing.assert_allclose(values.affine, expected.volume.affine, atol=1e-3)
    assert [source.shape for source in scan.sources] == [values.shape, labels.shape]
    assert np.bincount(labels.array.ravel())[1:].tolist() == [each.voxels for each in expected.findings]
    center = labels.to_index(expected.findings[0].center_lps).round().astype(int)
    assert labels.array[tuple(center)] == 1


def test_the_number_of_another_class_is_not_mistaken(study: tuple[Path, AnomalyMap]) -> None:
    for path in (study[0] / "scan").iterdir():
        assert not dicom_results.accepts(path, path.read_bytes()[:512])
    for path in (study[0] / "out").iterdir():
        assert dicom_results.accepts(path, path.read_bytes()[:512])
    assert not dicom_results.accepts(Path("a"), b"")


def _cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


def _without_frames(data: bytes) -> bytes:
    return data.replace(b"\x00\x52\x30\x92SQ", b"\x00\x52\x31\x92SQ")  # Per-frame Functional Groups


def _without_content(data: bytes) -> bytes:
    return data.replace(b"\x40\x00\x30\xa7SQ", b"\x40\x00\x31\xa7SQ")  # Content Sequence


@pytest.mark.parametrize("damage", [_cut, _without_frames, _without_content])
def test_damaged_results_are_named_and_the_scan_is_shown(
    study: tuple[Path, AnomalyMap], tmp_path: Path, damage: object
) -> None:
    folder, _ = study
    volume = readers.open_volume(folder / "scan")
    for path in (folder / "out").iterdir():
        original = path.read_bytes()
        broken = damage(original)  # type: ignore[operator]
        if broken == original:
            continue
        bad = tmp_path / path.name
        bad.write_bytes(broken)
        found = dicom_results.scan([bad], silent)
        if not found.results:
            assert len(found.skipped) == 1
            continue
        result = readers.attach(volume, found.results, silent)
        assert result.anomaly_map is None
        assert result.findings == ()
        assert any(path.name in warning for warning in result.original.source.warnings), path.name


def test_patients_are_not_named_in_what_is_said(study: tuple[Path, AnomalyMap], tmp_path: Path) -> None:
    folder, _ = study
    bad = tmp_path / "map.dcm"
    bad.write_bytes(_without_frames((folder / "out" / "series_heatmap.dcm").read_bytes()))
    for each in dicom_results.scan([bad], silent).skipped:
        assert "Müller" not in each.reason
