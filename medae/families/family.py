"""What every autoencoder family offers to training, bundles, inference and the latent explorer."""

from typing import Annotated, Any, Literal, Protocol, TypedDict

from pydantic import BaseModel, ConfigDict, Field, field_validator
from torch import Tensor, nn  # noqa: TID253

Task = Literal["denoise", "anomaly", "reconstruct"]
"""What a model is trained for, which decides how its input is corrupted: by scanner noise, by coarse noise and blobs,
not at all. The loss is the family's own in each case."""


Features = Annotated[tuple[Annotated[int, Field(ge=1, le=1024)], ...], Field(min_length=1, max_length=7)]
"""Channels of each level of a convolutional network, finest first."""

Hidden = Annotated[tuple[Annotated[int, Field(ge=1, le=16384)], ...], Field(max_length=4)]
"""Units of each layer between image and code of a fully connected network; none means one layer."""


class Options(BaseModel):
    """Base of a family's options: they drive the form, the flags, the check and the bundle's record."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    spatial_dims: Literal[2, 3] = Field(2, description="2: slices, 3: blocks of the volume")
    in_channels: int = Field(1, ge=1, le=9, description="Neighbouring slices given, an odd number; 1 in 3-D")

    @field_validator("in_channels")
    @classmethod
    def _odd(cls, channels: int) -> int:
        if channels % 2 == 0:
            raise ValueError("give an odd number of slices, so that one is in the middle")
        return channels

    @property
    def channels(self) -> int:
        """Channels that the network takes: `in_channels`, but 1 in 3-D."""
        return 1 if self.spatial_dims == 3 else self.in_channels


class Batch(TypedDict):
    """What a data source hands to `Family.loss`.

    ``input`` (B, C, *spatial), ``target`` (B, outputs, *spatial) and ``weight`` (B, 1, *spatial), all float32; spatial
    is (H, W) or (D, H, W); the weight is the share of each pixel in the loss and is 0 where the target is not to be
    trusted. The second channel of a target, for networks that tell it, is a map of lesions, -1 (dark) to 1 (bright).
    """

    input: Tensor
    target: Tensor
    weight: Tensor


class Family(Protocol):
    """A module of this package that is listed in `medae.families.FAMILIES`.

    Attributes
    ----------
    TITLE, PURPOSE
        For people.
    TASKS
        What its models can be trained for, the default first.
    FROM_CODE
        Whether the reconstruction comes from the code alone; False where features skip it.
    HAS_PRIOR
        Whether codes are trained to follow N(0, I), so that images can be sampled.
    """

    TITLE: str
    PURPOSE: str
    TASKS: tuple[Task, ...]
    FROM_CODE: bool
    HAS_PRIOR: bool

    @property
    def Options(self) -> type[Options]:  # noqa: N802
        """The family's own options class."""
        ...

    def network_def(self, options: Any, patch_size: tuple[int, ...], /) -> dict[str, object]:
        """JSON with ``_target_`` and arguments, from which `medae.bundle` rebuilds the `medae.networks.Network`.

        ``patch_size`` is the spatial size of training patches; networks of one fixed size take it as that size.
        """
        ...

    def loss(self, network: nn.Module, batch: Batch, options: Any, /) -> dict[str, Tensor]:
        """Named, weighted terms; their sum is minimised."""
        ...

    def encode(self, network: nn.Module, batch: Tensor, /) -> Tensor:
        """(B, C, *spatial) to the code: (B, d), or (B, c, *coarse) where it is spatial."""
        ...

    def decode(self, network: nn.Module, code: Tensor, /) -> Tensor:
        """Code to (B, 1, *spatial), of the size that was encoded up to the network's stride."""
        ...
