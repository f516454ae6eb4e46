"""Training from phantoms to a bundle that denoises or detects; never the quality of so short a run."""

import json
from pathlib import Path

import numpy as np
import pytest

import medae
from medae import bundle, phantom
from medae.errors import Cancelled, SettingsError
from medae.training.recipe import Recipe
from medae.training.train import train


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    folder = tmp_path / "scans"
    folder.mkdir()
    for seed in (1, 2):
        made = phantom.head("FLAIR", shape=(3, 72, 64), spacing=(20.0, 3.0, 3.0), seed=seed)
        phantom.write_nifti(made.volume, folder / f"patient{seed}.nii.gz")
    return folder


def _recipe(scans: Path, **changes: object) -> Recipe:
    fields = {
        "name": "short",
        "title": "Short run",
        "task": "denoise",
        "modality": "MR",
        "data": [{"path": str(scans), "hold_out": ["patient2"], "attribution": "phantoms of the test"}],
        "options": {"features": [8, 16], "blocks": 1},
        "steps": 3,
        "batch_size": 2,
        "patch_size": 32,
        **changes,
    }
    return Recipe.model_validate(fields)


def test_a_run_gives_a_bundle_that_denoises(scans: Path, tmp_path: Path) -> None:
    folder = train(_recipe(scans), out=tmp_path / "models")
    info = bundle.read_info(folder)
    bundle.verify(info)
    metadata = json.loads((folder / "configs" / "metadata.json").read_text())
    assert metadata["training"]["scans"] == 1
    assert metadata["training"]["scans_held_out"] == 1
    assert set(info.metrics) == {f"psnr_db_sigma_{s}" for s in ("0.02", "0.03", "0.06", "0.1")}
    assert "phantoms of the test" in (folder / "docs" / "README.md").read_text()
    volume = medae.open(scans / "patient2.nii.gz", modality="MR")
    assert medae.denoise(volume, model=str(folder)).shape == volume.shape


def test_a_run_gives_a_bundle_that_detects(scans: Path, tmp_path: Path) -> None:
    folder = train(_recipe(scans, task="anomaly", pixel_spacing=3.0), out=tmp_path / "models")
    volume = medae.open(scans / "patient2.nii.gz", modality="MR")
    found = medae.detect(volume, model=str(folder))
    assert found.volume.shape == volume.shape
    assert np.isfinite(found.volume.array).all()
    assert found.threshold >= 2.5


def test_ct_learns_from_simulated_low_dose(tmp_path: Path) -> None:
    made = phantom.thorax(shape=(1, 64, 64), spacing=(20.0, 6.0, 6.0))
    phantom.write_nifti(made.volume, tmp_path / "ct.nii.gz")
    folder = train(
        _recipe(tmp_path / "ct.nii.gz", modality="CT", data=[{"path": tmp_path / "ct.nii.gz"}]), out=tmp_path
    )
    assert bundle.read_info(folder).modalities == ("CT",)


def test_the_same_seed_gives_the_same_weights(scans: Path, tmp_path: Path) -> None:
    one, two = (train(_recipe(scans), out=tmp_path / name) for name in ("a", "b"))
    assert bundle.read_info(one).sha256 == bundle.read_info(two).sha256


def test_cancelling_leaves_nothing(scans: Path, tmp_path: Path) -> None:
    def stop(fraction: float, message: str = "", /) -> None:
        if message.startswith("Step"):
            raise Cancelled

    with pytest.raises(Cancelled):
        train(_recipe(scans), stop, out=tmp_path / "models")
    assert not (tmp_path / "models").exists()


def test_no_scan_of_the_modality_is_said(scans: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(SettingsError, match="no MR scan"):
        train(_recipe(tmp_path / "empty"))
    with pytest.raises(SettingsError, match="unknown family"):
        train(_recipe(scans, family="nonsense"))
