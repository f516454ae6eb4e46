"""The model card."""

from medae.training.model_card import model_card
from medae.training.recipe import Recipe


def test_the_card_tells_origin_figures_limits_and_use() -> None:
    recipe = Recipe.model_validate(
        {
            "name": "x",
            "title": "A model",
            "task": "anomaly",
            "modality": "CT",
            "data": [{"path": "somewhere", "attribution": "Someone, CC BY"}],
        }
    )
    facts = {"steps": 1, "seconds": 2, "device": "CPU", "scans": 3, "slices": 4, "scans_held_out": 5, "parameters": 6}
    facts |= {"patients": 2, "patients_held_out": 3}
    card = model_card(recipe, {"threshold_z": 4.5}, facts, "preview.png")
    told = ("# A model", "Someone, CC BY", "threshold_z | 4.5", "(preview.png)", "(2 patients)", "not disease")
    for text in (*told, "Research use only"):
        assert text in card


def test_the_card_names_the_model_that_was_begun_with() -> None:
    recipe = Recipe.model_validate({"name": "x", "title": "x", "task": "denoise", "modality": "MR", "data": []})
    facts = {"steps": 1, "seconds": 2, "device": "CPU", "scans": 3, "slices": 4, "scans_held_out": 1, "parameters": 6}
    facts |= {"patients": 1, "patients_held_out": 1, "start": {"name": "mr-denoise", "version": "0.3.0", "sha256": ""}}
    assert "Trained for 1 steps from the weights of mr-denoise 0.3.0 on (2 s" in model_card(recipe, {}, facts)


def test_without_held_out_patients_nothing_is_claimed() -> None:
    recipe = Recipe.model_validate({"name": "x", "title": "x", "task": "reconstruct", "modality": "MR", "data": []})
    facts = {"steps": 1, "seconds": 2, "device": "CPU", "scans": 3, "slices": 4, "scans_held_out": 0, "parameters": 6}
    card = model_card(recipe, {}, facts | {"patients": 1, "patients_held_out": 0})
    assert "nothing is claimed" in card
    assert "| figure |" not in card
