"""``medae export``: scans and earlier results in the formats asked for."""

import json
from pathlib import Path

import numpy as np
import pydicom
import pytest

from medae.readers import open_volume


def test_a_scan_leaves_as_other_formats(medae, series, tmp_path) -> None:
    out = tmp_path / "out"
    done = medae("export", series, out, "--format", "nifti,animation,dicom")
    assert done.exit_code == 0, done.stderr
    names = {path.name for path in out.iterdir()}
    assert names == {"t1_denoised.nii.gz", "t1_denoised.json", "t1_denoised.gif", "t1_denoised"}
    np.testing.assert_array_equal(open_volume(out / "t1_denoised").array, open_volume(series).array)


def test_an_earlier_run_leaves_again(medae, series, tmp_path) -> None:
    record = tmp_path / "run.json"
    assert medae("denoise", series, tmp_path / "first", "--model", "none", "--report", record).exit_code == 0
    assert "job" in json.loads(record.read_text())["series"][0]
    done = medae("export", record, tmp_path / "out", "--format", "nifti,gsps")
    assert done.exit_code == 0, done.stderr
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "t1_denoised.nii.gz",
        "t1_denoised.json",
        "t1_presentation.dcm",
    }


def test_a_batch_leaves_again(medae, series, tmp_path) -> None:
    assert medae("batch", series, tmp_path / "first", "--model", "none").exit_code == 0
    done = medae("export", tmp_path / "first", tmp_path / "out", "--format", "png")
    assert done.exit_code == 0, done.stderr
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["t1_denoised.png"]


def test_deidentified_with_neutral_names_and_one_map(medae, tree, tmp_path) -> None:
    sources = [path for name in ("one", "two") for path in sorted((tree / name).glob("*.dcm"))]
    study = pydicom.dcmread(sources[0]).StudyInstanceUID
    for path in sources:
        ds = pydicom.dcmread(path)
        ds.StudyInstanceUID, ds.PatientID, ds.PatientName = study, "P-1234", "Doe^Jane"
        ds.save_as(path)
    done = medae("export", tree, tmp_path / "out", "--deidentify", "--dates", "shift", "--keep", "patient", "--json")
    assert done.exit_code == 1  # the two broken files
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"scan-001_denoised", "scan-002_denoised"}
    written = [pydicom.dcmread(path) for path in sorted((tmp_path / "out").rglob("*.dcm"))]
    assert len({ds.StudyInstanceUID for ds in written}) == 1
    assert written[0].StudyInstanceUID != study
    assert {ds.PatientID for ds in written} != {"P-1234"}
    assert all("Doe" not in str(ds) for ds in written)
    run = json.loads(done.stdout)
    assert any("face" in warning for warning in run["series"][0]["warnings"])


def test_compression_uids_and_options(medae, series, tmp_path) -> None:
    arguments = ("--compression", "jpeg-ls", "--deterministic-uids", "--set", "dicom.flat=true")
    written = []
    for folder in ("1", "2"):
        assert medae("export", series, tmp_path / folder, *arguments).exit_code == 0
        written.append(pydicom.dcmread(tmp_path / folder / "0001.dcm"))
    assert written[0].SOPInstanceUID == written[1].SOPInstanceUID
    assert written[0].file_meta.TransferSyntaxUID == pydicom.uid.JPEGLSLossless


def test_dry_run_tells_and_writes_nothing(medae, series, tmp_path) -> None:
    done = medae("export", series, tmp_path / "out", "--format", "dicom,nifti", "--model", "auto", "--dry-run")
    assert done.exit_code == 0, done.stderr
    assert not (tmp_path / "out").exists()
    lines = done.stdout.splitlines()
    assert "t1_denoised: 3 files, about" in lines[0]
    assert "MedAE denoised" in lines[0]
    assert "t1_denoised.nii.gz: 1 file" in lines[1]
    failed = medae("export", series, tmp_path / "out", "--format", "pm", "--dry-run")
    assert failed.exit_code == 1
    assert "no heatmap" in failed.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--format", "tape"), "is not one of"),
        (("--set", "flat=true"), "FORMAT.NAME=VALUE"),
        (("--deidentify", "--keep", "names"), "is not one of"),
        (("--deidentify", "--patient-id", "a\\b"), "backslash"),
    ],
)
def test_command_lines_that_make_no_sense(arguments, said, medae, series, tmp_path: Path) -> None:
    done = medae("export", series, tmp_path / "out", *arguments)
    assert done.exit_code == 2
    assert said in " ".join(done.stderr.replace("│", " ").split())
    assert not (tmp_path / "out").exists()


def test_an_unknown_option_is_named(medae, series, tmp_path) -> None:
    done = medae("export", series, tmp_path / "out", "--set", "dicom.nonsense=1")
    assert done.exit_code == 1
    assert "nonsense" in done.stderr
