"""Bundles of others: what they are, or why they do not fit."""

import json
from pathlib import Path
from typing import Any

import pytest

from medae.bundle.foreign import FOREIGN, read_foreign
from medae.bundle.network_def import NETWORKS
from medae.errors import ModelError
from tests.bundle.foreign_bundles import METADATA, NETWORK, zoo_bundle


def with_modality(modality: str) -> dict[str, Any]:
    return {**METADATA, "network_data_format": {"inputs": {"image": {"modality": modality}}}}


def test_a_plain_autoencoder_fits(tmp_path: Path) -> None:
    found = read_foreign(zoo_bundle(tmp_path / "a"))
    assert found.network_def == {**NETWORK, "_target_": "medae.networks.ImportedAutoEncoder", "spatial_dims": 2}
    assert (found.family, found.task, found.modalities, found.network) == (
        "convolutional",
        "denoise",
        ("MR",),
        "AutoEncoder",
    )
    assert not any("normalises each image" in note for note in found.notes)


def test_the_full_name_and_the_train_configuration_do_too(tmp_path: Path) -> None:
    folder = zoo_bundle(tmp_path / "a", {**NETWORK, "_target_": "monai.networks.nets.AutoEncoder", "norm": "INSTANCE"})
    (folder / "configs" / "inference.json").rename(folder / "configs" / "train.json")
    assert any("Hounsfield" in note for note in read_foreign(folder).notes)


def test_yaml_configurations_are_read(tmp_path: Path) -> None:
    yaml = pytest.importorskip("yaml")
    folder = zoo_bundle(tmp_path / "a")
    inference = folder / "configs" / "inference.json"
    (folder / "configs" / "inference.yaml").write_text(yaml.safe_dump(json.loads(inference.read_text())))
    inference.unlink()
    assert read_foreign(folder).network == "AutoEncoder"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"_target_": "SwinUNETR"}, "SwinUNETR is made for segmentation"),
        ({"_target_": "monai.networks.nets.DenseNet121"}, "DenseNet121 is made for classification"),
        ({"_target_": "generative.networks.nets.DiffusionModelUNet"}, "made for image generation"),
        ({"_target_": "scripts.my_net.AutoEncoder"}, "scripts.my_net.AutoEncoder is not one that MedAE can build"),
        ({"_target_": "os.system"}, "not one that MedAE can build"),
        ({"_target_": "$__import__('os').system('true')"}, "is an expression, which is not run"),
        ({"in_channels": 4}, "takes 4 input channels"),
        ({"out_channels": 3}, "gives 3 output channels"),
        ({"channels": "$[4, 8]"}, "never runs code"),
        ({"channels": "@missing"}, "not there"),
    ],
)
def test_what_does_not_fit_says_why(tmp_path: Path, change: dict[str, Any], reason: str) -> None:
    with pytest.raises(ModelError, match=reason):
        read_foreign(zoo_bundle(tmp_path / "a", {**NETWORK, **change}))


def test_no_network_is_said(tmp_path: Path) -> None:
    folder = zoo_bundle(tmp_path / "a")
    (folder / "configs" / "inference.json").write_text("{}")
    with pytest.raises(ModelError, match="does not say what its network is"):
        read_foreign(folder)


@pytest.mark.parametrize(
    ("words", "task"),
    [
        ("denoising", "denoise"),
        ("Low-dose CT noise reduction", "denoise"),
        ("Autoencoder for brain MR", "reconstruct"),
        ("representation learning", "reconstruct"),
    ],
)
def test_the_task_is_taken_from_clear_words(tmp_path: Path, words: str, task: str) -> None:
    metadata = {**METADATA, "task": words, "description": ""}
    assert read_foreign(zoo_bundle(tmp_path / "a", metadata=metadata)).task == task


@pytest.mark.parametrize("words", ["spleen segmentation", "", "denoising and reconstruction"])
def test_an_unclear_task_is_asked_for(tmp_path: Path, words: str) -> None:
    folder = zoo_bundle(tmp_path / "a", metadata={**METADATA, "task": words, "description": ""})
    with pytest.raises(ModelError, match="--task denoise or --task reconstruct"):
        read_foreign(folder)
    assert read_foreign(folder, task="reconstruct").task == "reconstruct"


def test_an_anomaly_model_needs_a_calibration(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="calibration"):
        read_foreign(zoo_bundle(tmp_path / "a", metadata={**METADATA, "task": "anomaly detection"}))


@pytest.mark.parametrize(("said", "modalities"), [("MRI", ("MR",)), ("CT, PET", ("CT", "PT")), ("X-ray", ("DX",))])
def test_modalities_are_understood(tmp_path: Path, said: str, modalities: tuple[str, ...]) -> None:
    assert read_foreign(zoo_bundle(tmp_path / "a", metadata=with_modality(said))).modalities == modalities


@pytest.mark.parametrize(
    "metadata", [with_modality("fundus"), with_modality(""), {**METADATA, "network_data_format": 3}]
)
def test_an_unknown_modality_is_asked_for(tmp_path: Path, metadata: dict[str, Any]) -> None:
    folder = zoo_bundle(tmp_path / "a", metadata=metadata)
    with pytest.raises(ModelError, match="--modality"):
        read_foreign(folder)
    assert read_foreign(folder, modality="CT").modalities == ("CT",)


def test_the_table_leads_to_networks_and_families_that_exist() -> None:
    from medae.families import FAMILIES

    for target, family in FOREIGN.values():
        assert target in NETWORKS
        assert family in FAMILIES
