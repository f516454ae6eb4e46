"""The property of a denoising autoencoder: it takes noise away, and leaves what is clean alone."""

import pytest
import torch
from torch import Tensor

from medae import bundle
from medae.families import Batch, denoising
from medae.networks import Network
from tests.families.properties import Corrupt, discs, fitted, gain, gaussian_noise, mean_squared_error

OPTIONS = denoising.Options(in_channels=1, features=(16, 32), blocks=1, noise_maps=True)
STRONG, WEAK = 0.1, 0.01
"""Noise of 20 and of 40 dB: no network leaves an image without noise exactly as it is, so "harmless as σ → 0" is
asked at the weakest level that it was trained on."""


def _trained(corrupt: Corrupt, steps: int) -> Network:
    return fitted(denoising, OPTIONS, discs(256, seed=0), steps, rate=4e-3, batch_size=16, corrupt=corrupt)


@pytest.fixture(scope="module")
def network() -> Network:
    return _trained(gaussian_noise(WEAK, 0.2), 700)


@pytest.fixture(scope="module")
def unseen() -> Tensor:
    return discs(64, seed=9)


def test_noise_is_taken_away_and_only_if_it_was_trained_on(network: Network, unseen: Tensor) -> None:
    control = _trained(gaussian_noise(0.2, 0.2, clean_share=1.0), 100)
    assert gain(network, unseen, STRONG) > 3
    assert gain(network, unseen, STRONG) > gain(control, unseen, STRONG) + 2
    assert not gain(control, unseen, STRONG) > 3


def test_weak_noise_does_no_harm_unless_training_knew_one_level(network: Network, unseen: Tensor) -> None:
    control = _trained(gaussian_noise(STRONG, STRONG, clean_share=0.0), 200)
    assert gain(network, unseen, WEAK) > -0.1
    assert gain(network, unseen, 2 * WEAK) > -0.1
    assert gain(control, unseen, STRONG) > 3
    assert not gain(control, unseen, WEAK) > -0.1


def test_a_clean_image_stays_as_it_is(network: Network, unseen: Tensor) -> None:
    assert mean_squared_error(network, unseen) < 1e-4  # 40 dB


def test_without_shortcuts_it_learns_through_the_code(unseen: Tensor) -> None:
    options = OPTIONS.model_copy(update={"skips": False, "residual": False})
    corrupt = gaussian_noise(STRONG, STRONG, clean_share=0.0)
    network = fitted(denoising, options, discs(256, seed=0), 250, rate=4e-3, batch_size=16, corrupt=corrupt)
    assert gain(network, unseen, STRONG) > 3


def _with_squares(images: Tensor, random: torch.Generator) -> tuple[Tensor, Tensor]:
    """Images (N, 1, H, W) with a brighter or darker square each, and the map of these squares."""
    squares = torch.zeros_like(images)
    for n in range(len(images)):
        row, column = (int(torch.randint(4, side - 10, (1,), generator=random)) for side in images.shape[2:])
        squares[n, :, row : row + 6, column : column + 6] = 1 if torch.rand(1, generator=random) < 0.5 else -1
    return images + 0.4 * squares, squares


def test_lesions_are_told_with_their_sign_beside_the_image_without_them() -> None:
    torch.manual_seed(0)
    options = denoising.Options(in_channels=1, features=(8, 16), unshuffle=1, lesions=True, epsilon=0.1)
    network = bundle.build_network(denoising.network_def(options, (32, 32)))
    optimiser, random = torch.optim.Adam(network.parameters(), 1e-2), torch.Generator().manual_seed(0)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, 200)

    def drawn() -> tuple[Tensor, Tensor, Tensor]:
        clean = 0.5 + 0.05 * torch.randn(16, 1, 32, 32, generator=random)
        return clean, *_with_squares(clean, random)

    for _ in range(200):
        clean, given, squares = drawn()
        told = torch.cat([clean, squares], dim=1)
        batch: Batch = {"input": given, "target": told, "weight": torch.ones_like(clean)}
        terms = denoising.loss(network, batch, options)
        optimiser.zero_grad()
        (terms["charbonnier"] + terms["lesions"]).backward()
        optimiser.step()
        schedule.step()
    clean, given, squares = drawn()
    with torch.no_grad():
        restored, lesions = network.eval()(given).split(1, dim=1)
    assert lesions[squares > 0].mean() > 0.4
    assert lesions[squares < 0].mean() < -0.4
    assert lesions[squares == 0].abs().mean() < 0.1
    assert (restored - clean).square().mean() < 0.5 * (given - clean).square().mean()


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_half_of_the_lesion_map_means_as_likely_as_not(sign: float) -> None:
    options = denoising.Options(in_channels=1, features=(8, 16), unshuffle=1, lesions=True)
    image, half = torch.zeros(2, 1, 4, 4), torch.zeros(2, 1, 4, 4)
    half[0] = sign
    batch: Batch = {"input": image, "target": torch.cat([image, half], dim=1), "weight": torch.ones_like(image)}

    def doubt(told: float) -> float:
        network = lambda given: torch.cat([given, torch.full_like(given, sign * told)], dim=1)  # noqa: E731
        return float(denoising.loss(network, batch, options)["lesions"])  # type: ignore[arg-type]

    told = [0.0, 0.3, 0.4, 0.5, 0.6, 0.7, 1.0]
    assert min(told, key=doubt) == 0.5


def test_lesions_can_be_told_in_blocks_and_the_network_is_rebuilt_from_its_definition() -> None:
    options = denoising.Options(in_channels=3, features=(4, 8), spatial_dims=3, lesions=True)
    definition = denoising.network_def(options, (4, 16, 16))
    network = bundle.build_network(definition)
    batch = torch.rand(2, 1, 4, 16, 16)
    target, weight = torch.cat([batch, torch.zeros_like(batch)], dim=1), torch.ones_like(batch)
    terms = denoising.loss(network, Batch(input=batch, target=target, weight=weight), options)
    sum(terms.values(), torch.zeros(())).backward()
    assert all(weight.grad is not None for weight in network.parameters())
    assert denoising.encode(network, batch).shape == (2, 8, 4, 4, 4)
