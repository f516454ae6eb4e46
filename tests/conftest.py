"""Fixtures shared by all tests: no display, a private home, real scans where they are present."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.orthanc import _orthanc, orthanc  # noqa: F401 - fixtures

if TYPE_CHECKING:
    from medae.bundle import BundleInfo

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_NUM_THREADS", "1")  # the networks of the tests are tiny; several processes share the cores

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in a background job; the programs under test inherit it
    signal.signal(signal.SIGINT, signal.default_int_handler)

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(autouse=True)
def _private_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep settings, models and caches of the person who runs the tests out of them."""
    monkeypatch.setenv("MEDAE_HOME", str(tmp_path_factory.mktemp("medae-home")))


@pytest.fixture
def shared_data() -> Path:
    """Folder of real scans; the test is skipped where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("../shared/data is not here")
    return SHARED


@pytest.fixture
def tiny_bundle() -> Callable:
    """Write an untrained bundle; ``zero=True`` makes the identity (the network removes nothing)."""

    def make(
        name: str = "tiny",
        task: str = "denoise",
        modality: str = "MR",
        zero: bool = False,
        features: tuple[int, ...] = (8, 16),
        spatial_dims: int = 2,
        **settings: object,
    ) -> "BundleInfo":
        import torch

        from medae import bundle

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
