"""MONAI's own autoencoders as bundles of others use them, with the weights' names kept."""

from collections.abc import Sequence
from math import prod
from typing import Any

from monai.networks.nets import AutoEncoder, VarAutoEncoder  # noqa: TID253
from torch import Tensor  # noqa: TID253

from medae.networks.network import Network, check_input, crop_to, pad_to_multiple


def _check_output(out_channels: int) -> None:
    if out_channels != 1:
        raise ValueError(f"out_channels is 1, not {out_channels}: one image comes out")


def _x_first(images: Tensor) -> Tensor:
    """(B, C, [D,] H, W) to (B, C, W, H[, D]) and back: MONAI's image readers put x first."""
    return images.permute(0, 1, *reversed(range(2, images.ndim)))


def _widest(kernel_size: int | Sequence[int]) -> int:
    return kernel_size if isinstance(kernel_size, int) else max(kernel_size)


def _halo(strides: Sequence[int], kernel_size: int, units: int, dilations: Sequence[int], inner: int) -> int:
    """Pixels on each side that an output pixel can depend on, not less."""
    reach, halo, step = kernel_size // 2, 0, 1
    for stride in strides:
        halo += reach * step + reach * step * stride * max(0, units - 1)  # encoder
        halo += reach * step * (stride + 1)  # decoder: transposed convolution and one more
        step *= stride
    return halo + step * reach * sum(dilations) * max(1, inner) + step


class ImportedAutoEncoder(Network):
    """MONAI's `AutoEncoder` for images of any size: padded to multiples of its stride, cut back.

    Parameters
    ----------
    spatial_dims, in_channels, out_channels, channels, strides, kernel_size, up_kernel_size, padding, **others
        As MONAI's class takes them; ``out_channels`` is 1, ``padding`` is left at None.
    """

    def __init__(
        self,
        spatial_dims: int,
        in_channels: int,
        out_channels: int,
        channels: Sequence[int],
        strides: Sequence[int],
        kernel_size: int | Sequence[int] = 3,
        up_kernel_size: int | Sequence[int] = 3,
        padding: None = None,
        **others: Any,
    ) -> None:
        super().__init__()
        check_input(spatial_dims, in_channels)
        _check_output(out_channels)
        if padding is not None:
            raise ValueError("padding is not supported: sizes would not come back")
        self.spatial_dims = spatial_dims
        self.middle = in_channels // 2
        self.stride = prod(strides)
        self.net = AutoEncoder(
            spatial_dims,
            in_channels,
            out_channels,
            tuple(channels),
            tuple(strides),
            kernel_size,
            up_kernel_size,
            **others,
        )
        self.halo = _halo(
            strides,
            max(_widest(kernel_size), _widest(up_kernel_size)),
            self.net.num_res_units,
            self.net.inter_dilations,
            self.net.num_inter_units,
        )

    def encode(self, x: Tensor) -> Tensor:
        """(B, C, *spatial) to (B, channels[-1], *⌈spatial / stride⌉), axes in reverse order."""
        code: Tensor = self.net.intermediate(self.net.encode(_x_first(pad_to_multiple(x, self.strides))))
        return code

    def decode(self, code: Tensor) -> Tensor:
        """Code as `encode` gives it to (B, 1, *spatial), of a size that the stride divides."""
        return _x_first(self.net.decode(code))

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, *spatial) of any size to (B, 1, *spatial)."""
        return crop_to(self.decode(self.encode(x)), x.shape[2:])


class ImportedVarAutoEncoder(Network):
    """MONAI's `VarAutoEncoder`; in evaluation the code is the mean.

    Parameters
    ----------
    spatial_dims, in_shape, out_channels, latent_size, channels, strides, use_sigmoid, **others
        As MONAI's class takes them: ``in_shape`` is (C, X, Y[, Z]), ``out_channels`` is 1.
    """

    def __init__(
        self,
        spatial_dims: int,
        in_shape: Sequence[int],
        out_channels: int,
        latent_size: int,
        channels: Sequence[int],
        strides: Sequence[int],
        use_sigmoid: bool = True,
        use_mean_at_inference: bool = True,
        **others: Any,
    ) -> None:
        super().__init__()
        check_input(spatial_dims, in_shape[0])
        _check_output(out_channels)
        if len(in_shape) != spatial_dims + 1:
            raise ValueError(f"in_shape {tuple(in_shape)} does not have {spatial_dims} axes behind its channels")
        self.spatial_dims = spatial_dims
        self.middle = in_shape[0] // 2
        self.window = tuple(reversed(in_shape[1:]))
        self.latent_size = latent_size
        self.use_sigmoid = use_sigmoid
        self.net = VarAutoEncoder(
            spatial_dims, tuple(in_shape), out_channels, latent_size, tuple(channels), tuple(strides), **others
        )

    def posterior(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """(B, C, *window) to mean and logarithm of the variance of q(z|x), (B, latent_size) each."""
        features = self.net.intermediate(self.net.encode(_x_first(x))).flatten(1)
        return self.net.mu(features), self.net.logvar(features)

    def sample(self, mean: Tensor, log_variance: Tensor) -> Tensor:
        """Codes (B, latent_size): drawn from N(mean, exp(log_variance)) in training, the mean in evaluation."""
        return self.net.reparameterize(mean, log_variance) if self.training else mean

    def encode(self, x: Tensor) -> Tensor:
        """(B, C, *window) to the mean of q(z|x), (B, latent_size)."""
        return self.posterior(x)[0]

    def decode(self, code: Tensor) -> Tensor:
        """(B, latent_size) to (B, 1, *window)."""
        return crop_to(_x_first(self.net.decode_forward(code, self.use_sigmoid)), self.window or ())

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, *window) to (B, 1, *window)."""
        return self.decode(self.sample(*self.posterior(x)))
