"""Training from phantoms to a bundle; never the quality of so short a run."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

import medae
from medae import bundle, phantom
from medae.errors import Cancelled, SettingsError
from medae.runs import Run
from medae.training.recalibrate import recalibrate
from medae.training.train import train
from tests.training.conftest import MakeRecipe


class StopAt:
    """A report that pauses the run after a step."""

    def __init__(self, step: int) -> None:
        self.text = f"Step {step} of"

    def __call__(self, fraction: float, message: str = "", /) -> None:
        if message.startswith(self.text):
            raise Cancelled


def _weights(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "models" / "model.safetensors")


def _furthest(one: Path, other: Path) -> float:
    a, b = _weights(one), _weights(other)
    assert a.keys() == b.keys()
    return max(float((a[name] - b[name]).abs().max()) for name in a)


def test_a_run_gives_a_bundle_that_denoises(short: MakeRecipe, scans: Path, tmp_path: Path) -> None:
    folder = train(short(), out=tmp_path / "models")
    info = bundle.read_info(folder)
    bundle.verify(info)
    metadata = json.loads((folder / "configs" / "metadata.json").read_text())
    assert metadata["training"]["scans"] == metadata["training"]["patients"] == 2
    assert metadata["training"]["scans_held_out"] == 1
    assert set(info.metrics) == {f"psnr_db_sigma_{s}" for s in ("0.02", "0.03", "0.06", "0.1")}
    assert "phantoms of the test" in (folder / "docs" / "README.md").read_text()
    assert (folder / "docs" / "preview.png").read_bytes().startswith(b"\x89PNG")
    volume = medae.open(scans / "patient2.nii.gz", modality="MR")
    assert medae.denoise(volume, model=str(folder)).shape == volume.shape


def test_no_path_and_no_name_of_a_scan_is_in_the_bundle(short: MakeRecipe, scans: Path, tmp_path: Path) -> None:
    folder = train(short(), out=tmp_path / "models")
    for path in folder.rglob("*"):
        if path.suffix in (".json", ".md"):
            text = path.read_text()
            assert str(scans) not in text
            assert "patient2" not in text


def test_a_run_gives_a_bundle_that_detects(short: MakeRecipe, scans: Path, tmp_path: Path) -> None:
    folder = train(short(task="anomaly", pixel_spacing=3.0), out=tmp_path / "models")
    volume = medae.open(scans / "patient2.nii.gz", modality="MR")
    found = medae.detect(volume, model=str(folder))
    assert found.volume.shape == volume.shape
    assert np.isfinite(found.volume.array).all()
    assert found.threshold >= 2.0
    assert bundle.read_info(folder).metrics["calibrated_on"] == "1 held-out scan"


def test_held_out_scans_with_disease_tell_what_is_familiar_but_not_what_is_normal(
    short: MakeRecipe, scans: Path, tmp_path: Path
) -> None:
    phantoms = [{"kind": "head", "contrasts": ["T1"], "count": 2, "shape": [6, 48, 48], "spacing": [12, 4, 4]}]
    wanted = {"task": "anomaly", "pixel_spacing": 4.0, "phantoms": phantoms}
    folder = train(short(**wanted, held_out_normal=False), out=tmp_path / "models")
    metrics = bundle.read_info(folder).metrics
    assert metrics["calibrated_on"] == "2 phantoms"
    assert metrics["calibration_scans"] == 2
    held_out = medae.open(scans / "patient2.nii.gz", modality="MR")
    assert not medae.detect(held_out, model=str(folder)).outside


def test_the_recipe_says_which_scores_count_and_a_copy_for_a_site_keeps_them(
    short: MakeRecipe, scans: Path, tmp_path: Path
) -> None:
    options = {"in_channels": 1, "features": [8, 16], "lesions": True}
    weights = {"lesions": 2.0, "intensity": 1.0}
    folder = train(
        short(task="anomaly", pixel_spacing=3.0, options=options, scores=weights, dark_weight=0.5, accepted_findings=2),
        out=bundle.user_models_folder(),
    )
    copy, _ = recalibrate(folder.name, [scans])
    for made in (folder, copy):
        calibration = bundle.read_info(made).settings["calibration"]
        assert calibration["mix"] == weights
        assert (calibration["dark_weight"], calibration["accepted_findings"]) == (0.5, 2)


def test_reconstruction_is_measured_on_whole_slices(short: MakeRecipe, tmp_path: Path) -> None:
    folder = train(
        short(task="reconstruct", family="variational", options={"features": [8]}, whole_slices=True, patch_size=64),
        out=tmp_path,
    )
    info = bundle.read_info(folder)
    assert info.settings["whole_slices"] is True
    assert {"psnr_db", "mse", "ssim", "loss_kl_prior", "loss_negative_log_likelihood"} <= set(info.metrics)


def test_without_held_out_patients_nothing_is_claimed(short: MakeRecipe, scans: Path, tmp_path: Path) -> None:
    folder = train(short(hold_out=0, data=[{"path": scans}]), out=tmp_path)
    assert bundle.read_info(folder).metrics == {}
    assert "nothing is claimed" in (folder / "docs" / "README.md").read_text()


def test_blocks_of_a_volume(short: MakeRecipe, tmp_path: Path) -> None:
    recipe = short(patch_size=(8, 32, 32), options={"features": [8, 16], "blocks": 1, "spatial_dims": 3})
    network = bundle.load_network(bundle.read_info(train(recipe, out=tmp_path)))
    assert network.spatial_dims == 3


def test_ct_learns_from_simulated_low_dose(short: MakeRecipe, tmp_path: Path) -> None:
    made = phantom.thorax(shape=(1, 64, 64), spacing=(20.0, 6.0, 6.0))
    phantom.write_nifti(made.volume, tmp_path / "ct.nii.gz")
    folder = train(short(modality="CT", data=[{"path": tmp_path / "ct.nii.gz"}]), out=tmp_path)
    assert bundle.read_info(folder).modalities == ("CT",)


def test_the_same_seed_gives_the_same_weights(short: MakeRecipe, tmp_path: Path) -> None:
    one, two = (train(short(), out=tmp_path / name) for name in ("a", "b"))
    assert bundle.read_info(one).sha256 == bundle.read_info(two).sha256
    other = train(short(seed=1), out=tmp_path / "c")
    assert bundle.read_info(other).sha256 != bundle.read_info(one).sha256


@pytest.mark.parametrize("pause", [2, 4, 5])
def test_a_paused_run_goes_on_to_the_same_weights(short: MakeRecipe, tmp_path: Path, pause: int) -> None:
    """In the middle of an epoch and at its end, with a loss that draws random numbers and stops early."""
    settings = {"steps": 6, "steps_per_epoch": 2, "validation": 0.34, "patience": 9, "hold_out": 0.34}
    recipe = short(task="reconstruct", family="variational", options={"features": [8]}, **settings)
    whole = train(recipe, out=tmp_path / "whole")
    history = Run.named("short").history()
    with pytest.raises(Cancelled):
        train(recipe, StopAt(pause), out=tmp_path / "parts")
    run = Run.named("short")
    assert (run.state().state, run.state().step) == ("paused", pause)
    assert not (tmp_path / "parts").exists()
    resumed = train(recipe, out=tmp_path / "parts", resume=True)
    assert _furthest(whole, resumed) <= 1e-5
    assert [line["step"] for line in run.history()] == [2, 4, 6]
    assert [line["terms"] for line in run.history()] == [line["terms"] for line in history]
    assert [line["validation"] for line in run.history()] == [line["validation"] for line in history]


def test_the_run_tells_how_it_went(short: MakeRecipe, tmp_path: Path) -> None:
    folder = train(short(steps=4, steps_per_epoch=2), out=tmp_path)
    run = Run.named("short")
    assert run.state().state == "finished"
    assert run.state().bundle == folder
    first, second = run.history()
    assert (first["epoch"], first["step"], second["epoch"], second["step"]) == (1, 2, 2, 4)
    assert first["loss"] == pytest.approx(sum(first["terms"].values()))
    assert set(first["terms"]) == {"charbonnier"}
    assert list((run.folder / "tensorboard").glob("events.out.tfevents.*"))
    assert run.preview.read_bytes().startswith(b"\x89PNG")
    assert not run.is_alive()


def test_asked_to_finish_the_model_is_kept_as_it_is(short: MakeRecipe, tmp_path: Path) -> None:
    def ask(fraction: float, message: str = "", /) -> None:
        if message.startswith("Step 2 of"):
            Run.named("short").ask_to_finish()

    folder = train(short(steps=50), ask, out=tmp_path)
    training = json.loads((folder / "configs" / "metadata.json").read_text())["training"]
    assert training["steps"] == 2
    assert training["ended"] == "by the user"


def test_stops_early_with_the_weights_that_were_best(short: MakeRecipe, tmp_path: Path) -> None:
    settings = {"steps": 60, "steps_per_epoch": 1, "validation": 0.34, "hold_out": 0.34, "average": 0.0}
    folder = train(short(learning_rate=3.0, patience=3, **settings), out=tmp_path)
    judged = [line["validation"]["loss"] for line in Run.named("short").history()]
    assert len(judged) < 60
    assert len(judged) - 1 - int(np.argmin(judged)) == 3
    assert json.loads((folder / "configs" / "metadata.json").read_text())["training"]["ended"].startswith("early")


def test_a_second_trainer_is_turned_away(short: MakeRecipe, tmp_path: Path) -> None:
    with Run.named("short").lock(), pytest.raises(SettingsError, match="by another process"):
        train(short(), out=tmp_path)


def test_what_cannot_be_resumed_is_said(short: MakeRecipe, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no training run named"):
        train(short(), out=tmp_path, resume=True)
    train(short(), out=tmp_path)
    with pytest.raises(SettingsError, match="is finished"):
        train(short(), out=tmp_path, resume=True)


def test_a_loss_that_is_no_number_ends_the_run(short: MakeRecipe, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="smaller learning_rate"):
        train(short(steps=20, learning_rate=1e30), out=tmp_path)
    assert Run.named("short").state().state == "failed"


def test_an_unreadable_scan_is_left_out(short: MakeRecipe, scans: Path, tmp_path: Path) -> None:
    whole = (scans / "patient3.nii.gz").read_bytes()
    (scans / "patient3.nii.gz").write_bytes(whole[: len(whole) // 2])
    folder = train(short(), out=tmp_path)
    training = json.loads((folder / "configs" / "metadata.json").read_text())["training"]
    assert training["scans"] == 1


def test_no_scan_of_the_modality_is_said(short: MakeRecipe, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(SettingsError, match="no MR scan"):
        train(short(data=[{"path": tmp_path / "empty"}]))
    with pytest.raises(SettingsError, match="unknown family"):
        train(short(family="nonsense"))
    with pytest.raises(SettingsError, match="not for task denoise"):
        train(short(family="variational", options={}))
