"""Convolutional autoencoder: the same weights everywhere, and a code that keeps its place.

L = mean over pixels of (x − g(f(x)))² (Masci et al., "Stacked convolutional auto-encoders for hierarchical feature
extraction", ICANN 2011). The network is `medae.networks.ConvolutionalAutoEncoder` on (B, C, H, W) or (B, 1, D, H, W)
float32 of any size; codes are (B, latent_channels, *⌈spatial / stride⌉). It is homogeneous, f(a·x) = a·f(x), and
moving the image by the stride moves code and output along.
"""

from typing import cast

from pydantic import Field
from torch import Tensor, nn  # noqa: TID253

from medae.families import family
from medae.networks import ConvolutionalAutoEncoder

TITLE = "Convolutional"
TASKS: tuple[family.Task, ...] = ("reconstruct", "denoise", "anomaly")
FROM_CODE = True
HAS_PRIOR = False
PURPOSE = "Compresses images of any size to a small image of features"


class Options(family.Options):
    """Options of a convolutional autoencoder."""

    features: family.Features = Field((32, 64, 128), description="Channels of each level, finest first")
    latent_channels: int = Field(16, ge=1, le=1024, description="Numbers in the code at each place")
    blocks: int = Field(2, ge=0, le=8, description="Convolutions per level with a shortcut around them; 0: one without")


def network_def(options: Options, patch_size: tuple[int, ...], /) -> dict[str, object]:
    """JSON from which the network is rebuilt."""
    return {
        "_target_": "medae.networks.ConvolutionalAutoEncoder",
        "spatial_dims": options.spatial_dims,
        "in_channels": options.channels,
        "features": list(options.features),
        "latent_channels": options.latent_channels,
        "blocks": options.blocks,
    }


def loss(network: nn.Module, batch: family.Batch, options: Options, /) -> dict[str, Tensor]:
    """Mean over pixels of weight × squared error."""
    error = network(batch["input"]).float() - batch["target"]
    return {"squared_error": (batch["weight"] * error**2).mean()}


def encode(network: nn.Module, batch: Tensor, /) -> Tensor:
    """(B, C, *spatial) of any size to (B, latent_channels, *⌈spatial / stride⌉)."""
    return cast(ConvolutionalAutoEncoder, network).encode(batch)


def decode(network: nn.Module, code: Tensor, /) -> Tensor:
    """(B, latent_channels, *coarse) to (B, 1, *coarse · stride)."""
    return cast(ConvolutionalAutoEncoder, network).decode(code)
