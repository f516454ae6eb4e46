import json
import re

import numpy as np
import pydicom
import pytest

from medae.readers import open_volume


def digest(folder) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_single_series_goes_straight_into_an_empty_folder(medae, series, tmp_path) -> None:
    out = tmp_path / "out"
    result = medae("denoise", series, out, "--model", "none")
    assert result.exit_code == 0, result.stderr
    assert sorted(path.name for path in out.iterdir()) == ["0001.dcm", "0002.dcm", "0003.dcm"]
    before, after = open_volume(series), open_volume(out)
    assert np.array_equal(before.array, after.array)
    assert np.allclose(before.affine, after.affine, atol=1e-3)


def test_beside_other_files_it_gets_a_folder_of_its_own(medae, series, tmp_path) -> None:
    (tmp_path / "there.txt").write_text("mine")
    assert medae("denoise", series, tmp_path, "--model", "none").exit_code == 0
    assert len(list((tmp_path / "t1_denoised").glob("*.dcm"))) == 3


def test_a_second_run_replaces_nothing_unless_told(medae, series, tmp_path) -> None:
    (tmp_path / "there.txt").write_text("mine")
    assert medae("denoise", series, tmp_path, "--model", "none").exit_code == 0
    before = digest(tmp_path)
    again = medae("denoise", series, tmp_path, "--model", "none")
    assert again.exit_code == 1
    assert "exists already" in again.stderr
    assert digest(tmp_path) == before
    assert medae("denoise", series, tmp_path, "--model", "none", "--overwrite").exit_code == 0


def test_overwriting_replaces_images_that_lie_straight_in_the_folder(medae, series, tmp_path) -> None:
    out = tmp_path / "out"
    assert medae("denoise", series, out, "--model", "none").exit_code == 0
    before = digest(out)
    assert medae("denoise", series, out, "--model", "none").exit_code == 1
    assert digest(out) == before
    assert medae("denoise", series, out, "--model", "none", "--overwrite").exit_code == 0
    after = digest(out)
    assert after.keys() == before.keys()
    assert all(after[path] != before[path] for path in before)  # new UIDs


def test_what_lies_in_out_is_no_input(medae, tree, tmp_path) -> None:
    out = tree / "out"
    assert medae("denoise", tree, out, "--model", "none").exit_code == 1
    again = medae("denoise", tree, out, "--model", "none", "--overwrite", "--json")
    assert [series["status"] for series in json.loads(again.stdout)["series"]] == ["done", "done"]
    assert {path.name for path in out.iterdir()} == {"one_denoised", "two_denoised"}


@pytest.mark.parametrize("name", ["clean.nii", "clean.dcm", "clean.mha", "there"])
def test_a_file_that_cannot_be_written_is_a_usage_error(medae, nifti, tmp_path, name: str) -> None:
    (tmp_path / "there").write_text("mine")
    assert medae("denoise", nifti, tmp_path / name, "--model", "none").exit_code == 2
    assert [path.name for path in tmp_path.iterdir()] == ["there"]


def test_a_volume_file_for_a_single_series(medae, nifti, series, tmp_path) -> None:
    out = tmp_path / "clean.nii.gz"
    assert medae("denoise", nifti, out, "--model", "none", "--modality", "MR").exit_code == 0
    assert np.array_equal(open_volume(nifti).array, open_volume(out).array)
    assert [path.name for path in tmp_path.iterdir()] == ["clean.nii.gz"]
    other = tmp_path / "t1.nii.gz"
    assert medae("denoise", series, other, "--model", "none").exit_code == 0
    assert np.allclose(open_volume(other).affine, open_volume(series).affine, atol=1e-3)


def test_the_input_is_never_written_over(medae, nifti, series) -> None:
    before = digest(nifti.parent)
    assert medae("denoise", nifti, nifti, "--model", "none", "--overwrite", "--modality", "MR").exit_code == 2
    assert medae("denoise", series, series, "--model", "none", "--overwrite").exit_code == 2
    assert digest(nifti.parent) == before


def test_several_series_do_not_fit_into_one_file(medae, tree, tmp_path) -> None:
    assert medae("denoise", tree, tmp_path / "one.nii.gz", "--model", "none").exit_code == 2


def test_a_volume_file_is_nifti(medae, series, tmp_path) -> None:
    result = medae("denoise", series, tmp_path / "one.nii.gz", "--format", "dicom")
    assert result.exit_code == 2


def test_dicom_can_leave_as_nifti(medae, series, tmp_path) -> None:
    assert medae("denoise", series, tmp_path / "out", "--model", "none", "--format", "nifti").exit_code == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"t1_denoised.nii.gz", "t1_denoised.json"}


def test_the_rest_is_done_and_broken_files_are_named(medae, tree, tmp_path) -> None:
    result = medae("denoise", tree, tmp_path / "out", "--model", "none", "--json")
    assert result.exit_code == 1
    run = json.loads(result.stdout)
    assert [series["status"] for series in run["series"]] == ["done", "done"]
    assert len(run["skipped"]) == 2
    assert "notes.txt" in result.stderr
    assert "cut.dcm" in result.stderr
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"one_denoised", "two_denoised"}


def test_the_report_tells_what_denoising_did(medae, series, tmp_path) -> None:
    report = tmp_path / "report.json"
    assert medae("denoise", series, tmp_path / "out", "--model", "none", "--report", report).exit_code == 0
    (one,) = json.loads(report.read_text())["series"]
    assert one["trust"]["model"] == "none"
    assert one["trust"]["residual_std"] == 0.0
    assert one["trust"]["unit"] == "1"


def test_without_a_report_nothing_is_measured(medae, series, tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("medae.quality.measure", lambda *_: pytest.fail("measured"))
    assert medae("denoise", series, tmp_path / "out", "--model", "none").exit_code == 0


def test_the_report_as_pages(medae, tree, tmp_path) -> None:
    (tree / "notes.txt").unlink()
    (tree / "cut.dcm").unlink()
    page, document = tmp_path / "deep" / "trust.html", tmp_path / "trust.PDF"
    assert medae("denoise", tree, tmp_path / "a", "--model", "none", "--report", page).exit_code == 0
    assert page.read_text("utf-8").count("<main>") == 2
    assert [path.name for path in page.parent.iterdir()] == ["trust.html"]
    assert medae("denoise", tree, tmp_path / "b", "--model", "none", "--report", document).exit_code == 0
    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", document.read_bytes())) == 2


def test_pages_beside_the_outputs(medae, series, tmp_path) -> None:
    out = tmp_path / "out"
    assert medae("denoise", series, out, "--model", "none", "--format", "nifti,trust").exit_code == 0
    assert {path.name for path in out.iterdir()} == {
        f"t1_{name}" for name in ("denoised.nii.gz", "denoised.json", "trust.html", "trust.pdf")
    }


@pytest.mark.parametrize(("command", "name"), [("denoise", "report.txt"), ("denoise", "report"), ("detect", "r.pdf")])
def test_a_report_of_another_ending_is_a_usage_error(medae, series, tmp_path, command: str, name: str) -> None:
    result = medae(command, series, tmp_path / "out", "--report", tmp_path / name)
    assert result.exit_code == 2
    assert ".json" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_report_says_how_it_was_made(medae, series, tmp_path) -> None:
    report = tmp_path / "report.json"
    medae("denoise", series, tmp_path / "out", "--model", "none", "--strength", "0.5", "--report", report)
    (one,) = json.loads(report.read_text())["series"]
    assert one["status"] == "done"
    assert one["modality"] == "MR"
    assert one["shape"] == [3, 48, 40]
    assert len(one["files"]) == 3
    assert one["provenance"][0]["bundle"] == "none"
    assert one["provenance"][0]["options"] == {"strength": 0.5}


def test_adapt_is_passed_on_and_recorded(medae, series, tmp_path, monkeypatch) -> None:
    from medae import bundle
    from medae.inference.adapted import Adapted

    network = bundle.load_network(bundle.choose("denoise", "MR"))
    notes = {"kept": True, "weights_sha256": "ab12", "loss_before": 0.2, "loss_after": 0.1}
    monkeypatch.setattr("medae.training.adapt.adapt", lambda *given: Adapted(network, notes))
    result = medae("denoise", series, tmp_path / "out", "--adapt", "--json")
    assert result.exit_code == 0, result.stderr
    (one,) = json.loads(result.stdout)["series"]
    assert one["provenance"][0]["notes"]["adapted"] == notes
    header = pydicom.dcmread(tmp_path / "out" / "0001.dcm")
    assert "adapted=to this scan, its weights SHA-256 ab12" in header.DerivationDescription


def test_no_model_cannot_adapt(medae, series, tmp_path) -> None:
    result = medae("denoise", series, tmp_path / "out", "--model", "none", "--adapt")
    assert result.exit_code == 1
    assert "no network" in result.stderr


def test_a_defect_in_one_series_does_not_stop_the_others(medae, tree, tmp_path, monkeypatch) -> None:
    import medae.jobs.run as module

    real, calls = module.run, []

    def run(job, *arguments, **options):
        calls.append(job)
        if len(calls) == 1:
            raise RuntimeError("a defect")
        return real(job, *arguments, **options)

    monkeypatch.setattr(module, "run", run)
    result = medae("denoise", tree, tmp_path / "out", "--model", "none", "--json")
    assert result.exit_code == 1
    assert [series["status"] for series in json.loads(result.stdout)["series"]] == ["failed", "done"]


def test_an_unknown_model_is_said_once(medae, tree, tmp_path) -> None:
    result = medae("denoise", tree, tmp_path / "out", "--model", "nothing-like-it")
    assert result.exit_code == 1
    assert result.stderr.count("nothing-like-it") == 1
    assert not (tmp_path / "out").exists()


def test_a_nifti_without_modality_says_what_to_do(medae, nifti, tmp_path) -> None:
    result = medae("denoise", nifti, tmp_path / "out")
    assert result.exit_code == 1
    assert "--modality" in result.stderr


def test_no_scan_at_all_is_a_failure(medae, tmp_path) -> None:
    (tmp_path / "in").mkdir()
    assert medae("denoise", tmp_path / "in", tmp_path / "out").exit_code == 1


def test_ctrl_c_leaves_nothing(medae, series, tmp_path, monkeypatch) -> None:
    def interrupted(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("medae.jobs.run.run", interrupted)
    result = medae("denoise", series, tmp_path / "out", "--model", "none", "--report", tmp_path / "r.json")
    assert result.exit_code == 130
    assert [path.name for path in tmp_path.iterdir()] == ["r.json"]


@pytest.mark.parametrize("form", ["pm,sc,png", "nifti"])
def test_detect_writes_heatmaps_and_findings(medae, series, tmp_path, form: str) -> None:
    result = medae("detect", series, tmp_path / "out", "--format", form, "--json")
    assert result.exit_code == 0, result.stderr
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"t1_findings.json", "t1_findings.csv"} < names
    if form == "nifti":
        assert open_volume(tmp_path / "out" / "t1_heatmap.nii.gz").shape == (3, 48, 40)
    else:
        assert pydicom.dcmread(tmp_path / "out" / "t1_heatmap.dcm").Modality == "OT"
        assert {"t1_heatmap_sc", "t1_heatmap.png"} < names
    (one,) = json.loads(result.stdout)["series"]
    assert isinstance(one["findings"], list)
