"""Residual U-Net without biases and normalisation: the denoising autoencoder's network."""

from collections.abc import Sequence
from itertools import pairwise

from monai.networks.blocks import Convolution  # noqa: TID253
from torch import Tensor, nn  # noqa: TID253

from medae.networks.network import Network


def _convolution(inputs: int, outputs: int, *, act: bool = True, strides: int = 1) -> nn.Module:
    return Convolution(
        spatial_dims=2,
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
    """Two bias-free 3×3 convolutions and an identity path, without normalisation."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = _convolution(channels, channels)
        self.second = _convolution(channels, channels, act=False)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) to the same shape."""
        return x + self.second(self.first(x))


def _receptive_halo(levels: int, blocks: int, unshuffle: int) -> int:
    """Pixels on each side that the output of a `ResidualUNet` can depend on."""
    halo = 2 * unshuffle  # first and last convolution
    for level in range(levels):
        step = unshuffle * 2**level
        deepest = level == levels - 1
        halo += 2 * blocks * step * (1 if deepest else 2) + (0 if deepest else step)
    return halo


class ResidualUNet(Network):
    """Convolutional denoising autoencoder: a bias-free, norm-free residual U-Net behind a pixel-unshuffle.

    Without biases and normalisation the network is homogeneous, f(a·x) = a·f(x) for a ≥ 0
    (Mohan et al., "Robust and interpretable blind image denoising via bias-free convolutional neural
    networks", ICLR 2020), so that Hounsfield units survive and one network serves many noise levels.

    Parameters
    ----------
    in_channels
        Neighbouring slices given, the middle one is denoised (2.5-D).
    features
        Channels of each resolution level, finest first.
    blocks
        Residual blocks per level and direction.
    unshuffle
        Side of the pixel-unshuffle (Shi et al., CVPR 2016) that trades resolution for channels.
    residual
        True: the output is the middle slice minus the predicted noise. False: the output is the image itself.

    Attributes
    ----------
    middle
        Index of the slice that is restored.
    stride
        Sides are padded to multiples of this inside `forward`.
    halo
        Pixels on each side that an output pixel can depend on.
    """

    def __init__(
        self,
        in_channels: int = 3,
        features: Sequence[int] = (32, 64, 128),
        blocks: int = 2,
        unshuffle: int = 2,
        residual: bool = True,
    ) -> None:
        super().__init__()
        self.middle = in_channels // 2
        self.residual = residual
        self.features = tuple(features)
        self.stride = unshuffle * 2 ** (len(features) - 1)
        self.halo = _receptive_halo(len(features), blocks, unshuffle)
        self.head = nn.Sequential(
            nn.PixelUnshuffle(unshuffle),
            _convolution(in_channels * unshuffle**2, features[0], act=False),
        )
        self.down = nn.ModuleList(
            nn.Sequential(
                *(ResidualBlock(fine) for _ in range(blocks)),
            )
            for fine in features[:-1]
        )
        self.reduce = nn.ModuleList(
            _convolution(fine, coarse, act=False, strides=2) for fine, coarse in pairwise(features)
        )
        self.bottom = nn.Sequential(*(ResidualBlock(features[-1]) for _ in range(blocks)))
        self.enlarge = nn.ModuleList(
            nn.ConvTranspose2d(coarse, fine, 2, 2, bias=False) for fine, coarse in pairwise(features)
        )
        self.up = nn.ModuleList(nn.Sequential(*(ResidualBlock(fine) for _ in range(blocks))) for fine in features[:-1])
        self.tail = nn.Sequential(
            _convolution(features[0], unshuffle**2, act=False),
            nn.PixelShuffle(unshuffle),
        )

    def encode(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        """(B, C, H, W), H and W multiples of `stride`, to the deepest features and the skipped ones."""
        fine = []
        x = self.head(x)
        for down, reduce in zip(self.down, self.reduce, strict=True):
            x = down(x)
            fine.append(x)
            x = reduce(x)
        return self.bottom(x), fine

    def no_skips(self, code: Tensor) -> list[Tensor]:
        """Zeros in the place of the skipped features that belong to a code (B, features[-1], h, w)."""
        batch, _, rows, columns = code.shape
        levels = len(self.up)
        return [
            code.new_zeros(batch, features, rows << (levels - n), columns << (levels - n))
            for n, features in enumerate(self.features[:-1])
        ]

    def decode(self, code: Tensor, fine: Sequence[Tensor]) -> Tensor:
        """Deepest features and skipped ones to (B, 1, H, W)."""
        x = code
        for level in reversed(range(len(self.up))):
            x = self.up[level](self.enlarge[level](x) + fine[level])
        return self.tail(x)

    def forward(self, x: Tensor) -> Tensor:
        """(B, in_channels, H, W) of any H, W to (B, 1, H, W)."""
        rows, columns = x.shape[-2:]
        below, right = -rows % self.stride, -columns % self.stride
        padded = nn.functional.pad(x, (0, right, 0, below), mode="replicate") if below or right else x
        code, fine = self.encode(padded)
        predicted = self.decode(code, fine)[..., :rows, :columns]
        if not self.residual:
            return predicted
        return x[:, self.middle : self.middle + 1] - predicted
