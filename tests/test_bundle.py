"""Bundles: written, found, verified, refused."""

import json
from pathlib import Path

import pytest
import torch

from medae import bundle
from medae.errors import ModelError, UnsupportedVolume

DEFINITION = {"_target_": "medae.networks.ResidualUNet", "in_channels": 1, "features": [8, 16], "blocks": 1}


@pytest.fixture
def info() -> bundle.BundleInfo:
    metadata = {
        "version": "2.0",
        "name": "Test model",
        "license": "Apache-2.0",
        "medae": {"task": "denoise", "family": "denoising", "modalities": ["NM"], "settings": {}},
    }
    state = bundle.build_network(DEFINITION).state_dict()
    return bundle.write(bundle.user_models_folder() / "test-model", state, DEFINITION, metadata, "# Card")


def test_what_was_written_is_found_and_loads(info: bundle.BundleInfo) -> None:
    assert bundle.find("test-model") == info
    assert bundle.choose("denoise", "NM").name == "test-model"
    assert bundle.find(str(info.folder)).name == "test-model"
    network = bundle.load_network(info)
    assert network(torch.rand(1, 1, 16, 16)).shape == (1, 1, 16, 16)
    assert not network.training


def test_altered_weights_are_refused(info: bundle.BundleInfo) -> None:
    content = bytearray(info.weights.read_bytes())
    content[-1] ^= 1
    info.weights.write_bytes(content)
    with pytest.raises(ModelError, match="SHA-256"):
        bundle.load_network(info)


def test_missing_weights_are_said(info: bundle.BundleInfo) -> None:
    info.weights.unlink()
    with pytest.raises(ModelError, match="missing"):
        bundle.verify(info)


@pytest.mark.parametrize("target", ["os.system", "medae.networks.ResidualBlock", "$import os", None])
def test_a_foreign_target_is_refused_and_not_run(info: bundle.BundleInfo, target: str | None) -> None:
    config = info.folder / "configs" / "inference.json"
    config.write_text(json.dumps({"network_def": {"_target_": target, "command": "touch /tmp/x"}}))
    with pytest.raises(ModelError, match="not one that MedAE builds"):
        bundle.load_network(info)


def test_an_expression_is_refused(info: bundle.BundleInfo) -> None:
    config = info.folder / "configs" / "inference.json"
    config.write_text(json.dumps({"network_def": {**DEFINITION, "unshuffle": "$__import__('os').getpid()"}}))
    with pytest.raises(ModelError, match="expression"):
        bundle.load_network(info)


def test_weights_of_another_network_are_refused(info: bundle.BundleInfo) -> None:
    config = info.folder / "configs" / "inference.json"
    config.write_text(json.dumps({"network_def": {**DEFINITION, "features": [8, 24]}}))
    with pytest.raises(ModelError, match="do not fit"):
        bundle.load_network(info)


def test_a_damaged_bundle_is_left_out_of_the_list_and_explained_by_name(info: bundle.BundleInfo) -> None:
    (info.folder / "configs" / "metadata.json").write_text("{")
    assert "test-model" not in [found.name for found in bundle.bundles()]
    with pytest.raises(ModelError, match="damaged"):
        bundle.find("test-model")


def test_unknown_names_and_modalities_are_explained() -> None:
    with pytest.raises(ModelError, match="no model named"):
        bundle.find("nothing-of-the-kind")
    with pytest.raises(UnsupportedVolume, match="NM"):
        bundle.choose("denoise", "NM")
    with pytest.raises(UnsupportedVolume, match="--modality"):
        bundle.choose("denoise", "")


def test_writing_fails_whole(info: bundle.BundleInfo, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", broken)
    with pytest.raises(OSError, match="No space"):
        bundle.write(info.folder, {}, DEFINITION, {"medae": {}}, "")
    assert [path.name for path in info.folder.parent.iterdir()] == ["test-model"]
    bundle.verify(info)


@pytest.mark.parametrize("shipped", [i.name for i in bundle.bundles() if i.shipped])
def test_every_shipped_model_verifies_and_has_a_card(shipped: str) -> None:
    found = bundle.find(shipped)
    bundle.verify(found)
    card = (found.folder / "docs" / "README.md").read_text("utf-8")
    assert "Research use only" in card
    assert found.licence


def test_models_for_ct_and_mr_are_shipped() -> None:
    for task in ("denoise", "anomaly"):
        for modality in ("CT", "MR"):
            assert bundle.choose(task, modality).shipped
