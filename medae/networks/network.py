"""What inference and training know of any network."""

from collections.abc import Iterable, Sequence

from torch import Tensor, nn  # noqa: TID253


class Network(nn.Module):
    """Base of every autoencoder: (B, C, *spatial) float32 to (B, outputs, *spatial).

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
    slices_around
        In 3-D, for a network that does not halve the number of slices: those above and below that an output slice can
        depend on. 0 where stride and halo are those of the first axis, too.
    outputs
        Channels that come out: the restored image, and after it a map of lesions where the network tells one.
    """

    spatial_dims: int = 2
    middle: int = 0
    window: tuple[int, ...] | None = None
    stride: int = 1
    halo: int = 0
    slices_around: int = 0
    outputs: int = 1

    @property
    def strides(self) -> tuple[int, ...]:
        """Stride along each spatial axis."""
        plane = (self.stride, self.stride)
        return plane if self.spatial_dims == 2 else (1 if self.slices_around else self.stride, *plane)

    @property
    def halos(self) -> tuple[int, ...]:
        """Halo along each spatial axis."""
        plane = (self.halo, self.halo)
        return plane if self.spatial_dims == 2 else (self.slices_around or self.halo, *plane)


class UNet(Network):
    """A network whose decoder is given the features of each level of its encoder.

    Attributes
    ----------
    features
        Channels of each resolution level, finest first.
    """

    features: tuple[int, ...] = ()

    def encode(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        """(B, C, *spatial) of any size to the deepest features (B, features[-1], *⌈spatial / stride⌉), finer ones."""
        raise NotImplementedError

    def decode(self, code: Tensor, fine: Sequence[Tensor]) -> Tensor:
        """Deepest features and finer ones to (B, outputs, *coarse · stride)."""
        raise NotImplementedError

    def no_skips(self, code: Tensor) -> list[Tensor]:
        """Zeros in the place of the finer features that belong to a code (B, features[-1], *coarse)."""
        levels, sides = len(self.features) - 1, tuple(zip(code.shape[2:], self.strides, strict=True))
        return [
            code.new_zeros(len(code), features, *(n << (levels - level) if stride > 1 else n for n, stride in sides))
            for level, features in enumerate(self.features[:-1])
        ]


def check_input(spatial_dims: int, in_channels: int) -> None:
    """Refuse what no network here takes.

    Raises
    ------
    ValueError
        If the input is neither an odd number of slices nor one block of a volume.
    """
    if spatial_dims not in (2, 3):
        raise ValueError(f"spatial_dims is 2 or 3, not {spatial_dims}")
    if spatial_dims == 3 and in_channels != 1:
        raise ValueError(f"in 3-D in_channels is 1, not {in_channels}: neighbouring slices are in the block itself")
    if in_channels < 1 or in_channels % 2 == 0:
        raise ValueError(f"in_channels is an odd number, so that one slice is in the middle, not {in_channels}")


def mirrored(positions: Iterable[int], length: int) -> list[int]:
    """Bring positions beyond the ends of an axis back into it, mirrored there without repeating the last one."""
    period = max(2 * (length - 1), 1)
    return [min(k % period, -k % period) for k in positions]


def pad_to_multiple(x: Tensor, strides: Sequence[int]) -> Tensor:
    """(B, C, *spatial) with each axis continued by its last values to a multiple of its stride."""
    missing = [-size % stride for size, stride in zip(x.shape[2:], strides, strict=True)]
    if not any(missing):
        return x
    pads = [pad for axis in reversed(missing) for pad in (0, axis)]
    return nn.functional.pad(x, pads, mode="replicate")


def crop_to(x: Tensor, size: Sequence[int]) -> Tensor:
    """(B, C, *spatial) cut at the far ends to ``size``, the inverse of `pad_to_multiple`."""
    for axis, length in enumerate(size, 2):
        x = x.narrow(axis, 0, length)
    return x


def put_into(ours: Tensor, theirs: Tensor, inputs: Tensor | slice, *, transposed: bool) -> None:
    """Put the weights of a convolution into those of a larger one, in place.

    Its first outputs are what they were: of its ``inputs``, as many and in the order of the smaller one's; the others
    count nothing for them. Further outputs stay as they are.

    Parameters
    ----------
    ours, theirs
        (outputs, inputs, *kernel), or (inputs, outputs, *kernel) where ``transposed``.
    """
    if transposed:
        ours, theirs = ours.transpose(0, 1), theirs.transpose(0, 1)
    ours[: len(theirs)] = 0
    ours[: len(theirs), inputs] = theirs


def parameter_count(network: nn.Module) -> int:
    """Count the trainable parameters."""
    return sum(p.numel() for p in network.parameters() if p.requires_grad)
