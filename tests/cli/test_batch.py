import json

import pydicom
import pytest

from medae.cli.batch import read_recipe
from medae.errors import SettingsError


def test_a_second_run_skips_what_is_done(medae, tree, tmp_path) -> None:
    out = tmp_path / "out"
    first = medae("batch", tree, out, "--model", "none", "--json")
    assert first.exit_code == 1  # two broken files
    assert [series["status"] for series in json.loads(first.stdout)["series"]] == ["done", "done"]
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*.dcm")}
    assert len(before) == 6
    second = medae("batch", tree, out, "--model", "none", "--json")
    assert [series["status"] for series in json.loads(second.stdout)["series"]] == ["skipped", "skipped"]
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*.dcm")} == before


def test_all_good_is_exit_code_0_and_a_closing_line(medae, series, tmp_path) -> None:
    result = medae("batch", series, tmp_path / "out", "--model", "none")
    assert result.exit_code == 0, result.stderr
    assert "1 done" in result.stdout
    again = medae("batch", series, tmp_path / "out", "--model", "none")
    assert again.exit_code == 0
    assert "1 done before and unchanged" in again.stdout


def test_broken_files_are_named(medae, tree, tmp_path) -> None:
    result = medae("batch", tree, tmp_path / "out", "--model", "none", "--report", tmp_path / "r.json")
    assert "notes.txt" in result.stderr
    assert "cut.dcm" in result.stderr
    assert json.loads((tmp_path / "r.json").read_text())["failures"] == 2


def test_the_report_tells_what_denoising_did(medae, series, tmp_path) -> None:
    arguments = ("batch", series, tmp_path / "out", "--model", "none", "--format", "nifti,trust")
    assert medae(*arguments, "--report", tmp_path / "r.json").exit_code == 0
    (one,) = json.loads((tmp_path / "r.json").read_text())["series"]
    assert one["trust"]["model"] == "none"
    assert {path.rpartition(".")[2] for path in one["files"]} == {"gz", "json", "html", "pdf"}
    assert "1 done before" in medae(*arguments).stdout  # measuring does not make it another job
    assert medae("batch", series, tmp_path / "out", "--report", tmp_path / "r.pdf").exit_code == 2


def test_what_is_odd_about_a_series_is_said(medae, series, tmp_path) -> None:
    folder = tmp_path / "gap"
    folder.mkdir()
    for number, path in enumerate(sorted(series.iterdir())):
        scan = pydicom.dcmread(path)
        x, y, z = scan.ImagePositionPatient
        scan.ImagePositionPatient = [x, y, z + (20 if number == 2 else 0)]
        scan.save_as(folder / path.name)
    result = medae("batch", folder, tmp_path / "out", "--model", "none", "--report", tmp_path / "r.json")
    assert result.exit_code == 0
    (one,) = json.loads((tmp_path / "r.json").read_text())["series"]
    assert one["warnings"]
    assert one["warnings"][0] in result.stderr


def test_a_recipe_says_what_to_do(medae, series, tmp_path) -> None:
    recipe = tmp_path / "recipe.json"
    recipe.write_text('{"denoise": "none", "exports": ["nifti"]}')
    assert medae("batch", series, tmp_path / "out", "--recipe", recipe).exit_code == 0
    assert [path.name for path in (tmp_path / "out").rglob("*.nii.gz")] == ["t1_denoised.nii.gz"]


@pytest.mark.parametrize("text", ["[]", "{", '{"denoise": 3}', '{"paint": true}'])
def test_a_recipe_that_makes_no_sense_is_refused(tmp_path, text: str) -> None:
    path = tmp_path / "recipe.json"
    path.write_text(text)
    with pytest.raises(SettingsError, match=r"recipe\.json"):
        read_recipe(path)
