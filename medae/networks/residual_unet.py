"""Residual U-Net without biases and normalisation: the denoising autoencoder's network."""

from collections.abc import Sequence
from itertools import pairwise

import torch  # noqa: TID253
from monai.networks.blocks import Convolution  # noqa: TID253
from monai.networks.layers.factories import Conv  # noqa: TID253
from monai.networks.utils import pixelshuffle, pixelunshuffle  # noqa: TID253
from torch import Tensor, nn  # noqa: TID253

from medae.networks.network import UNet, check_input, crop_to, pad_to_multiple, put_into


class _Unshuffle(nn.Module):
    """(B, C, *spatial) to (B, C · sideⁿ, *spatial / side)."""

    def __init__(self, spatial_dims: int, side: int) -> None:
        super().__init__()
        self.spatial_dims, self.side = spatial_dims, side

    def forward(self, x: Tensor) -> Tensor:
        return pixelunshuffle(x, self.spatial_dims, self.side)


class _Shuffle(_Unshuffle):
    """The inverse of `_Unshuffle`."""

    def forward(self, x: Tensor) -> Tensor:
        return pixelshuffle(x, self.spatial_dims, self.side)


def _convolution(dims: int, inputs: int, outputs: int, *, act: bool = True, strides: int = 1) -> nn.Module:
    return Convolution(
        spatial_dims=dims,
        in_channels=inputs,
        out_channels=outputs,
        kernel_size=2 if strides == 2 else 3,
        padding=0 if strides == 2 else 1,
        strides=strides,
        norm=None,
        act="RELU" if act else None,
        bias=False,
        conv_only=not act,
    )


class ResidualBlock(nn.Module):
    """Two bias-free convolutions of side 3 and an identity path, without normalisation."""

    def __init__(self, spatial_dims: int, channels: int) -> None:
        super().__init__()
        self.first = _convolution(spatial_dims, channels, channels)
        self.second = _convolution(spatial_dims, channels, channels, act=False)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, *spatial) to the same shape."""
        return x + self.second(self.first(x))


def _receptive_halo(levels: int, blocks: int, unshuffle: int) -> int:
    """Pixels on each side that the output of a `ResidualUNet` can depend on."""
    halo = 2 * unshuffle  # first and last convolution
    for level in range(levels):
        step = unshuffle * 2**level
        deepest = level == levels - 1
        halo += 2 * blocks * step * (1 if deepest else 2) + (0 if deepest else step)
    return halo


AVERAGED, LOWEST = 9, 15
"""Sides, in pixels behind the unshuffle, over which the noise maps are averaged, then take the lowest average."""
NOISE_MAPS = 4
"""Number of noise maps."""
ENOUGH = 0.29
"""Least shown part of an average's area for it to count among the lowest."""
NOWHERE = 1e30
"""Above any noise: the lowest average where there is none."""


def _diagonals(unshuffled: Tensor, middle: int) -> Tensor:
    """Diagonal differences of the middle slice at two scales.

    (B, C · 4, H, W) behind an unshuffle of side 2 to (B, 2, H, W). Of all fine Haar coefficients these hold least
    anatomy; the two scales differ where noise of neighbouring pixels is alike.
    """
    a, b, c, d = unshuffled[:, 4 * middle : 4 * middle + 4].split(1, dim=1)
    mean = nn.functional.pad((a + b + c + d) / 4, (0, 1, 0, 1), mode="replicate")
    coarse = mean[..., :-1, :-1] - mean[..., 1:, :-1] - mean[..., :-1, 1:] + mean[..., 1:, 1:]
    return torch.cat([(a - b - c + d) / 2, coarse], dim=1)


def _shown(unshuffled: Tensor, middle: int) -> Tensor:
    """Where the middle slice is not empty (exactly 0), at the two scales of `_diagonals`: (B, 2, H, W), 1 or 0.

    Fine: any of four pixels is not; coarse: all four cells are shown.
    """
    fine = (unshuffled[:, 4 * middle : 4 * middle + 4] != 0).any(dim=1, keepdim=True).float()
    beside = nn.functional.pad(fine, (0, 1, 0, 1), mode="replicate")
    return torch.cat([fine, -nn.functional.max_pool2d(-beside, 2, 1)], dim=1)


def _noise_maps(diagonals: Tensor, shown: Tensor) -> Tensor:
    """How large diagonal differences (B, 2, H, W) are on average nearby, and where they are smallest: (B, 4, H, W).

    What is not ``shown`` (padding around a round field of view, what was cut away around a brain) does not count: it
    has no noise, and would make the tissue beside it look as if it had none.
    """
    share = _averages(shown)
    average = _averages(diagonals.abs() * shown) / share.clamp(min=1 / AVERAGED**2)
    lowest = torch.where(share >= ENOUGH, average, NOWHERE)
    half = LOWEST // 2
    lowest = nn.functional.max_pool2d(-lowest, (LOWEST, 1), 1, (half, 0))
    lowest = -nn.functional.max_pool2d(lowest, (1, LOWEST), 1, (0, half))
    return torch.cat([average, torch.where(lowest < NOWHERE, lowest, average)], dim=1)


def _averages(maps: Tensor) -> Tensor:
    return nn.functional.avg_pool2d(maps, AVERAGED, 1, AVERAGED // 2, count_include_pad=False)


class ResidualUNet(UNet):
    """Convolutional denoising autoencoder: a bias-free, norm-free residual U-Net behind a pixel-unshuffle.

    Without biases and normalisation the network is homogeneous, f(a·x) = a·f(x) for a ≥ 0
    (Mohan et al., "Robust and interpretable blind image denoising via bias-free convolutional neural
    networks", ICLR 2020), so that Hounsfield units survive and one network serves many noise levels.

    Parameters
    ----------
    in_channels
        Neighbouring slices given, the middle one is restored (2.5-D); 1 in 3-D.
    features
        Channels of each resolution level, finest first.
    blocks
        Residual blocks per level and direction.
    unshuffle
        Side of the pixel-unshuffle (Shi et al., CVPR 2016) that trades resolution for channels.
    residual
        True: the output is the middle slice minus the predicted noise. False: the output is the image itself.
    spatial_dims
        2: (B, C, H, W). 3: (B, 1, D, H, W).
    skips
        False: the decoder sees the deepest features only, as in an autoencoder without shortcuts.
    noise_maps
        Give the first convolution maps of the local noise level, too (as Zhang et al., "FFDNet", IEEE TIP 2018), worked
        out from the input itself; they scale with it, so the network stays homogeneous and blind. 2-D with an unshuffle
        of 2 only.
    empty_counts
        Let empty places (exactly 0) count in those maps, as free of noise: for networks that learnt so.
    """

    def __init__(
        self,
        in_channels: int = 3,
        features: Sequence[int] = (32, 64, 128),
        blocks: int = 2,
        unshuffle: int = 2,
        residual: bool = True,
        spatial_dims: int = 2,
        skips: bool = True,
        noise_maps: bool = False,
        empty_counts: bool = False,
    ) -> None:
        super().__init__()
        check_input(spatial_dims, in_channels)
        if noise_maps and (spatial_dims, unshuffle) != (2, 2):
            raise ValueError("noise_maps needs spatial_dims 2 and unshuffle 2")
        dims = spatial_dims
        self.spatial_dims = dims
        self.middle = in_channels // 2
        self.residual = residual
        self.skips = skips
        self.noise_maps = noise_maps
        self.empty_counts = empty_counts
        self.features = tuple(features)
        self.stride = unshuffle * 2 ** (len(features) - 1)
        self.halo = _receptive_halo(len(features), blocks, unshuffle)
        inputs = in_channels * unshuffle**dims
        if noise_maps:
            self.halo += unshuffle * (AVERAGED // 2 + LOWEST // 2 + 1)
            inputs += NOISE_MAPS
        self.head = nn.Sequential(_Unshuffle(dims, unshuffle), _convolution(dims, inputs, features[0], act=False))
        self.down = nn.ModuleList(self._blocks(fine, blocks) for fine in features[:-1])
        self.reduce = nn.ModuleList(
            _convolution(dims, fine, coarse, act=False, strides=2) for fine, coarse in pairwise(features)
        )
        self.bottom = self._blocks(features[-1], blocks)
        enlarge = Conv[Conv.CONVTRANS, dims]
        self.enlarge = nn.ModuleList(enlarge(coarse, fine, 2, 2, bias=False) for fine, coarse in pairwise(features))
        self.up = nn.ModuleList(self._blocks(fine, blocks) for fine in features[:-1])
        self.tail = nn.Sequential(
            _convolution(dims, features[0], unshuffle**dims, act=False),
            _Shuffle(dims, unshuffle),
        )
        if noise_maps:
            self._initialise()

    def _initialise(self) -> None:
        """Weights that keep the size of features from layer to layer, and no noise at all to begin with.

        He et al., ICCV 2015; the second convolution of a block is halved, as blocks add up.
        """
        for name, weight in self.named_parameters():
            if "enlarge" not in name:
                nn.init.kaiming_normal_(weight, nonlinearity="relu" if "first" in name else "linear")
            if "second" in name:
                weight.data *= 0.5
        if self.residual:
            nn.init.zeros_(self.tail[0].get_parameter("conv.weight"))

    def begin_with(self, other: "ResidualUNet") -> None:
        """Take the weights of a network of the same build with fewer features: the others do not reach the output yet.

        As a wider Net2Net (Chen et al., ICLR 2016) it gives what the other one gives, but its new features are random
        ones, not copies.

        Raises
        ------
        ValueError
            If the other one has more features somewhere, or the networks differ in more.
        """
        weights, known = self.state_dict(), other.state_dict()
        if weights.keys() != known.keys():
            raise ValueError("the networks differ in more than the number of features")
        for name, theirs in known.items():
            transposed, ours = name.startswith("enlarge"), weights[name]
            if ours.shape[2:] != theirs.shape[2:] or any(n < m for n, m in zip(ours.shape, theirs.shape, strict=True)):
                raise ValueError("the other network has more features")
            put_into(ours, theirs, slice(theirs.shape[0 if transposed else 1]), transposed=transposed)
        self.load_state_dict(weights)

    def _blocks(self, channels: int, count: int) -> nn.Sequential:
        return nn.Sequential(*(ResidualBlock(self.spatial_dims, channels) for _ in range(count)))

    def encode(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        """(B, C, *spatial) of any size to the deepest features (B, features[-1], *⌈spatial / stride⌉), skipped ones."""
        kind = "cuda" if x.is_cuda else "cpu"
        with torch.autocast(kind, enabled=False):  # eight bits would round mild noise away before it is seen
            x = self._begun(pad_to_multiple(x.float(), self.strides))
        return self._reduced(x)

    def _begun(self, *parts: Tensor) -> Tensor:
        """Give the features behind the head of an input, or of parts that add up to it, padded to the stride."""
        unshuffle, convolution = self.head
        weight: Tensor = convolution.get_parameter("conv.weight")
        given = [unshuffle(part) for part in parts]
        channels = given[0].shape[1]
        weights = [weight[:, :channels]] * len(parts)
        if self.noise_maps:
            diagonals = torch.stack([_diagonals(each, self.middle) for each in given]).sum(dim=0)
            whole = sum(given[1:], start=given[0])
            shown = torch.ones_like(diagonals) if self.empty_counts else _shown(whole, self.middle)
            given.append(_noise_maps(diagonals, shown))
            weights.append(weight[:, channels:])
        convolve = nn.functional.conv2d if self.spatial_dims == 2 else nn.functional.conv3d
        return convolve(torch.cat(given, dim=1), torch.cat(weights, dim=1), padding=1)

    def _reduced(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Features behind the head to the deepest ones and those that are skipped."""
        fine = []
        for down, reduce in zip(self.down, self.reduce, strict=True):
            x = down(x)
            fine.append(x)
            x = reduce(x)
        return self.bottom(x), fine

    def decode(self, code: Tensor, fine: Sequence[Tensor]) -> Tensor:
        """Deepest features and skipped ones to (B, 1, *coarse · stride)."""
        x = code
        for level in reversed(range(len(self.up))):
            x = self.up[level](self.enlarge[level](x) + fine[level])
        return self.tail(x)

    def forward(self, x: Tensor) -> Tensor:
        """(B, in_channels, *spatial) of any size to (B, 1, *spatial)."""
        code, fine = self.encode(x)
        predicted = crop_to(self.decode(code, fine if self.skips else self.no_skips(code)), x.shape[2:])
        if not self.residual:
            return predicted
        return x[:, self.middle : self.middle + 1] - predicted

    def predicted(self, *parts: Tensor) -> Tensor:
        """Give what a residual network takes from the middle slice, for engines of reduced precision.

        A number of 8 significant bits cannot hold HU: so the input is given as parts that add up to it, and the
        subtraction is left to the caller. The first convolution is linear and takes all parts at once.

        Parameters
        ----------
        *parts
            (B, in_channels, *spatial), of a size that the stride divides; their sum is the input of `forward`.

        Returns
        -------
        Tensor
            (B, 1, *spatial).
        """
        code, fine = self._reduced(self._begun(*parts))
        return self.decode(code, fine if self.skips else self.no_skips(code))
