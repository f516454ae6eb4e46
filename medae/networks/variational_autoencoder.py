"""Variational autoencoder of one image size."""

from collections.abc import Sequence

from monai.networks.nets import VarAutoEncoder  # noqa: TID253
from torch import Tensor  # noqa: TID253

from medae.networks.network import Network, check_input, crop_to


class VariationalAutoEncoder(Network):
    """Convolutions to a normal distribution over codes (B, latent_size), and back.

    MONAI's `VarAutoEncoder` without normalisation and without the sigmoid at its end, both of which would lose the
    values' scale; in evaluation the code is the mean μ, where MONAI's default is μ + σ.

    Parameters
    ----------
    window
        Spatial size that the network takes: (H, W) or (D, H, W).
    in_channels
        Neighbouring slices given, the middle one is restored; 1 in 3-D.
    features
        Channels of each level, finest first; each level halves every axis.
    latent_size
        Numbers in the code.
    blocks
        Convolutions of the residual unit at each level of the encoder; 0 for plain convolutions.
    """

    def __init__(
        self,
        window: Sequence[int],
        in_channels: int = 1,
        features: Sequence[int] = (16, 32, 64, 128),
        latent_size: int = 64,
        blocks: int = 0,
    ) -> None:
        super().__init__()
        check_input(len(window), in_channels)
        self.window = tuple(window)
        self.spatial_dims = len(self.window)
        self.middle = in_channels // 2
        self.latent_size = latent_size
        self.net = VarAutoEncoder(
            spatial_dims=self.spatial_dims,
            in_shape=(in_channels, *self.window),
            out_channels=1,
            latent_size=latent_size,
            channels=tuple(features),
            strides=(2,) * len(features),
            num_res_units=blocks,
            norm=None,
            use_sigmoid=False,
            use_mean_at_inference=True,
        )

    def posterior(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """(B, C, *window) to mean and logarithm of the variance of q(z|x), (B, latent_size) each."""
        features = self.net.intermediate(self.net.encode(x)).flatten(1)  # MONAI's view fails on channels_last
        return self.net.mu(features), self.net.logvar(features)

    def sample(self, mean: Tensor, log_variance: Tensor) -> Tensor:
        """Codes (B, latent_size): drawn from N(mean, exp(log_variance)) in training, the mean in evaluation."""
        code: Tensor = self.net.reparameterize(mean, log_variance)
        return code

    def encode(self, x: Tensor) -> Tensor:
        """(B, C, *window) to the mean of q(z|x), (B, latent_size)."""
        return self.posterior(x)[0]

    def decode(self, code: Tensor) -> Tensor:
        """(B, latent_size) to (B, 1, *window)."""
        return crop_to(self.net.decode_forward(code, use_sigmoid=False), self.window or ())

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, *window) to (B, 1, *window), from a drawn code in training and from the mean in evaluation."""
        return self.decode(self.sample(*self.posterior(x)))
