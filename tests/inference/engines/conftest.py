"""A network small enough to convert in a test."""

import pytest
import torch

from medae.networks import ResidualUNet


@pytest.fixture
def network() -> ResidualUNet:
    torch.manual_seed(0)
    return ResidualUNet(in_channels=3, features=(8, 16), blocks=1).eval().requires_grad_(False)


@pytest.fixture
def image() -> torch.Tensor:
    """(1, 3, 41, 54) network values as tissue has them: around 1, where bfloat16 has steps of 0.008."""
    torch.manual_seed(1)
    return 1.0 + 0.02 * torch.randn(1, 3, 41, 54)
