"""A copy of a model, calibrated on own normal scans."""

from pathlib import Path

import pytest

import medae
from medae import bundle, phantom
from medae.errors import SettingsError, UnsupportedVolume
from medae.inference.normal import Calibration
from medae.training.recalibrate import recalibrate


@pytest.fixture
def normals(tmp_path: Path) -> Path:
    folder = tmp_path / "normals"
    folder.mkdir()
    for seed in range(2):
        scan = phantom.head("T1", shape=(4, 64, 64), spacing=(20.0, 3.0, 3.0), seed=seed).volume
        phantom.write_nifti(scan, folder / f"case-{seed}.nii.gz")
    return folder


def test_the_copy_has_the_same_weights_and_its_own_normals(tiny_bundle, normals: Path) -> None:
    tiny_bundle(task="anomaly", pixel_spacing=3.0)
    folder, facts = recalibrate("tiny", [normals])
    made = bundle.read_info(folder)
    assert made.name == "tiny-site"
    assert made.sha256 == bundle.find("tiny").sha256
    assert Calibration.model_validate(made.settings["calibration"]).normals.scans == 2
    assert facts["calibration_scans"] == 2
    assert "2 normal scans tell little" in facts["warnings"][0]
    scan = phantom.head("T1", shape=(4, 64, 64), spacing=(20.0, 3.0, 3.0), seed=5).volume
    assert medae.detect(scan, model="tiny-site").normals.scans == 2


def test_slices_thicker_than_the_model_wants_do_not_tell_spreads(tiny_bundle, normals: Path) -> None:
    tiny_bundle(task="anomaly", pixel_spacing=3.0, spreads_within=20.0)
    thin, _ = recalibrate("tiny", [normals], name="thin")
    thick = phantom.head("T1", shape=(3, 64, 64), spacing=(26.0, 3.0, 3.0), seed=3).volume
    phantom.write_nifti(thick, normals / "thick.nii.gz")
    both, _ = recalibrate("tiny", [normals], name="both")
    first, second = (Calibration.model_validate(bundle.read_info(f).settings["calibration"]) for f in (thin, both))
    assert first.tables == second.tables
    assert (len(first.scans), len(second.scans)) == (2, 3)


def test_darker_places_and_false_findings_count_as_they_did_in_the_model(tiny_bundle, normals: Path) -> None:
    tiny_bundle(task="anomaly", pixel_spacing=3.0)
    folder, _ = recalibrate("tiny", [normals])
    made = bundle.read_info(folder)
    known = Calibration.model_validate(made.settings["calibration"])
    known = known.model_copy(update={"dark_weight": 0.5, "accepted_findings": 0.4})
    bundle.derive(made, "half", title="Half", settings={"calibration": known.model_dump()}, metrics={}, note="")
    again, _ = recalibrate("half", [normals])
    kept = Calibration.model_validate(bundle.read_info(again).settings["calibration"])
    assert (kept.dark_weight, kept.accepted_findings) == (0.5, 0.4)


def test_a_model_whose_calibration_cannot_be_read_is_calibrated(tiny_bundle, normals: Path) -> None:
    tiny_bundle(task="anomaly", pixel_spacing=3.0, calibration="of another version")
    folder, _ = recalibrate("tiny", [normals])
    made = Calibration.model_validate(bundle.read_info(folder).settings["calibration"])
    assert made.mix == {"residual": 1.0, "intensity": 1.0}


def test_what_cannot_be_used_is_said(tiny_bundle, normals: Path, tmp_path: Path) -> None:
    tiny_bundle("cleaner", task="denoise")
    tiny_bundle("lungs", task="anomaly", modality="CT")
    tiny_bundle(task="anomaly", pixel_spacing=3.0)
    with pytest.raises(UnsupportedVolume, match="denoises"):
        recalibrate("cleaner", [normals])
    (tmp_path / "empty").mkdir()
    with pytest.raises(SettingsError, match="name a folder of scans"):
        recalibrate("tiny", [tmp_path / "empty"])
