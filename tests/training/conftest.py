"""Small phantom scans, recipes that train on them in a second, and seeded randomness."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from medae import phantom
from medae.training.recipe import Recipe
from medae.training.sample import Draw

MakeRecipe = Callable[..., Recipe]


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    """Folder of the heads of three patients."""
    folder = tmp_path / "scans"
    folder.mkdir()
    for seed in (1, 2, 3):
        made = phantom.head("FLAIR", shape=(8, 72, 64), spacing=(8.0, 3.0, 3.0), seed=seed)
        phantom.write_nifti(made.volume, folder / f"patient{seed}.nii.gz")
    return folder


@pytest.fixture
def short(scans: Path) -> MakeRecipe:
    """Make a recipe of few steps on the scans; keyword arguments change its fields."""

    def make(**changes: object) -> Recipe:
        fields: dict[str, object] = {
            "name": "short",
            "title": "Short run",
            "task": "denoise",
            "modality": "MR",
            "data": [{"path": str(scans), "hold_out": ["patient2"], "attribution": "phantoms of the test"}],
            "options": {"features": [8, 16], "blocks": 1},
            "steps": 3,
            "batch_size": 2,
            "patch_size": 32,
        }
        return Recipe.model_validate({**fields, **changes})

    return make


def seeded(seed: int, progress: float = 1.0) -> Draw:
    """Give the randomness of one sample."""
    return Draw(np.random.default_rng(seed), torch.Generator().manual_seed(seed), progress)
