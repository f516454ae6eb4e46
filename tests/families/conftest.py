"""Images for the families' proofs."""

import pytest
import torch
from sklearn.datasets import load_digits
from torch import Tensor


@pytest.fixture(scope="session")
def digits() -> tuple[Tensor, Tensor]:
    """Handwritten digits (N, 1, 8, 8) between 0 and 1: to train on, and others."""
    images = torch.tensor(load_digits().images[:, None] / 16, dtype=torch.float32)
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(0))
    return images[order[:1400]], images[order[1400:]]
