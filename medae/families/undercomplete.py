"""Undercomplete autoencoder: a code smaller than the image, so that only what matters fits in.

L = mean over pixels of (x − g(f(x)))², dim z < dim x. Linear, without biases and on centred images it spans the
subspace of the first dim z principal components (Baldi & Hornik, "Neural networks and principal component analysis",
Neural Networks 1989); with hidden layers it beats them (Hinton & Salakhutdinov, "Reducing the dimensionality of data
with neural networks", Science 2006). The network is `medae.networks.DenseAutoEncoder` on images of one size,
(B, C, H, W) or (B, 1, D, H, W) float32; codes are (B, dim z).
"""

from math import prod
from typing import cast

from pydantic import Field
from torch import Tensor, nn  # noqa: TID253

from medae.errors import SettingsError
from medae.families import family
from medae.networks import DenseAutoEncoder

TITLE = "Undercomplete"
TASKS: tuple[family.Task, ...] = ("reconstruct", "anomaly")
FROM_CODE = True
HAS_PRIOR = False
PURPOSE = "Compresses images to a short code, as principal components do but curved"


class Options(family.Options):
    """Options of an undercomplete autoencoder."""

    code_size: int = Field(64, ge=1, le=4096, description="Numbers in the code, fewer than pixels")
    hidden: family.Hidden = Field((512,), description="Units of the layers between image and code")
    linear: bool = Field(False, description="No hidden layers, activations and biases: principal components")


def network_def(options: Options, patch_size: tuple[int, ...], /) -> dict[str, object]:
    """JSON from which the network is rebuilt.

    Raises
    ------
    SettingsError
        If the code is not smaller than the patch.
    """
    pixels = prod(patch_size)
    if options.code_size >= pixels:
        raise SettingsError(
            f"a code of {options.code_size} numbers is not smaller than a patch of {pixels} pixels; "
            "choose a smaller code_size or a larger patch_size"
        )
    return {
        "_target_": "medae.networks.DenseAutoEncoder",
        "window": list(patch_size),
        "in_channels": options.channels,
        "hidden": [] if options.linear else list(options.hidden),
        "code_size": options.code_size,
        "bias": not options.linear,
        "centred": True,
    }


def loss(network: nn.Module, batch: family.Batch, options: Options, /) -> dict[str, Tensor]:
    """Mean over pixels of weight × squared error."""
    error = network(batch["input"]).float() - batch["target"]
    return {"squared_error": (batch["weight"] * error**2).mean()}


def encode(network: nn.Module, batch: Tensor, /) -> Tensor:
    """(B, C, *window) to (B, code_size)."""
    return cast(DenseAutoEncoder, network).encode(batch)


def decode(network: nn.Module, code: Tensor, /) -> Tensor:
    """(B, code_size) to (B, 1, *window)."""
    return cast(DenseAutoEncoder, network).decode(code)
