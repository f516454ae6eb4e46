import json

import numpy as np
import pytest

from medae.cli.info import orientation_letters


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
