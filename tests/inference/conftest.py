"""A tiny model with known behaviour, written as a real bundle into the private home."""

from collections.abc import Callable

import pytest
import torch

from medae import bundle
from medae.bundle import BundleInfo


@pytest.fixture
def tiny_bundle() -> Callable[..., BundleInfo]:
    """Write an untrained bundle; ``zero=True`` makes the identity (the network removes nothing)."""

    def make(
        name: str = "tiny",
        task: str = "denoise",
        modality: str = "MR",
        zero: bool = False,
        features: tuple[int, ...] = (8, 16),
        spatial_dims: int = 2,
        **settings: object,
    ) -> BundleInfo:
        torch.manual_seed(0)
        definition = {
            "_target_": "medae.networks.ResidualUNet",
            "in_channels": 3 if spatial_dims == 2 else 1,
            "spatial_dims": spatial_dims,
            "features": list(features),
            "blocks": 1,
        }
        state = bundle.build_network(definition).state_dict()
        if zero:
            state = {key: torch.zeros_like(value) for key, value in state.items()}
        metadata = {
            "version": "1",
            "name": "Tiny",
            "license": "Apache-2.0",
            "medae": {"task": task, "family": "denoising", "modalities": [modality], "settings": settings},
        }
        return bundle.write(bundle.user_models_folder() / name, state, definition, metadata, "# Tiny")

    return make
