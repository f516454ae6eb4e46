"""Recipes are checked when they are read."""

import json
from pathlib import Path

import pytest

from medae.bundle import resources_folder
from medae.errors import SettingsError
from medae.training.recipe import Data, Recipe, find_recipe

SHIPPED = sorted((resources_folder() / "recipes").glob("*.json"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_recipe_is_valid(path: Path) -> None:
    recipe = Recipe.load(path)
    assert recipe.name == path.stem
    assert all(entry.path.parts for entry in recipe.data)
    assert not recipe.data or any(entry.attribution for entry in recipe.data)
    assert find_recipe(path.stem) == find_recipe(str(path)) == recipe


@pytest.mark.parametrize(
    ("change", "told"), [({"steps": 0}, "steps"), ({"nonsense": 1}, "nonsense"), ({"modality": "XX"}, "modality")]
)
def test_a_wrong_field_is_named(tmp_path: Path, change: dict[str, object], told: str) -> None:
    path = tmp_path / "recipe.json"
    path.write_text(json.dumps({**json.loads(SHIPPED[0].read_text()), **change}))
    with pytest.raises(SettingsError, match=told):
        Recipe.load(path)


def test_what_is_not_json_is_said(tmp_path: Path) -> None:
    path = tmp_path / "recipe.json"
    path.write_text("{")
    with pytest.raises(SettingsError, match="is not JSON"):
        Recipe.load(path)
    with pytest.raises(SettingsError, match="cannot be read"):
        Recipe.load(tmp_path / "absent.json")


def test_an_unknown_recipe_is_told_from_those_that_are_there() -> None:
    with pytest.raises(SettingsError, match="mr-denoise"):
        find_recipe("mr-nonsense")


def test_other_data_take_the_place_of_all_that_was_said_of_the_old() -> None:
    recipe = Recipe.load(SHIPPED[0])
    changed = recipe.with_data([Path("a"), Path("b")])
    assert changed.data == (Data(path=Path("a")), Data(path=Path("b")))
    assert changed.changed(data=recipe.data) == recipe


def test_a_changed_field_is_checked() -> None:
    recipe = Recipe.load(SHIPPED[0])
    assert recipe.changed(steps=7).steps == 7
    with pytest.raises(SettingsError, match="steps"):
        recipe.changed(steps=0)
    with pytest.raises(SettingsError, match="nonsense"):
        recipe.changed(nonsense=1)


def test_radiographs_are_of_one_kind() -> None:
    recipe = Recipe.load(SHIPPED[0])
    assert recipe.changed(modality="DX").modalities == recipe.changed(modality="CR").modalities
    assert {"DX", "CR"} <= set(recipe.changed(modality="DX").modalities)
    assert recipe.changed(modality="CT").modalities == ("CT",)


def test_where_lesions_are_bright_needs_how_bright() -> None:
    recipe, data = find_recipe("mr-t2-anomaly"), {"path": "scans", "mask_bright_in": ("T2W", "FLAIR")}
    with pytest.raises(SettingsError, match="set mask_bright"):
        recipe.changed(data=[data])
    assert recipe.changed(data=[{**data, "mask_bright": 2.0}]).data[0].mask_bright_in == ("T2W", "FLAIR")


def test_lesions_are_told_by_models_of_anomalies_only() -> None:
    recipe = find_recipe("mr-t2-anomaly")
    told = recipe.changed(options={"features": [8, 16], "lesions": True})
    with pytest.raises(SettingsError, match="task anomaly only"):
        told.changed(task="denoise")


@pytest.mark.parametrize("share", [-0.1, 1.1])
def test_a_share_of_mild_lesions_is_a_share(share: float) -> None:
    with pytest.raises(SettingsError, match="mild_lesions"):
        find_recipe("mr-t2-anomaly").changed(mild_lesions=share)


@pytest.mark.parametrize("name", ["dark_weight", "accepted_findings"])
def test_darker_places_and_false_findings_count_something(name: str) -> None:
    with pytest.raises(SettingsError, match=name):
        find_recipe("mr-t2-anomaly").changed(**{name: 0.0})


def test_mild_lesions_are_for_blocks_of_networks_that_tell_lesions() -> None:
    recipe = find_recipe("mr-t2-anomaly")
    for options in ({**recipe.options, "spatial_dims": 2}, {**recipe.options, "lesions": False}):
        with pytest.raises(SettingsError, match="'spatial_dims' 3"):
            recipe.changed(options=options, patch_size=64, scores={}, mild_lesions=0.8)


def test_the_score_of_told_lesions_needs_a_network_that_tells_them() -> None:
    recipe = find_recipe("mr-t1-anomaly")
    assert recipe.scores == {"lesions": 1.0, "intensity": 1.0}
    with pytest.raises(SettingsError, match="set the option 'lesions'"):
        recipe.changed(options={"features": [8, 16]})
    with pytest.raises(SettingsError, match="greater than 0"):
        recipe.changed(scores={"intensity": 0.0})


def test_patches_have_one_size_per_axis() -> None:
    recipe = Recipe.load(SHIPPED[0]).changed(patch_size=(32, 64))
    assert recipe.patch(2) == (32, 64)
    with pytest.raises(SettingsError, match="2 axes"):
        recipe.patch(3)
