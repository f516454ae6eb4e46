"""One table of all exporters: what every one of them must do."""

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pydicom
import pytest
from pydicom.data import get_testdata_file

from medae import readers
from medae.errors import Cancelled, SettingsError, UnsupportedVolume
from medae.exporters import EXPORTERS, export
from medae.exporters.exporter import ExporterOptions
from medae.results import Result

from .conftest import result_of, volume_of

FILES = {
    "derived-series": ["s_denoised/0001.dcm", "s_denoised/0006.dcm"],
    "parametric-map": ["s_heatmap.dcm"],
    "secondary-capture": ["s_heatmap_sc/0001.dcm", "s_heatmap_sc/0006.dcm"],
    "segmentation": ["s_heatmap_seg.dcm"],
    "structured-report": ["s_heatmap_sr.dcm"],
    "presentation-state": ["s_presentation.dcm"],
    "nifti": ["s_denoised.nii.gz", "s_denoised.json", "s_heatmap.nii.gz", "s_heatmap.json"],
    "png": ["s_denoised.png", "s_heatmap.png"],
    "animation": ["s_denoised.gif", "s_heatmap.gif"],
    "findings": ["s_findings.json", "s_findings.csv"],
    "trust-report": ["s_trust.html", "s_trust.pdf"],
}
DICOM = [key for key in EXPORTERS if FILES[key][0].endswith(".dcm")]
every = pytest.mark.parametrize("key", EXPORTERS)
every_dicom = pytest.mark.parametrize("key", DICOM)


def test_table_is_complete() -> None:
    assert set(FILES) == set(EXPORTERS)


@every
def test_has_a_title_options_with_descriptions_and_defaults(key: str) -> None:
    exporter = EXPORTERS[key]
    assert exporter.TITLE
    assert issubclass(exporter.Options, ExporterOptions)
    exporter.Options()
    assert all(field.description for field in exporter.Options.model_fields.values())


@every
def test_writes_the_named_files_and_nothing_else(key: str, ct: Result, tmp_path: Path) -> None:
    out = tmp_path / "out"
    paths = export(ct, out, (key,), name="s")
    assert set(FILES[key]) <= {path.relative_to(out).as_posix() for path in paths}
    assert set(paths) == {path for path in out.rglob("*") if path.is_file()}
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


@every
def test_outputs_are_named_and_counted_before(key: str, ct: Result, tmp_path: Path) -> None:
    exporter, out = EXPORTERS[key], tmp_path / "out"
    told = exporter.outputs(ct, "s", exporter.Options())
    written = {path.relative_to(out) for path in export(ct, out, (key,), name="s")}
    assert sum(output.files for output in told) == len(written)
    for output in told:
        files = [path for path in written if path.is_relative_to(output.name)]
        assert len(files) == output.files
        size = sum((out / path).stat().st_size for path in files)
        assert output.size is None or 0.6 * size - 2000 < output.size < 1.6 * size + 9000
        if key in DICOM:
            assert pydicom.dcmread(out / files[0]).SeriesDescription == output.description


@every
def test_refuses_a_result_with_nothing_in_it(key: str, ct: Result, tmp_path: Path) -> None:
    with pytest.raises(UnsupportedVolume, match=r"yet|first"):
        export(Result(ct.original), tmp_path / "out", (key,))
    assert not (tmp_path / "out").exists()


@every
def test_cancel_leaves_nothing(key: str, ct: Result, tmp_path: Path) -> None:
    def stop(fraction: float, message: str = "", /) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        export(ct, tmp_path / "out", (key,), report=stop)
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


@every
def test_reports_progress_upwards(key: str, ct: Result, tmp_path: Path) -> None:
    fractions: list[float] = []
    export(ct, tmp_path / "out", (key,), report=lambda fraction, message="", /: fractions.append(fraction))
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0


@every
def test_unknown_option_is_named(key: str, ct: Result, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="nonsense"):
        export(ct, tmp_path / "out", (key,), options={key: {"nonsense": 1}})


@every_dicom
def test_scan_that_is_no_dicom_is_refused_with_the_reason(key: str, in_memory: Result) -> None:
    assert EXPORTERS[key].accepts(in_memory) == "the scan is not DICOM; use nifti"


@every_dicom
@pytest.mark.parametrize("modality", ["ct", "mr"])
def test_dciodvfy_finds_no_error(
    key: str,
    modality: str,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    dciodvfy: Callable[[Path], set[str]],
) -> None:
    result = request.getfixturevalue(modality)
    paths = export(result, tmp_path / "out", (key,))
    assert dciodvfy(paths[0]) == set()
    assert dciodvfy(paths[-1]) == set()


@every_dicom
@pytest.mark.parametrize("scan", ["ct/acrin-flt-breast-001", "mr/sag-anon"])
def test_real_scans_get_no_error_beyond_their_own(
    key: str, scan: str, shared_data: Path, tmp_path: Path, dciodvfy: Callable[[Path], set[str]]
) -> None:
    files = sorted((shared_data / scan).iterdir())[20:26]
    result = result_of(volume_of(files))
    own = dciodvfy(files[0])
    for path in export(result, tmp_path, (key,)):
        assert dciodvfy(path) <= own


@every_dicom
def test_joins_study_and_frame_of_reference_under_new_uids(key: str, ct: Result, tmp_path: Path) -> None:
    source = pydicom.dcmread(ct.original.source.paths[0])
    paths = export(ct, tmp_path / "out", (key,))
    written = pydicom.dcmread(paths[0])
    assert written.StudyInstanceUID == source.StudyInstanceUID
    assert written.PatientName == source.PatientName
    assert written.PatientID == source.PatientID
    assert written.SeriesInstanceUID != source.SeriesInstanceUID
    assert written.SeriesNumber >= 9003
    if key not in ("structured-report", "presentation-state"):
        assert written.FrameOfReferenceUID == source.FrameOfReferenceUID
    equipment = written.ContributingEquipmentSequence[-1]
    assert equipment.PurposeOfReferenceCodeSequence[0].CodeValue == "109102"
    assert equipment.Manufacturer == "MedAE"


@every_dicom
def test_uids_are_new_each_time_unless_deterministic(key: str, ct: Result, tmp_path: Path) -> None:
    def written(folder: str, deterministic: bool) -> list[pydicom.Dataset]:
        options = {"deterministic_uids": deterministic}
        return [pydicom.dcmread(path) for path in export(ct, tmp_path / folder, (key,), options=options)]

    def uids(datasets: list[pydicom.Dataset]) -> list[str]:
        return [str(element.value) for ds in datasets for element in ds.iterall() if element.VR == "UI"]

    first, second = written("1", False)[0], written("2", False)[0]
    assert first.SOPInstanceUID != second.SOPInstanceUID
    assert first.SeriesInstanceUID != second.SeriesInstanceUID
    assert uids(written("3", True)) == uids(written("4", True))


@every_dicom
def test_no_patient_in_file_names_and_logs(
    key: str, ct: Result, tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    paths = export(ct, tmp_path / "out", (key,))
    said = caplog.text + "".join(capfd.readouterr()) + " ".join(map(str, paths))
    assert "Müller" not in said


def test_heavy_libraries_are_not_imported_by_the_list() -> None:
    import subprocess

    code = "import sys, medae.exporters; print({'highdicom', 'SimpleITK', 'scipy', 'torch'} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()"


def test_findings_tables_are_written_without_findings(ct: Result, tmp_path: Path) -> None:
    assert ct.anomaly_map is not None
    quiet = replace(ct, anomaly_map=replace(ct.anomaly_map, threshold=99.0))
    assert len(export(quiet, tmp_path / "out", ("findings", "parametric-map", "png"))) == 5
    for key in ("segmentation", "structured-report"):
        assert "threshold" in (EXPORTERS[key].accepts(quiet) or "")


@pytest.mark.parametrize(
    ("name", "key", "reason"),
    [
        ("J2K_pixelrep_mismatch.dcm", "derived-series", None),
        ("JPEGLSNearLossless_08.dcm", "derived-series", "no study or no series"),
        ("JPEG-lossy.dcm", "parametric-map", "no position in space"),
        ("SC_rgb_rle_2frame.dcm", "presentation-state", "in colour"),
    ],
)
def test_odd_files_of_pydicom_are_written_or_refused_before(
    name: str, key: str, reason: str | None, tmp_path: Path
) -> None:
    volume = readers.open_volume(Path(str(get_testdata_file(name))))
    result = result_of(volume)
    said = EXPORTERS[key].accepts(result)
    if reason is None:
        assert said is None
        assert export(result, tmp_path / "out", (key,))
    else:
        assert reason in (said or "")
