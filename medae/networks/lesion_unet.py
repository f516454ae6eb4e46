"""A U-Net that restores normal anatomy and tells what it took out."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, cast

import torch  # noqa: TID253
from monai.networks.nets.basic_unet import Down, TwoConv, UpCat  # noqa: TID253
from torch import Tensor, nn  # noqa: TID253

from medae.networks.network import UNet, check_input, crop_to, mirrored, pad_to_multiple, put_into

_ACT = ("leakyrelu", {"negative_slope": 0.1, "inplace": True})
_BLOCK: dict[str, Any] = {"act": _ACT, "norm": "batch", "bias": True, "dropout": 0.0}


class _Across(nn.Module):
    """Add to the features of each slice what those of the slices above and below tell, nothing at first."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(features, features, (3, 1), padding=(1, 0))
        nn.init.zeros_(self.conv.weight)
        nn.init.zeros_(cast(Tensor, self.conv.bias))

    def forward(self, x: Tensor, slices: int) -> Tensor:
        """(B · slices, C, H, W) to the same."""
        columns = x.unflatten(0, (-1, slices)).transpose(1, 2).flatten(3)
        told = self.conv(columns).unflatten(3, x.shape[2:])
        return x + told.transpose(1, 2).flatten(0, 1)


class LesionUNet(UNet):
    """U-Net (Ronneberger et al., MICCAI 2015) of MONAI's blocks with batch normalisation, behind a pixel-unshuffle.

    `medae.networks.ResidualUNet`, without biases and normalisation, scales with its input as a denoiser has to. To tell
    what is not normal takes thresholds, which such a network hardly learns.

    In 3-D slices are convolved in their plane, and each level of the encoder tells the slices above and below what it
    has seen (convolutions split into plane and depth: Qiu et al., ICCV 2017): slices can be some times as far apart as
    pixels, and what was learnt in 2-D is kept.

    Parameters
    ----------
    in_channels
        Slices that each is seen with, itself among them. In 2-D they are given, and the middle one is restored (2.5-D);
        in 3-D they are taken from the block.
    features
        Channels of each resolution level, finest first; at least two.
    unshuffle
        Side of the pixel-unshuffle (Shi et al., CVPR 2016) that trades resolution for channels.
    windows
        Lowest and highest value of intensity windows through which the network sees its input, too, from 0 to 1: in CT
        a faint lesion of soft tissue is one of twenty parts of the range from lung to bone.
    spatial_dims
        2: slices (B, C, H, W); 3: blocks of a volume (B, 1, D, H, W).

    Raises
    ------
    ValueError
        Even number of slices, fewer than two levels, or a window without width.
    """

    outputs = 2

    def __init__(
        self,
        in_channels: int = 1,
        features: Sequence[int] = (32, 32, 64, 96, 128),
        unshuffle: int = 2,
        windows: Sequence[Sequence[float]] = (),
        spatial_dims: int = 2,
    ) -> None:
        super().__init__()
        volume = spatial_dims == 3
        check_input(spatial_dims, 1)
        check_input(2, in_channels)
        if len(features) < 2:
            raise ValueError("a U-Net has at least two levels")
        if any(len(window) != 2 or window[0] >= window[1] for window in windows):
            raise ValueError("a window is a lower and a higher value")
        self.spatial_dims = spatial_dims
        self.middle = 0 if volume else in_channels // 2
        self.reach = in_channels // 2
        self.unshuffle = unshuffle
        self.windows = tuple((float(low), float(high)) for low, high in windows)
        self.features = tuple(features)
        self.stride = unshuffle * 2 ** (len(features) - 1)
        steps = [unshuffle * 2**level for level in range(len(features))]
        self.halo = 2 * steps[-1] + sum(5 * step for step in steps[:-1]) + unshuffle
        self.first = TwoConv(2, in_channels * (1 + len(windows)) * unshuffle**2, features[0], **_BLOCK)
        self.down = nn.ModuleList(Down(2, fine, coarse, **_BLOCK) for fine, coarse in pairwise(features))
        self.up = nn.ModuleList(
            UpCat(2, coarse, fine, fine, **_BLOCK, halves=level > 0)
            for level, (fine, coarse) in enumerate(pairwise(features))
        )
        self.last = nn.Conv2d(features[0], self.outputs * unshuffle**2, 1)
        self.across = nn.ModuleList(_Across(channels) for channels in features) if volume else None
        self.slices_around = self.reach + len(features) if volume else 0

    def begin_with(self, other: "LesionUNet") -> None:
        """Take the weights of a network of the same build that sees fewer neighbours or has fewer features.

        The other neighbours count nothing yet, nor do the other features, which are random ones (compare
        `medae.networks.ResidualUNet.begin_with`), nor what slices tell each other, where the other one is of slices.

        Raises
        ------
        ValueError
            If the other one sees or has more somewhere, or the networks differ in more.
        """
        if (other.unshuffle, other.windows, len(other.features)) != (self.unshuffle, self.windows, len(self.features)):
            raise ValueError("the networks differ in more than the number of slices and features")
        if other.reach > self.reach or other.spatial_dims > self.spatial_dims:
            raise ValueError("the other network sees more neighbours")
        if any(theirs > ours for theirs, ours in zip(other.features, self.features, strict=True)):
            raise ValueError("the other network has more features")
        weights, further, seen = self.state_dict(), self.reach - other.reach, 2 * other.reach + 1
        for name, theirs in other.state_dict().items():
            if theirs.ndim < 2:
                weights[name][tuple(slice(n) for n in theirs.shape)] = theirs
                continue
            transposed = "upsample" in name
            axis = 0 if transposed else 1
            inputs = torch.arange(weights[name].shape[axis])
            if name == "first.conv_0.conv.weight":
                by_slice = inputs.unflatten(0, (-1, 2 * self.reach + 1, self.unshuffle**2))
                inputs = by_slice[:, further : further + seen].flatten()
            elif name.startswith("up.") and "conv_0" in name:  # the encoder's features, then those of the level below
                level = int(name.split(".")[1])
                inputs = torch.cat([inputs[: other.features[level]], inputs[self.features[level] :]])
            put_into(weights[name], theirs, inputs[: theirs.shape[axis]], transposed=transposed)
        self.load_state_dict(weights)

    def encode(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        """(B, C, H, W) of any size to the deepest features (B, features[-1], ⌈H / stride⌉, ⌈W / stride⌉) and finer.

        (B, 1, D, H, W) likewise to (B, features[-1], D, ⌈H / stride⌉, ⌈W / stride⌉).
        """
        slices = x.shape[2] if self.across is not None else 1
        x = pad_to_multiple(self._with_neighbours(x), self.strides[-2:])
        seen = torch.cat([x, *(((x - low) / (high - low)).clamp(0, 1) for low, high in self.windows)], dim=1)
        x = nn.functional.pixel_unshuffle(seen, self.unshuffle)
        levels = []
        for level, convolved in enumerate((self.first, *self.down)):
            x = convolved(x)
            if self.across is not None:
                x = self.across[level](x, slices)
            levels.append(x)
        *fine, code = (self._in_blocks(x, slices) for x in levels)
        return code, fine

    def decode(self, code: Tensor, fine: Sequence[Tensor]) -> Tensor:
        """Deepest features and finer ones to (B, 2, *coarse · stride): what was put into the image, and the lesions."""
        slices = code.shape[2] if self.across is not None else 1
        x, *besides = (self._in_slices(x) for x in (code, *reversed(fine)))
        for up, beside in zip(reversed(self.up), besides, strict=True):
            x = up(x, beside)
        return self._in_blocks(nn.functional.pixel_shuffle(self.last(x), self.unshuffle), slices)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, *spatial) of any size to (B, 2, *spatial): the restored slice or block, and the map of lesions.

        The map is 1 where something bright, -1 where something dark was put into normal anatomy.
        """
        added, lesions = crop_to(self.decode(*self.encode(x)), x.shape[2:]).split(1, dim=1)
        return torch.cat([x[:, self.middle : self.middle + 1] - added, lesions], dim=1)

    def _with_neighbours(self, x: Tensor) -> Tensor:
        """(B, 1, D, H, W) to (B · D, in_channels, H, W), mirrored at the ends; slices as they are."""
        if self.across is None:
            return x
        around = mirrored(range(-self.reach, x.shape[2] + self.reach), x.shape[2])
        return x[:, 0, around].unfold(1, 2 * self.reach + 1, 1).permute(0, 1, 4, 2, 3).flatten(0, 1)

    def _in_blocks(self, x: Tensor, slices: int) -> Tensor:
        return x if self.across is None else x.unflatten(0, (-1, slices)).transpose(1, 2)

    def _in_slices(self, x: Tensor) -> Tensor:
        return x if self.across is None else x.transpose(1, 2).flatten(0, 1)
