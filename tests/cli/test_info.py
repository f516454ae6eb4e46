import json
import shutil

import numpy as np
import pytest

from medae import readers
from medae.cli.info import orientation_letters
from medae.exporters import export
from medae.results import AnomalyMap, Result
from medae.volume import Volume


def test_json_gives_the_geometry(medae, series) -> None:
    result = medae("info", series, "--json")
    assert result.exit_code == 0
    (facts,) = json.loads(result.stdout)["series"]
    assert facts["shape"] == [3, 48, 40]
    assert facts["spacing"] == pytest.approx([5, 4, 4])
    assert facts["orientation"] == "SPL"
    assert facts["modality"] == "MR"
    assert facts["dtype"] == "uint16"
    affine = np.array(facts["affine"])
    assert affine.shape == (4, 4)
    assert affine[:3, 3] == pytest.approx(facts["origin"])
    low, high = facts["value_range"]
    assert 0 <= low < high < 4096


def test_a_modality_given_by_hand_is_shown(medae, nifti) -> None:
    result = medae("info", nifti, "--json", "--modality", "XR")
    assert json.loads(result.stdout)["series"][0]["modality"] == "DX"


def test_the_table_is_for_people(medae, series) -> None:
    result = medae("info", series)
    assert result.exit_code == 0
    assert "3 × 48 × 40 (slices × rows × columns), uint16" in result.stdout
    assert "SPL" in result.stdout


def test_broken_files_are_named_beside_what_opens(medae, tree) -> None:
    result = medae("info", tree, "--json")
    assert result.exit_code == 1
    facts = json.loads(result.stdout)
    assert len(facts["series"]) == 2
    assert {entry["path"].rsplit("/", 1)[-1] for entry in facts["skipped"]} == {"notes.txt", "cut.dcm"}
    assert all(entry["reason"] for entry in facts["skipped"])


def test_an_empty_folder_is_a_failure(medae, tmp_path) -> None:
    assert medae("info", tmp_path).exit_code == 1


def test_the_report_is_the_same_json(medae, series, tmp_path) -> None:
    result = medae("info", series, "--json", "--report", tmp_path / "r.json")
    assert json.loads((tmp_path / "r.json").read_text()) == json.loads(result.stdout)


@pytest.mark.parametrize(
    ("columns", "letters"),
    [(([0, 0, 1], [0, 1, 0], [1, 0, 0]), "SPL"), (([-1, 0, 0], [0, 0, -1], [0, 0.8, 0.6]), "RIP")],
)
def test_orientation_letters(columns, letters: str) -> None:
    assert orientation_letters(np.array(columns, dtype=float).T) == letters


def test_results_beside_a_scan_are_told_with_it(medae, series, tmp_path) -> None:
    volume = readers.open_volume(series)
    scores = np.zeros(volume.shape, np.float32)
    scores[1, 10:20, 10:20] = 6
    found = AnomalyMap(Volume(scores, volume.affine, "MR", source=volume.source), 3.5, "phantom")
    shutil.copytree(series, tmp_path / "study" / "scan")
    export(Result(volume, anomaly_map=found), tmp_path / "study" / "out", ("parametric-map", "segmentation"))
    result = medae("info", tmp_path / "study", "--json")
    assert result.exit_code == 0, result.stderr
    (facts,) = json.loads(result.stdout)["series"]
    assert [each["kind"] for each in facts["results"]] == ["parametric map", "segmentation"]
    assert facts["heatmap"]["threshold"] == 3.5
    assert facts["heatmap"]["value_range"][1] == pytest.approx(6, abs=1e-3)
    assert [finding["voxels"] for finding in facts["findings"]] == [100]
    shown = medae("info", tmp_path / "study").stdout
    assert "threshold 3.5" in shown
    assert "z max 6.0" in shown
