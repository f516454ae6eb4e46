"""Small models with known behaviour, and small series, on disk."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from medae import bundle
from medae.families import FAMILIES
from medae.latent.codes import LatentSpace, LoadedModel, encode
from medae.phantom import head, write_dicom, write_nifti

WINDOW = (32, 32)


@pytest.fixture(scope="session")
def heads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """T1 as DICOM (8 slices) and T2 as NIfTI (6 slices); not to be changed."""
    folder = tmp_path_factory.mktemp("heads")
    write_dicom(head("T1", (8, 64, 56), (12.0, 4.0, 4.0)).volume, folder / "t1")
    write_nifti(head("T2", (6, 64, 56), (15.0, 4.0, 4.0)).volume, folder / "t2.nii.gz")
    return folder


@pytest.fixture
def make_model() -> Callable[..., str]:
    """Write an untrained bundle of a family; gives its name."""

    def make(
        family: str = "variational",
        task: str = "reconstruct",
        settings: dict | None = None,
        window: tuple[int, ...] = WINDOW,
        **options,
    ) -> str:
        torch.manual_seed(0)
        chosen = FAMILIES[family].Options.model_validate(options)
        definition = FAMILIES[family].network_def(chosen, window)
        given = {"pixel_spacing": 8.0, "whole_slices": True, "patch_size": list(window)}
        metadata = {
            "version": "1",
            "name": f"Tiny {family}",
            "license": "Apache-2.0",
            "medae": {
                "task": task,
                "family": family,
                "modalities": ["MR"],
                "settings": given if settings is None else settings,
            },
        }
        name = f"tiny-{family}"
        state = bundle.build_network(definition).state_dict()
        bundle.write(bundle.user_models_folder() / name, state, definition, metadata, "# Tiny")
        return name

    return make


@pytest.fixture
def vae(make_model: Callable[..., str]) -> LoadedModel:
    """A VAE of whole slices with 8 latent numbers."""
    return LoadedModel.load(make_model(latent_size=8, features=(4, 8)), "cpu")


@pytest.fixture
def space(vae: LoadedModel, heads: Path) -> LatentSpace:
    """Both heads in the space of that VAE."""
    return encode((heads,), vae, "MR")
