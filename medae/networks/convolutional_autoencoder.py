"""Convolutional autoencoder with a spatial code, for images of any size."""

from collections.abc import Sequence

from monai.networks.nets import AutoEncoder  # noqa: TID253
from torch import Tensor  # noqa: TID253

from medae.networks.network import Network, check_input, crop_to, pad_to_multiple


def _receptive_halo(levels: int, blocks: int) -> int:
    """Pixels on each side that an output pixel can depend on."""
    coarsest = 2**levels
    halo = coarsest  # the convolution that makes the code
    for level in range(levels):
        fine, coarse = 2**level, 2 ** (level + 1)
        halo += fine + max(0, blocks - 1) * coarse  # encoder: one convolution with stride, the others behind it
        halo += fine * (2 if blocks else 1)  # decoder: transposed convolution, then one more
    return halo


class ConvolutionalAutoEncoder(Network):
    """Shared weights and a code that keeps its place: (B, C, *spatial) to (B, latent_channels, *spatial / stride).

    MONAI's `AutoEncoder` without normalisation and biases: with PReLU it is homogeneous, f(a·x) = a·f(x) for a ≥ 0,
    so that the values' scale survives; MONAI's default, instance normalisation, forgets it. Images of any size are
    padded to multiples of the stride and the output is cut back.

    Parameters
    ----------
    spatial_dims
        2: (B, C, H, W). 3: (B, 1, D, H, W).
    in_channels
        Neighbouring slices given, the middle one is restored; 1 in 3-D.
    features
        Channels of each level, finest first; each level halves every axis.
    latent_channels
        Numbers in the code at each place.
    blocks
        Convolutions of the residual unit at each level of the encoder; 0 for plain convolutions.
    """

    def __init__(
        self,
        spatial_dims: int = 2,
        in_channels: int = 1,
        features: Sequence[int] = (32, 64, 128),
        latent_channels: int = 16,
        blocks: int = 2,
    ) -> None:
        super().__init__()
        check_input(spatial_dims, in_channels)
        self.spatial_dims = spatial_dims
        self.middle = in_channels // 2
        self.stride = 2 ** len(features)
        self.halo = _receptive_halo(len(features), blocks)
        self.net = AutoEncoder(
            spatial_dims=spatial_dims,
            in_channels=in_channels,
            out_channels=1,
            channels=tuple(features),
            strides=(2,) * len(features),
            num_res_units=blocks,
            inter_channels=[latent_channels],
            num_inter_units=0,
            norm=None,
            bias=False,
        )

    def encode(self, x: Tensor) -> Tensor:
        """(B, C, *spatial) of any size to (B, latent_channels, *⌈spatial / stride⌉)."""
        code: Tensor = self.net.intermediate(self.net.encode(pad_to_multiple(x, self.strides)))
        return code

    def decode(self, code: Tensor) -> Tensor:
        """(B, latent_channels, *coarse) to (B, 1, *coarse · stride)."""
        image: Tensor = self.net.decode(code)
        return image

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, *spatial) of any size to (B, 1, *spatial)."""
        return crop_to(self.decode(self.encode(x)), x.shape[2:])
