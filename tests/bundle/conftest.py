"""A small real bundle among the user's own models."""

import pytest

from medae import bundle

DEFINITION = {"_target_": "medae.networks.ResidualUNet", "in_channels": 1, "features": [8, 16], "blocks": 1}


def metadata(task: str = "denoise", modality: str = "NM") -> dict[str, object]:
    return {
        "version": "2.0",
        "name": "Test model",
        "license": "Apache-2.0",
        "metrics": {"psnr": {"noisy": 20.1, "denoised": 25.2}},
        "training": {"scans": 3, "parameters": 1234},
        "medae": {"task": task, "family": "denoising", "modalities": [modality], "settings": {}},
    }


@pytest.fixture
def info() -> bundle.BundleInfo:
    state = bundle.build_network(DEFINITION).state_dict()
    return bundle.write(bundle.user_models_folder() / "test-model", state, DEFINITION, metadata(), "# Card")
