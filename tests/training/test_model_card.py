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
    card = model_card(recipe, {"threshold_z": 4.5}, facts)
    for text in ("# A model", "Someone, CC BY", "threshold_z | 4.5", "Research use only", "not disease"):
        assert text in card
