"""What inference and training know of any network."""

from torch import nn  # noqa: TID253


class Network(nn.Module):
    """Base of every autoencoder: (B, C, *spatial) float32 to (B, 1, *spatial).

    Attributes
    ----------
    spatial_dims
        2: (B, C, H, W), where C neighbouring slices are given and the middle one is restored. 3: (B, 1, D, H, W).
    middle
        Index of the channel that is restored.
    window
        The one spatial size that the network takes, axes in the order of the input; None where it takes any.
    stride
        Total stride in pixels along each axis: the input is padded to multiples of it inside `forward`, and moving
        the input by it moves the output along. 1 where `window` is set.
    halo
        Pixels on each side that an output pixel can depend on; 0 where `window` is set.
    """

    spatial_dims: int = 2
    middle: int = 0
    window: tuple[int, ...] | None = None
    stride: int = 1
    halo: int = 0


def parameter_count(network: nn.Module) -> int:
    """Count the trainable parameters."""
    return sum(p.numel() for p in network.parameters() if p.requires_grad)
