"""Denoising autoencoder: learns x from a corrupted x̃.

L = ‖x − g(f(x̃))‖ (Vincent et al., ICML 2008; Gondara, ICDMW 2016 for medical images), here with the Charbonnier
distance √(d² + ε²) (Charbonnier et al., ICIP 1994). With scanner noise as corruption it removes noise; with coarse
noise and pasted blobs (Kascenas et al., MIDL 2022) it restores normal anatomy, and what it changes is the anomaly. It
can learn to tell the blobs themselves, too (Tan et al., MELBA 2022: segmenting what was pasted), as a second output.
The network is `medae.networks.ResidualUNet` on (B, C, H, W) or (B, 1, D, H, W) float32; the middle one of C slices is
restored. Its shortcuts carry fine structure past the code; without them (``skips``) the code alone has to. To tell
lesions takes another one, `medae.networks.LesionUNet`.
"""

from typing import Self, cast

import torch  # noqa: TID253
from pydantic import Field, model_validator
from torch import Tensor, nn  # noqa: TID253

from medae.families import family
from medae.networks import UNet

TITLE = "Denoising"
TASKS: tuple[family.Task, ...] = ("denoise", "anomaly")
FROM_CODE = False
HAS_PRIOR = False
PURPOSE = "Removes noise, or restores normal anatomy: learns the clean image from a corrupted one"

LESIONS = 1.0
"""Weight of the lesion map's cross-entropy, beside the Charbonnier distance, which it has to outweigh: else lesions are
learnt late."""
CERTAINTY = 10.0
"""Logits that one unit of the lesion map stands for: 0.5 means as likely as not, 1 means 99 %, 0 less than 1 %."""

ONLY_WITHOUT = ("blocks", "skips", "residual", "noise_maps", "empty_counts")
"""Options of `medae.networks.ResidualUNet` alone."""


class Options(family.Options):
    """Options of a denoising autoencoder; with ``lesions`` those of `ONLY_WITHOUT` do not apply."""

    in_channels: int = Field(3, ge=1, le=9, description="Neighbouring slices given, an odd number")
    features: family.Features = Field((32, 64, 128), description="Channels of each level, finest first")
    blocks: int = Field(2, ge=1, le=8, description="Residual blocks per level")
    unshuffle: int = Field(2, ge=1, le=4, description="Side of the pixel-unshuffle in front")
    skips: bool = Field(True, description="Shortcuts from each level of the encoder to the decoder")
    residual: bool = Field(True, description="Predict the corruption rather than the image")
    noise_maps: bool = Field(False, description="See maps of the local noise level, for scanner noise in slices")
    empty_counts: bool = Field(False, description="Empty places count in noise_maps, as free of noise")
    windows: tuple[tuple[float, float], ...] = Field(
        (), description="With lesions: intensity windows through which the image is seen, too; lowest, highest value"
    )
    lesions: bool = Field(False, description="Tell lesions, too, as a second output: for anomaly models")
    epsilon: float = Field(1e-3, gt=0, description="Charbonnier constant, in units of the scaled image")

    @model_validator(mode="after")
    def _of_one_network(self) -> Self:
        other = [name for name in ONLY_WITHOUT if getattr(self, name) != type(self).model_fields[name].default]
        if self.lesions and other:
            raise ValueError(f"with lesions the network has no {' and no '.join(other)}; leave it out")
        if self.windows and not self.lesions:
            raise ValueError("windows are for networks that tell lesions; leave them out, or set lesions")
        return self


def network_def(options: Options, patch_size: tuple[int, ...], /) -> dict[str, object]:
    """JSON from which the network is rebuilt."""
    if options.lesions:
        network: dict[str, object] = {
            "in_channels": options.in_channels,
            "features": list(options.features),
            "unshuffle": options.unshuffle,
        }
        if options.spatial_dims == 3:
            network["spatial_dims"] = 3
        if options.windows:
            network["windows"] = [list(window) for window in options.windows]
        return {"_target_": "medae.networks.LesionUNet", **network}
    return {
        "_target_": "medae.networks.ResidualUNet",
        "spatial_dims": options.spatial_dims,
        "in_channels": options.channels,
        "features": list(options.features),
        "blocks": options.blocks,
        "unshuffle": options.unshuffle,
        "skips": options.skips,
        "residual": options.residual,
        **({"noise_maps": True} if options.noise_maps else {}),
        **({"empty_counts": True} if options.empty_counts else {}),
    }


def loss(network: nn.Module, batch: family.Batch, options: Options, /) -> dict[str, Tensor]:
    """Mean over pixels of weight × Charbonnier distance between restored and clean image.

    With lesions, `LESIONS` × weight × cross-entropy of the lesion map (-1 to 1) is added, of bright lesions and of dark
    ones: its minimum is how likely a lesion is, so that a doubtful one is told faintly instead of not at all, and the
    map goes on to rise where the network is ever more certain.
    """
    output, target, weight = network(batch["input"]).float(), batch["target"], batch["weight"]
    distance = torch.sqrt((output[:, :1] - target[:, :1]) ** 2 + options.epsilon**2) - options.epsilon
    terms = {"charbonnier": (weight * distance).mean()}
    if options.lesions:
        doubt = sum(_doubt(sign * output[:, 1:], sign * target[:, 1:]) for sign in (1.0, -1.0))
        terms["lesions"] = LESIONS * (weight * doubt).mean()
    return terms


def _doubt(told: Tensor, lesions: Tensor) -> Tensor:
    """Cross-entropy between a map of lesions and the lesions of positive sign, of the same shape."""
    logits = CERTAINTY * (told - 0.5)
    return nn.functional.binary_cross_entropy_with_logits(logits, lesions.clamp(min=0), reduction="none")


def encode(network: nn.Module, batch: Tensor, /) -> Tensor:
    """(B, C, *spatial) to the deepest features (B, features[-1], *⌈spatial / stride⌉)."""
    code, _ = cast(UNet, network).encode(batch)
    return code


def decode(network: nn.Module, code: Tensor, /) -> Tensor:
    """Deepest features to (B, outputs, *spatial), with the skipped features left at zero.

    The corruption that the code predicts where the option ``residual`` is set, else the image.
    """
    unet = cast(UNet, network)
    return unet.decode(code, unet.no_skips(code))
