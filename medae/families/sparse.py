"""Sparse autoencoder: a large code of which few numbers speak for any one image.

L = (½‖x − g(f(x))‖² + penalty) / pixels, with one of

- ``kl``: β Σⱼ KL(ρ ‖ ρ̂ⱼ), KL(ρ ‖ ρ̂) = ρ log(ρ/ρ̂) + (1 − ρ) log((1 − ρ)/(1 − ρ̂)), where ρ̂ⱼ is the mean of the
  sigmoid unit j over the batch (Ng, "Sparse autoencoder", CS294A lecture notes 2011; there ρ = 0.05, β = 3);
- ``l1``: λ Σⱼ |zⱼ|·‖dⱼ‖, rectified units; dⱼ is column j of the decoder's first layer, without which the code could
  shrink while the decoder grows (columns are kept at length 1 by Olshausen & Field, Nature 1996);
- ``top-k``: none; the code keeps its k largest numbers (Makhzani & Frey, "k-Sparse autoencoders", ICLR 2014).

The network is `medae.networks.DenseAutoEncoder` on images of one size, (B, C, H, W) or (B, 1, D, H, W) float32; codes
are (B, code_size).
"""

from math import prod
from typing import Literal, cast

import torch  # noqa: TID253
from pydantic import Field
from torch import Tensor, nn  # noqa: TID253

from medae.families import family
from medae.networks import DenseAutoEncoder

TITLE = "Sparse"
TASKS: tuple[family.Task, ...] = ("reconstruct", "anomaly")
FROM_CODE = True
HAS_PRIOR = False
PURPOSE = "Describes each image by a few parts out of many that it has learnt"

_CODE_ACT = {"kl": "sigmoid", "l1": "relu", "top-k": "none"}


class Options(family.Options):
    """Options of a sparse autoencoder."""

    code_size: int = Field(256, ge=1, le=16384, description="Numbers in the code; may exceed the pixels")
    hidden: family.Hidden = Field((), description="Units of the layers between image and code")
    penalty: Literal["kl", "l1", "top-k"] = Field("kl", description="What keeps the code sparse")
    rho: float = Field(0.05, gt=0, lt=1, description="kl: mean activation that each unit is to have")
    beta: float = Field(3.0, ge=0, description="kl: weight of the divergence from it")
    l1: float = Field(0.05, ge=0, description="l1: weight of the code's absolute sum")
    k: int = Field(16, ge=1, description="top-k: numbers of the code that are kept")


def network_def(options: Options, patch_size: tuple[int, ...], /) -> dict[str, object]:
    """JSON from which the network is rebuilt."""
    return {
        "_target_": "medae.networks.DenseAutoEncoder",
        "window": list(patch_size),
        "in_channels": options.channels,
        "hidden": list(options.hidden),
        "code_size": options.code_size,
        "code_act": _CODE_ACT[options.penalty],
        "top_k": min(options.k, options.code_size) if options.penalty == "top-k" else None,
    }


def divergence(wanted: float, found: Tensor) -> Tensor:
    """KL(ρ ‖ ρ̂) in nats between coins of these probabilities, elementwise."""
    found = found.clamp(1e-6, 1 - 1e-6)
    aim = torch.full_like(found, wanted)
    return aim * (aim / found).log() + (1 - aim) * ((1 - aim) / (1 - found)).log()


def loss(network: nn.Module, batch: family.Batch, options: Options, /) -> dict[str, Tensor]:
    """Half the squared error with its weights, and the penalty; both per pixel."""
    dense = cast(DenseAutoEncoder, network)
    code = dense.encode(batch["input"])
    error = dense.decode(code).float() - batch["target"]
    terms = {"half_squared_error": 0.5 * (batch["weight"] * error**2).mean()}
    pixels = prod(batch["target"].shape[1:])
    if options.penalty == "kl":
        terms["kl_sparsity"] = options.beta * divergence(options.rho, code.float().mean(0)).sum() / pixels
    elif options.penalty == "l1":
        lengths = dense.code_columns().norm(dim=0)
        terms["l1_sparsity"] = options.l1 * (code.float().abs() * lengths).sum(1).mean() / pixels
    return terms


def encode(network: nn.Module, batch: Tensor, /) -> Tensor:
    """(B, C, *window) to (B, code_size)."""
    return cast(DenseAutoEncoder, network).encode(batch)


def decode(network: nn.Module, code: Tensor, /) -> Tensor:
    """(B, code_size) to (B, 1, *window)."""
    return cast(DenseAutoEncoder, network).decode(code)
