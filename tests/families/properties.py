"""What proves a family: a short training loop and the measures, for the tests here and for `benchmarks.families`."""

from collections.abc import Callable
from math import log, pi
from typing import Any, cast

import torch
from torch import Tensor

from medae import bundle
from medae.families import Batch, Family, variational
from medae.networks import Network, VariationalAutoEncoder

Corrupt = Callable[[Tensor, torch.Generator], tuple[Tensor, Tensor]]
"""Clean images (B, 1, H, W) to corrupted ones and the weight of each pixel."""


def fitted(
    family: Family,
    options: Any,
    images: Tensor,
    steps: int,
    *,
    rate: float = 3e-3,
    batch_size: int = 64,
    seed: int = 0,
    corrupt: Corrupt | None = None,
    changes: dict[str, object] | None = None,
) -> Network:
    """Train a family's network on images (N, 1, H, W), cosine from ``rate`` to 0; give it in evaluation mode.

    ``changes`` alters the family's ``network_def``, for controls.
    """
    torch.manual_seed(seed)
    random = torch.Generator().manual_seed(seed)
    definition = family.network_def(options, tuple(images.shape[2:])) | (changes or {})
    network = bundle.build_network(definition).train()
    optimiser = torch.optim.Adam(network.parameters(), rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    for _ in range(steps):
        clean = images[torch.randint(len(images), (batch_size,), generator=random)]
        corrupted, weight = corrupt(clean, random) if corrupt else (clean, torch.ones_like(clean))
        batch: Batch = {"input": corrupted, "target": clean, "weight": weight}
        total = torch.stack(list(family.loss(network, batch, options).values())).sum()
        optimiser.zero_grad(set_to_none=True)
        total.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        schedule.step()
    return network.eval().requires_grad_(False)


def mean_squared_error(network: Network, images: Tensor) -> float:
    """Mean over all pixels of (x − g(f(x)))²."""
    return float((network(images) - images).square().mean())


def decibels(error: float, reference: float) -> float:
    """How much smaller one mean squared error is than another, in dB."""
    return 10 * (log(reference) - log(error)) / log(10)


class Principal:
    """Principal component analysis of images (N, 1, H, W) with ``size`` components."""

    def __init__(self, images: Tensor, size: int) -> None:
        flat = images.flatten(1).double()
        self.mean = flat.mean(0)
        self.basis = torch.linalg.svd(flat - self.mean, full_matrices=False).Vh[:size]

    def mean_squared_error(self, images: Tensor) -> float:
        """Mean over all pixels of the squared distance to the subspace."""
        centred = images.flatten(1).double() - self.mean
        return float((centred - centred @ self.basis.T @ self.basis).square().mean())

    def largest_angle(self, columns: Tensor) -> float:
        """Largest principal angle in degrees to the span of ``columns`` (pixels, size)."""
        own = torch.linalg.qr(columns.double()).Q
        smallest = torch.linalg.svdvals(self.basis @ own).min().clamp(max=1)
        return float(torch.rad2deg(torch.arccos(smallest)))


def hoyer_sparsity(codes: Tensor) -> float:
    """Mean over codes (B, d) of (√d − ‖z‖₁/‖z‖₂)/(√d − 1): 0 where all are equal, 1 where one speaks (Hoyer 2004)."""
    root = codes.shape[1] ** 0.5
    ratio = codes.abs().sum(1) / codes.norm(dim=1).clamp(min=1e-12)
    return float(((root - ratio) / (root - 1)).mean())


def dead_share(codes: Tensor) -> float:
    """Share of units whose standard deviation over the images is below a hundredth of the largest unit's."""
    spread = codes.std(0)
    return float((spread < 0.01 * spread.max()).float().mean())


def jacobian_norms(network: Network, images: Tensor) -> Tensor:
    """‖∂z/∂x‖²_F for each image, by automatic differentiation, one unit after the other: (B,)."""
    x = images.clone().requires_grad_()
    codes = cast(Any, network).encode(x)
    total = torch.zeros(len(images))
    for unit in range(codes.shape[1]):
        (gradient,) = torch.autograd.grad(codes[:, unit].sum(), x, retain_graph=True)
        total += gradient.flatten(1).square().sum(1)
    return total


def contraction_ratio(network: Network, images: Tensor) -> float:
    """Mean ‖∂z/∂x‖²_F over the total variance of z: shrinking the code does not change it."""
    codes = cast(Any, network).encode(images)
    return float(jacobian_norms(network, images).mean() / codes.var(0).sum())


def shift_error(network: Network, images: Tensor, shift: int, margin: int) -> float:
    """Largest difference, away from borders, between shifting before and after the network."""
    before = network(images.roll((shift, shift), (2, 3)))
    after = network(images).roll((shift, shift), (2, 3))
    inside = slice(margin + shift, -margin)
    return float((before - after)[..., inside, inside].abs().max())


def active_share(network: VariationalAutoEncoder, images: Tensor) -> float:
    """Share of units whose mean varies over the images, Var(μⱼ) > 0.01 (Burda et al., ICLR 2016)."""
    return float((network.encode(images).var(0) > 0.01).float().mean())


def divergence_by_sampling(mean: Tensor, log_variance: Tensor, draws: int, seed: int = 0) -> float:
    """Mean over images of KL(q ‖ N(0, I)) in nats as an average of log q(z) − log p(z) over draws from q."""
    random = torch.Generator().manual_seed(seed)
    total = 0.0
    for _ in range(draws):
        noise = torch.randn(mean.shape, generator=random)
        z = mean + (0.5 * log_variance).exp() * noise
        total += float((0.5 * (z**2 - noise**2 - log_variance)).sum(1).mean())
    return total / draws


def evidence_bounds(
    network: VariationalAutoEncoder, images: Tensor, sigma: float, draws: int, seed: int = 0
) -> tuple[float, float]:
    """ELBO and its tighter importance-weighted sister with ``draws`` samples, mean over images, nats per pixel.

    log p(x|z) + log p(z) − log q(z|x) for draws of z from q(z|x); their mean, and log-mean-exp (Burda et al., 2016).
    """
    random = torch.Generator().manual_seed(seed)
    mean, log_variance = network.posterior(images)
    pixels = images[0].numel()
    weights = []
    for _ in range(draws):
        noise = torch.randn(mean.shape, generator=random)
        z = mean + (0.5 * log_variance).exp() * noise
        squared = (network.decode(z) - images).square().flatten(1).sum(1)
        likelihood = -squared / (2 * sigma**2) - pixels * (log(sigma) + 0.5 * log(2 * pi))
        weights.append(likelihood + 0.5 * (noise**2 + log_variance - z**2).sum(1))
    stacked = torch.stack(weights)
    weighted = stacked.logsumexp(0) - log(draws)
    return float(stacked.mean() / pixels), float(weighted.mean() / pixels)


def nearest_distance(samples: Tensor, images: Tensor) -> float:
    """Mean over samples of the distance to the nearest image, root mean square over pixels."""
    distances = torch.cdist(samples.flatten(1), images.flatten(1))
    return float(distances.min(1).values.mean() / images[0].numel() ** 0.5)


def prior_samples(network: VariationalAutoEncoder, count: int, seed: int = 0) -> Tensor:
    """Decoded codes drawn from N(0, I): (count, 1, H, W)."""
    random = torch.Generator().manual_seed(seed)
    return network.decode(torch.randn(count, network.latent_size, generator=random))


def pixel_noise(images: Tensor, count: int, seed: int = 0) -> Tensor:
    """Images of independent pixels, each drawn from what that pixel is in some image: (count, 1, H, W)."""
    random = torch.Generator().manual_seed(seed)
    picks = torch.randint(len(images), (count, *images.shape[1:]), generator=random)
    return images.gather(0, picks)


def mean_divergence(network: VariationalAutoEncoder, images: Tensor) -> float:
    """Mean over images of the closed form of KL(q(z|x) ‖ N(0, I)), in nats."""
    return float(variational.divergence(*network.posterior(images)).mean())


def gaussian_noise(lowest: float, highest: float, clean_share: float = 0.1) -> Corrupt:
    """Noise of log-uniform standard deviation, some images left clean; weights fall with the noise."""

    def corrupt(clean: Tensor, random: torch.Generator) -> tuple[Tensor, Tensor]:
        share = torch.rand(len(clean), 1, 1, 1, generator=random)
        level = lowest * (highest / lowest) ** share
        level = level * (torch.rand(level.shape, generator=random) >= clean_share)
        noise = level * torch.randn(clean.shape, generator=random)
        return clean + noise, (0.05 / (level + 0.01)).expand_as(clean)

    return corrupt


def gain(network: Network, clean: Tensor, sigma: float, seed: int = 0) -> float:
    """PSNR that the network adds to images with Gaussian noise of a standard deviation, in dB."""
    noise = sigma * torch.randn(clean.shape, generator=torch.Generator().manual_seed(seed))
    return decibels(float((network(clean + noise) - clean).square().mean()), float(noise.square().mean()))


def discs(count: int, seed: int, side: int = 32) -> Tensor:
    """Random discs on a ramp: (count, 1, side, side)."""
    random = torch.Generator().manual_seed(seed)
    axis = torch.arange(side, dtype=torch.float32)
    images = 0.3 + 0.01 * axis * (2 * torch.rand(count, 1, 1, generator=random) - 1) * torch.ones(1, side, 1)
    for _ in range(4):
        row, column = side * torch.rand(2, count, 1, 1, generator=random)
        radius = side * (0.1 + 0.2 * torch.rand(count, 1, 1, generator=random))
        height = 0.6 * torch.rand(count, 1, 1, generator=random) - 0.25
        images = images + height * (torch.hypot(axis[:, None] - row, axis - column) < radius)
    return images[:, None]
