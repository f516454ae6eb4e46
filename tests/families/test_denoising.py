"""The property of a denoising autoencoder: it takes noise away, and leaves what is clean alone."""

import numpy as np
import pytest
import torch
from torch import Tensor

from medae import bundle
from medae.families import denoising
from medae.networks import ResidualUNet

OPTIONS = denoising.Options(in_channels=1, features=(16, 32), blocks=1)


def _shapes(count: int, seed: int) -> Tensor:
    """Random discs on a ramp, (count, 1, 32, 32)."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:32, :32]
    images = []
    for _ in range(count):
        image = 0.3 + 0.01 * x * random.uniform(-1, 1)
        for _ in range(4):
            row, column, radius = random.uniform(0, 32), random.uniform(0, 32), random.uniform(3, 9)
            image[np.hypot(y - row, x - column) < radius] += random.uniform(-0.25, 0.35)
        images.append(image)
    return torch.tensor(np.array(images)[:, None], dtype=torch.float32)


def _trained(noise: float) -> ResidualUNet:
    torch.manual_seed(0)
    network = bundle.build_network(denoising.network_def(OPTIONS, (32, 32)))
    optimiser = torch.optim.Adam(network.parameters(), 2e-3)
    clean = _shapes(64, seed=0)
    for _ in range(120):
        target = clean[torch.randint(64, (16,))]
        level = noise * torch.rand(16, 1, 1, 1)
        corrupted = target + level * torch.randn(target.shape)
        weight = 1 / (level + 0.02) * torch.ones_like(target)
        terms = denoising.loss(network, {"input": corrupted, "target": target, "weight": weight}, OPTIONS)
        optimiser.zero_grad()
        terms["charbonnier"].backward()
        optimiser.step()
    return network.eval()


def _db(error: Tensor) -> float:
    return float(-10 * torch.log10((error.detach() ** 2).mean()))


@pytest.fixture(scope="module")
def unseen() -> tuple[Tensor, Tensor]:
    clean = _shapes(16, seed=99)
    return clean, clean + 0.1 * torch.randn(clean.shape, generator=torch.Generator().manual_seed(1))


def test_noise_is_taken_away_and_only_if_it_was_trained_on(unseen: tuple[Tensor, Tensor]) -> None:
    clean, noisy = unseen
    gain = _db(_trained(0.2)(noisy) - clean) - _db(noisy - clean)
    control = _db(_trained(0.0)(noisy) - clean) - _db(noisy - clean)
    assert gain > 3.0
    assert gain > control + 2.0


def test_a_clean_image_stays_as_it_is(unseen: tuple[Tensor, Tensor]) -> None:
    clean, _ = unseen
    assert _db(_trained(0.2)(clean) - clean) > 30.0
