"""Recipes are checked when they are read."""

import json
from pathlib import Path

import pytest

from medae.bundle import resources_folder
from medae.errors import SettingsError
from medae.training.recipe import Recipe

SHIPPED = sorted((resources_folder() / "recipes").glob("*.json"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_recipe_is_valid(path: Path) -> None:
    recipe = Recipe.load(path)
    assert recipe.name == path.stem
    assert any(entry.attribution for entry in recipe.data)


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
