"""Contractive autoencoder: a code that small changes of the image barely move.

L = (‖x − g(f(x))‖² + λ‖∂z/∂x‖²_F) / pixels (Rifai et al., "Contractive auto-encoders: explicit invariance during
feature extraction", ICML 2011). One sigmoid layer z = s(Wx + b) has the closed form
‖∂z/∂x‖²_F = Σⱼ (zⱼ(1 − zⱼ))² Σᵢ Wⱼᵢ². For deeper encoders E‖vᵀ∂z/∂x‖² with E vvᵀ = I is the same (Hutchinson 1990)
and costs one vector-Jacobian product for each v. The network is `medae.networks.DenseAutoEncoder` on images of one
size, (B, C, H, W) or (B, 1, D, H, W) float32; codes are (B, code_size).
"""

from math import prod
from typing import cast

import torch  # noqa: TID253
from pydantic import Field
from torch import Tensor, nn  # noqa: TID253

from medae.families import family
from medae.networks import DenseAutoEncoder

TITLE = "Contractive"
TASKS: tuple[family.Task, ...] = ("reconstruct", "anomaly")
FROM_CODE = True
HAS_PRIOR = False
PURPOSE = "Codes that change with the anatomy and hardly with small disturbances"


class Options(family.Options):
    """Options of a contractive autoencoder."""

    code_size: int = Field(128, ge=1, le=16384, description="Numbers in the code")
    hidden: family.Hidden = Field((), description="Units of the layers between image and code")
    contraction: float = Field(0.1, ge=0, description="Weight λ of the Jacobian's squared norm")
    probes: int = Field(1, ge=1, le=64, description="Random vectors that estimate it where layers are hidden")


def network_def(options: Options, patch_size: tuple[int, ...], /) -> dict[str, object]:
    """JSON from which the network is rebuilt."""
    return {
        "_target_": "medae.networks.DenseAutoEncoder",
        "window": list(patch_size),
        "in_channels": options.channels,
        "hidden": list(options.hidden),
        "code_size": options.code_size,
        "code_act": "sigmoid",
    }


def closed_form(code: Tensor, weight: Tensor) -> Tensor:
    """‖∂z/∂x‖²_F of one sigmoid layer for codes (B, d) and its weight (d, inputs): (B,)."""
    slope = (code * (1 - code)).float()
    return (slope**2) @ (weight.float() ** 2).sum(1)


def estimate(code: Tensor, batch: Tensor, probes: int) -> Tensor:
    """Estimate ‖∂z/∂x‖²_F for codes (B, d) of a batch (B, C, *spatial) that requires gradients: (B,).

    Can be differentiated once more. Each probe is a vector of random signs.
    """
    total = code.new_zeros(len(code), dtype=torch.float32)
    for _ in range(probes):
        signs = torch.empty_like(code).bernoulli_(0.5) * 2 - 1
        (gradient,) = torch.autograd.grad(code, batch, signs, create_graph=True)
        total = total + gradient.float().flatten(1).square().sum(1)
    return total / probes


def loss(network: nn.Module, batch: family.Batch, options: Options, /) -> dict[str, Tensor]:
    """Squared error with its weights, and the Jacobian's squared norm; both per pixel."""
    dense = cast(DenseAutoEncoder, network)
    pixels = prod(batch["target"].shape[1:])
    if options.hidden and options.contraction:
        with torch.enable_grad():
            x = batch["input"].detach().requires_grad_()
            code = dense.encode(x)
            norms = estimate(code, x, options.probes)
    else:
        code = dense.encode(batch["input"])
        norms = closed_form(code, dense.encoder.output.weight) if not options.hidden else code.new_zeros(1)
    error = dense.decode(code).float() - batch["target"]
    return {
        "squared_error": (batch["weight"] * error**2).mean(),
        "contraction": options.contraction * norms.mean() / pixels,
    }


def encode(network: nn.Module, batch: Tensor, /) -> Tensor:
    """(B, C, *window) to (B, code_size), each number between 0 and 1."""
    return cast(DenseAutoEncoder, network).encode(batch)


def decode(network: nn.Module, code: Tensor, /) -> Tensor:
    """(B, code_size) to (B, 1, *window)."""
    return cast(DenseAutoEncoder, network).decode(code)
