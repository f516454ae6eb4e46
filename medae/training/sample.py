"""What a training sample is made from: a piece of a scan, and the source of its randomness.

A patch is a stack of slices (S, H, W): the neighbours of the one slice that is restored (2.5-D), or a block (3-D).
"""

from dataclasses import dataclass

import numpy as np
import torch  # noqa: TID253
from torch import Tensor  # noqa: TID253


@dataclass(frozen=True, slots=True)
class Patch:
    """A piece of a scan as it was.

    Attributes
    ----------
    clean
        (S, H, W) float32 network values.
    body, trusted
        (1, H, W) of the restored slice, or (S, H, W) of the block; float32, 0 to 1.
    spacing
        (slices, rows, columns) in mm.
    noise
        (S, H, W) float32 CT noise at `REFERENCE_PHOTONS`; None for other modalities.
    """

    clean: Tensor
    body: Tensor
    trusted: Tensor
    spacing: tuple[float, float, float]
    noise: Tensor | None = None

    @property
    def is_block(self) -> bool:
        """Whether all slices are restored, not the middle one only."""
        return len(self.body) == len(self.clean) > 1

    def restored(self, stack: Tensor) -> Tensor:
        """Give the part of a stack (S, H, W) that the network has to restore."""
        return stack if self.is_block else stack[len(stack) // 2 :][:1]


@dataclass(frozen=True, slots=True)
class Draw:
    """Source of a sample's randomness.

    Attributes
    ----------
    random, generator
        Seeded for this sample.
    progress
        Share of the training that is done, 0 to 1.
    """

    random: np.random.Generator
    generator: torch.Generator
    progress: float = 1.0
