"""Models given away: complete, verified, usable by MONAI and by another MedAE."""

import shutil
import zipfile
from pathlib import Path

import pytest
import torch
from monai.bundle import ConfigParser
from safetensors.torch import load_file

from medae import bundle
from medae.errors import ModelError


def test_monai_runs_what_is_exported(info: bundle.BundleInfo, tmp_path: Path) -> None:
    out = bundle.export_bundle(info, tmp_path / "given")
    parser = ConfigParser()
    parser.read_config(out / "configs" / "inference.json")
    parser.read_meta(out / "configs" / "metadata.json")
    network = parser.get_parsed_content("network_def").eval()
    network.load_state_dict(load_file(out / "models" / "model.safetensors"))
    image = torch.rand(1, 1, 16, 16)
    with torch.no_grad():
        assert torch.equal(network(image), bundle.load_network(info)(image))
    assert parser["_meta_#version"] == "2.0"
    card = (out / "docs" / "README.md").read_text("utf-8")
    assert card.startswith("# Card")
    assert "ConfigParser" in card


@pytest.mark.parametrize("shipped", [i.name for i in bundle.bundles() if i.shipped])
def test_shipped_models_can_be_exported_and_come_back(shipped: str, tmp_path: Path) -> None:
    found = bundle.find(shipped)
    out = bundle.export_bundle(found, tmp_path / f"{shipped}.zip")
    back = bundle.import_bundle(out, name="back").info
    assert (back.sha256, back.task, back.metrics) == (found.sha256, found.task, found.metrics)
    bundle.verify(back)
    again = bundle.export_bundle(back, tmp_path / "again")
    assert (again / "docs" / "README.md").read_text("utf-8").count("## Use it with MONAI") == 1


def test_an_existing_folder_gets_the_bundle_inside(info: bundle.BundleInfo, tmp_path: Path) -> None:
    (tmp_path / "desktop").mkdir()
    assert bundle.export_bundle(info, tmp_path / "desktop") == tmp_path / "desktop" / "test-model"


def test_nothing_else_of_the_folder_is_given_away(info: bundle.BundleInfo, tmp_path: Path) -> None:
    (info.folder / "private.txt").write_text("patient")
    (info.folder / "docs" / "link").symlink_to("/etc/passwd")
    (info.folder / "docs" / "preview.png").write_bytes(b"png")
    out = bundle.export_bundle(info, tmp_path / "a.zip")
    assert sorted(zipfile.ZipFile(out).namelist()) == [
        f"test-model/{name}"
        for name in (
            "configs/inference.json",
            "configs/metadata.json",
            "docs/README.md",
            "docs/preview.png",
            "models/model.safetensors",
        )
    ]


@pytest.mark.parametrize("name", ["out", "out.zip"])
def test_nothing_is_replaced_unasked(info: bundle.BundleInfo, tmp_path: Path, name: str) -> None:
    first = bundle.export_bundle(info, tmp_path / name)
    with pytest.raises(ModelError, match="--overwrite"):
        bundle.export_bundle(info, first)
    assert bundle.export_bundle(info, first, overwrite=True) == first
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_folder_that_is_no_bundle_is_never_replaced(info: bundle.BundleInfo, tmp_path: Path) -> None:
    (tmp_path / "photos" / "test-model").mkdir(parents=True)
    (tmp_path / "odd.zip").mkdir()
    for out in (tmp_path / "photos", tmp_path / "odd.zip"):
        with pytest.raises(ModelError, match="no bundle"):
            bundle.export_bundle(info, out, overwrite=True)


def test_a_model_is_not_exported_into_itself(info: bundle.BundleInfo) -> None:
    with pytest.raises(ModelError, match="inside the model itself"):
        bundle.export_bundle(info, info.folder / "copy")
    with pytest.raises(ModelError, match="inside the model itself"):
        bundle.export_bundle(info, info.folder, overwrite=True)
    bundle.verify(info)


def test_a_damaged_model_is_not_exported(info: bundle.BundleInfo, tmp_path: Path) -> None:
    info.weights.write_bytes(b"damaged")
    with pytest.raises(ModelError, match="SHA-256"):
        bundle.export_bundle(info, tmp_path / "out")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["out", "out.zip"])
def test_a_full_disk_is_said_and_leaves_nothing(
    info: bundle.BundleInfo, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(ModelError, match="No space left"):
        bundle.export_bundle(info, tmp_path / name)
    assert not list(tmp_path.iterdir())
