"""What every autoencoder family offers to training, bundles and inference."""

from typing import Any, Protocol, TypedDict

from pydantic import BaseModel, ConfigDict
from torch import Tensor, nn  # noqa: TID253


class Options(BaseModel):
    """Base of a family's options: they drive the form, the flags, the check and the bundle's record."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Batch(TypedDict):
    """What a data source hands to `Family.loss`.

    ``input`` (B, C, H, W), ``target`` (B, 1, H, W) and ``weight`` (B, 1, H, W), all float32; the weight is the
    share of each pixel in the loss and is 0 where the target is not to be trusted.
    """

    input: Tensor
    target: Tensor
    weight: Tensor


class Family(Protocol):
    """A module of this package that is listed in `medae.families.FAMILIES`."""

    TITLE: str
    PURPOSE: str

    @property
    def Options(self) -> type[Options]:  # noqa: N802
        """The family's own options class."""
        ...

    def network_def(self, options: Any, /) -> dict[str, object]:
        """JSON with ``_target_`` and arguments, from which `medae.bundle` rebuilds the network."""
        ...

    def loss(self, network: nn.Module, batch: Batch, options: Any, /) -> dict[str, Tensor]:
        """Named, weighted terms; their sum is minimised."""
        ...

    def encode(self, network: nn.Module, batch: Tensor, /) -> Tensor:
        """(B, C, H, W) to the code."""
        ...

    def reconstruct(self, network: nn.Module, batch: Tensor, /) -> Tensor:
        """(B, C, H, W) to (B, 1, H, W)."""
        ...
