"""Adapting to one scan: better on noise that the network has not seen, the same bit for bit where that is not shown."""

import json
from collections.abc import Callable

import numpy as np
import pytest
import torch

from medae import bundle
from medae.errors import Cancelled, ModelError, SettingsError, UnsupportedVolume
from medae.inference import denoise
from medae.networks import ResidualUNet
from medae.training.adapt import adapt
from medae.training.noise import gaussian_blur
from medae.volume import Volume

SHAPE = (14, 80, 72)
SIGMA = 60.0
"""Standard deviation of the noise; tissue is at 300 to 1000."""

DEFINITION = {"_target_": "medae.networks.ResidualUNet", "in_channels": 3, "features": [8, 16], "blocks": 1}


def _anatomy(seed: int) -> Volume:
    """Ellipsoids in each other, with sharp edges that move a little from slice to slice."""
    generator = np.random.default_rng(seed)
    k, i, j = np.meshgrid(*(np.linspace(-1, 1, n) for n in SHAPE), indexing="ij")
    values = np.where((i / 0.95) ** 2 + (j / 0.95) ** 2 + 0.1 * k**2 < 1, 600.0, 20.0)
    for _ in range(8):
        ci, cj = generator.uniform(-0.5, 0.5, 2)
        ri, rj = generator.uniform(0.12, 0.4, 2)
        values[((i - ci) / ri) ** 2 + ((j - cj) / rj) ** 2 + 0.2 * k**2 < 1] = generator.uniform(300, 1000)
    return Volume(array=values.astype(np.float32), affine=np.diag([1.5, 1.0, 1.0, 1.0]), modality="MR")


@pytest.fixture(scope="module")
def clean() -> Volume:
    return _anatomy(3)


def _noise(width: float, seed: int) -> np.ndarray:
    noise = torch.randn((SHAPE[0], 1, *SHAPE[1:]), generator=torch.Generator().manual_seed(seed))
    noise = gaussian_blur(noise, width) if width else noise
    return (SIGMA * noise / noise.std())[:, 0].numpy()


def _noisy(clean: Volume, width: float, seed: int = 0) -> Volume:
    return Volume(array=clean.values() + _noise(width, seed), affine=clean.affine, modality="MR")


@pytest.fixture(scope="module")
def weights() -> dict[str, torch.Tensor]:
    """A tiny network trained for some seconds on other anatomy with weak white noise: it knows nothing else."""
    torch.manual_seed(0)
    network = ResidualUNet(in_channels=3, features=(8, 16), blocks=1)
    images = torch.from_numpy(_anatomy(1).values()) / 1000
    optimiser = torch.optim.Adam(network.parameters(), 3e-3)
    for step in range(120):
        k = 1 + step % (SHAPE[0] - 2)
        stack = images[None, k - 1 : k + 2]
        restored = network(stack + 0.02 * torch.randn(stack.shape))
        loss = (restored - stack[:, 1:2]).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return network.state_dict()


@pytest.fixture
def model(weights: dict[str, torch.Tensor]) -> str:
    medae = {"task": "denoise", "family": "denoising", "modalities": ["MR"], "settings": {}}
    metadata = {"version": "1", "name": "Tiny", "license": "Apache-2.0", "medae": medae}
    bundle.write(bundle.user_models_folder() / "tiny", weights, DEFINITION, metadata, "# Tiny")
    return "tiny"


def _error(restored: Volume, clean: Volume) -> float:
    """Root mean square error where there is tissue."""
    tissue = clean.values() > 150
    return float(np.sqrt(np.mean((restored.values() - clean.values())[tissue] ** 2)))


@pytest.mark.parametrize(("width", "method"), [(0.0, "neighbouring pixels"), (0.8, "neighbouring slices")])
def test_unseen_noise_is_learnt_and_the_true_error_falls(clean: Volume, model: str, width: float, method: str) -> None:
    scan = _noisy(clean, width)
    adapted = adapt(scan, model, "cpu", steps=60, learning_rate=2e-3, seconds=200)
    assert adapted.notes["method"] == method
    assert adapted.notes["kept"] is True
    assert adapted.notes["loss_after"] < adapted.notes["loss_before"]  # type: ignore[operator]
    before, after = (denoise(scan, model, adapted=network) for network in (None, adapted))
    assert _error(after, clean) < 0.95 * _error(before, clean)
    tissue = clean.values() > 150
    drift = (after.values() - before.values())[tissue].mean()
    assert abs(drift) < 0.01 * clean.values()[tissue].mean()
    notes = json.loads(json.dumps(after.provenance[-1].notes))["adapted"]
    assert notes["weights_sha256"] in str(after.provenance[-1].options["adapted"])
    assert notes["steps"] == 60


def test_sabotaged_steps_are_not_kept_and_the_result_is_the_models_own(clean: Volume, model: str) -> None:
    scan = _noisy(clean, 0.8)
    spoilt = adapt(scan, model, "cpu", steps=10, learning_rate=50.0, seconds=200)
    assert spoilt.notes["kept"] is False
    assert "hardly fell" in str(spoilt.notes["reason"])
    assert json.dumps(spoilt.notes, allow_nan=False)
    assert np.array_equal(denoise(scan, model, adapted=spoilt).array, denoise(scan, model).array)
    assert denoise(scan, model, adapted=spoilt).provenance[-1].options["adapted"] == "tried, not kept"


def test_the_seed_decides(clean: Volume, model: str) -> None:
    scan = _noisy(clean, 0.0)
    one, two, other = (
        adapt(scan, model, "cpu", steps=4, learning_rate=2e-3, seconds=200, seed=seed).notes for seed in (1, 1, 2)
    )
    assert one["loss_after"] == two["loss_after"]
    assert one["loss_after"] != other["loss_after"]


def _values(array: np.ndarray) -> Volume:
    return Volume(array=array, affine=np.eye(4), modality="MR")


@pytest.mark.parametrize(
    ("array", "reason"),
    [
        (np.zeros((12, 80, 80), np.int16), "too little tissue"),
        (np.full((12, 80, 80), 7, np.int16), "hardly any noise"),
        (np.ones((12, 8, 8), np.int16), "smaller than 64"),
        (np.full((2, 70, 80), np.nan, np.float32), "too little tissue"),
    ],
)
def test_what_gives_nothing_to_learn_from_is_said(model: str, array: np.ndarray, reason: str) -> None:
    scan = _values(array)
    adapted = adapt(scan, model, "cpu")
    assert adapted.notes["kept"] is False
    assert reason in str(adapted.notes["reason"])
    assert np.array_equal(denoise(scan, model, adapted=adapted).array, denoise(scan, model).array, equal_nan=True)


def test_one_slice_learns_from_pixels_unless_their_noise_is_correlated(clean: Volume, model: str) -> None:
    white, blurred = (Volume(_noisy(clean, w).array[6:7], clean.affine, "MR") for w in (0.0, 1.0))
    assert adapt(white, model, "cpu", steps=1).notes["method"] == "neighbouring pixels"
    refused = adapt(blurred, model, "cpu", steps=1)
    assert refused.notes["kept"] is False
    assert "correlated" in str(refused.notes["reason"])


def test_progress_rises_and_can_cancel(clean: Volume, model: str) -> None:
    seen: list[float] = []
    adapt(_noisy(clean, 0.0), model, "cpu", lambda fraction, message="", /: seen.append(fraction), steps=3)
    assert seen == sorted(seen)
    assert seen[-1] == 1.0

    def stop(fraction: float, message: str = "", /) -> None:
        if "step 2" in message:
            raise Cancelled

    with pytest.raises(Cancelled):
        adapt(_noisy(clean, 0.0), model, "cpu", stop, steps=3)


def test_no_step_is_begun_after_the_time(clean: Volume, model: str) -> None:
    notes = adapt(_noisy(clean, 0.0), model, "cpu", seconds=1e-6, steps=1000).notes
    assert notes["steps"] == 0
    assert notes["kept"] is False


def test_what_makes_no_sense_is_said(clean: Volume, tiny_bundle: Callable[..., object]) -> None:
    tiny_bundle("other", modality="CT")
    with pytest.raises(UnsupportedVolume, match="is for CT"):
        adapt(clean, "other")
    with pytest.raises(SettingsError, match="no network"):
        adapt(clean, "none")
    with pytest.raises(SettingsError, match="positive"):
        adapt(clean, "other", steps=0)
    with pytest.raises(ModelError, match="no model named"):
        adapt(clean, "absent")
