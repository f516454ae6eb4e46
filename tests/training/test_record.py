"""What a bundle tells of its making."""

import json

import numpy as np

from medae.networks import ResidualUNet
from medae.training.cache import PHANTOM, Scan
from medae.training.recipe import Recipe
from medae.training.record import facts, metadata, without_paths

RECIPE = Recipe.model_validate(
    {
        "name": "x",
        "title": "A title",
        "task": "reconstruct",
        "modality": "MR",
        "data": [{"path": "/scans/Jane Doe", "include": ["Doe"], "hold_out": ["JD-77"], "attribution": "CC BY"}],
    }
)


def _scan(use: str, patient: str, slices: int, column: float = 1.0, name: str = "") -> Scan:
    images = np.zeros((slices, 4, 4), np.float32)
    return Scan(images, images == 0, images == 0, (3.0, 1.0, column), use, patient, name or f"digest-{patient}")  # type: ignore[arg-type]


def test_training_data_are_counts_and_hashes() -> None:
    network = ResidualUNet(in_channels=3, features=(8, 16), blocks=1).requires_grad_(False)
    scans = [
        _scan("train", "a", 3),
        _scan("train", "a", 4, 2.0, "second"),
        _scan("train", "a", 9, 2.0, "second"),  # the same scan, seen from another side
        _scan("train", f"{PHANTOM}1", 5),
        _scan("validation", "b", 6),
        _scan("held_out", "c", 7),
    ]
    told = facts(scans, network, RECIPE, {"steps": 5})
    assert (told["scans"], told["patients"], told["phantoms"], told["slices"]) == (3, 1, 1, 17)
    assert (told["scans_validation"], told["patients_held_out"]) == (1, 1)
    assert told["spacing_mm"] == {"slice": [3.0, 3.0], "row": [1.0, 1.0], "column": [1.0, 2.0]}
    assert told["scan_sha256"] == ["digest-a", f"digest-{PHANTOM}1", "second"]
    assert told["parameters"] == sum(p.numel() for p in network.parameters()) > 0
    assert told["steps"] == 5


def test_the_recipe_is_kept_without_places_and_names() -> None:
    text = json.dumps(without_paths(RECIPE))
    assert "Doe" not in text
    assert "JD-77" not in text
    assert "CC BY" in text


def test_of_the_model_that_was_begun_with_the_name_is_kept() -> None:
    assert without_paths(RECIPE)["start"] is None
    assert without_paths(RECIPE.changed(start="mr-denoise"))["start"] == "mr-denoise"
    assert without_paths(RECIPE.changed(start="/home/Jane Doe/models/my-heads"))["start"] == "my-heads"


def test_metadata_are_those_of_a_monai_bundle() -> None:
    network = ResidualUNet(in_channels=3, features=(8, 16), blocks=1)
    told = metadata(RECIPE, network, {}, {"psnr_db": 30.0}, {"scans": 1})
    assert told["network_data_format"]["inputs"]["image"]["num_channels"] == 3
    assert told["network_data_format"]["outputs"]["pred"]["num_channels"] == 1
    assert told["task"] == "reconstruction"
    assert told["medae"]["modalities"] == ["MR"]
    assert "Doe" not in json.dumps(told)
    radiographs = metadata(RECIPE.changed(modality="DX"), network, {}, {}, {})
    assert {"DX", "CR"} <= set(radiographs["medae"]["modalities"])
