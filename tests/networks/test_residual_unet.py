"""The residual U-Net: homogeneous, any size, and blind beyond its halo."""

import pytest
import torch

from medae.networks import ResidualUNet, parameter_count


@pytest.fixture
def network() -> ResidualUNet:
    torch.manual_seed(0)
    return ResidualUNet(in_channels=3, features=(8, 16, 16), blocks=1).eval()


@pytest.mark.parametrize("size", [(8, 8), (33, 47), (64, 40), (101, 99)])
def test_any_size_comes_back_in_the_same_size(network: ResidualUNet, size: tuple[int, int]) -> None:
    assert network(torch.rand(2, 3, *size)).shape == (2, 1, *size)


def test_three_times_the_input_gives_three_times_the_output(network: ResidualUNet) -> None:
    x = torch.rand(1, 3, 32, 32)
    assert torch.allclose(network(3 * x), 3 * network(x), atol=1e-4)


def test_nothing_beyond_the_halo_reaches_a_pixel(network: ResidualUNet) -> None:
    x = torch.rand(1, 3, 16, 160)
    changed = x.clone()
    changed[..., network.halo + 32 :] += 1.0
    before, after = network(x), network(changed)
    assert torch.allclose(before[..., :32], after[..., :32], atol=1e-6)
    assert not torch.allclose(before, after)


def test_parameters_do_not_depend_on_the_image(network: ResidualUNet) -> None:
    assert parameter_count(network) == sum(p.numel() for p in network.parameters())
    assert not any("bias" in name for name, _ in network.named_parameters())
