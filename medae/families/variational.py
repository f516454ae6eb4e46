"""Variational autoencoder: codes follow a normal distribution, so that images can be drawn from it.

L = (E_q(z|x) ‖x − g(z)‖² / 2σ² + β KL(q(z|x) ‖ N(0, I))) / pixels, in nats per pixel, without the constant of the
Gaussian. q(z|x) = N(μ, diag s²), p(x|z) = N(g(z), σ²I) with the decoder's standard deviation σ as stated in the
options, in units of the scaled image; KL = ½ Σⱼ (μⱼ² + sⱼ² − log sⱼ² − 1). β = 1 is the evidence lower bound (Kingma &
Welling, "Auto-encoding variational Bayes", ICLR 2014), other β weigh the two (Higgins et al., "β-VAE", ICLR 2017). The
network is `medae.networks.VariationalAutoEncoder` on images of one size, (B, C, H, W) or (B, 1, D, H, W) float32; the
code of an image is μ (B, latent_size).
"""

from math import prod
from typing import cast

from pydantic import Field
from torch import Tensor, nn  # noqa: TID253

from medae.families import family
from medae.networks import VariationalAutoEncoder

TITLE = "Variational"
TASKS: tuple[family.Task, ...] = ("reconstruct", "anomaly")
FROM_CODE = True
HAS_PRIOR = True
PURPOSE = "Learns how images are distributed: new ones can be drawn, and two can be blended"


class Options(family.Options):
    """Options of a variational autoencoder."""

    latent_size: int = Field(64, ge=1, le=4096, description="Numbers in the code")
    features: family.Features = Field((16, 32, 64, 128), description="Channels of each level, finest first")
    blocks: int = Field(0, ge=0, le=8, description="Convolutions per level with a shortcut around them; 0: one without")
    sigma: float = Field(0.1, gt=0, description="Standard deviation of the decoder, in units of the scaled image")
    beta: float = Field(1.0, ge=0, description="Weight of the divergence from the prior; 1 is the evidence bound")


def network_def(options: Options, patch_size: tuple[int, ...], /) -> dict[str, object]:
    """JSON from which the network is rebuilt."""
    return {
        "_target_": "medae.networks.VariationalAutoEncoder",
        "window": list(patch_size),
        "in_channels": options.channels,
        "features": list(options.features),
        "latent_size": options.latent_size,
        "blocks": options.blocks,
    }


def divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL(N(μ, diag s²) ‖ N(0, I)) in nats: (B, d) and (B, d) to (B,)."""
    return 0.5 * (mean**2 + log_variance.exp() - log_variance - 1).sum(1)


def loss(network: nn.Module, batch: family.Batch, options: Options, /) -> dict[str, Tensor]:
    """Negative log-likelihood with its weights, and β × divergence; both in nats per pixel."""
    variational = cast(VariationalAutoEncoder, network)
    mean, log_variance = (part.float() for part in variational.posterior(batch["input"]))
    error = variational.decode(variational.sample(mean, log_variance)).float() - batch["target"]
    pixels = prod(batch["target"].shape[1:])
    return {
        "negative_log_likelihood": (batch["weight"] * error**2).mean() / (2 * options.sigma**2),
        "kl_prior": options.beta * divergence(mean, log_variance).mean() / pixels,
    }


def encode(network: nn.Module, batch: Tensor, /) -> Tensor:
    """(B, C, *window) to the mean of q(z|x), (B, latent_size)."""
    return cast(VariationalAutoEncoder, network).encode(batch)


def decode(network: nn.Module, code: Tensor, /) -> Tensor:
    """(B, latent_size) to (B, 1, *window)."""
    return cast(VariationalAutoEncoder, network).decode(code)
