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


@pytest.mark.parametrize("size", [(8, 8, 8), (3, 33, 47), (12, 16, 40)])
def test_blocks_of_a_volume_come_back_in_the_same_size(size: tuple[int, int, int]) -> None:
    network = ResidualUNet(1, (4, 6, 8), blocks=1, spatial_dims=3).eval()
    x = torch.rand(2, 1, *size)
    assert network(x).shape == x.shape
    assert torch.allclose(network(3 * x), 3 * network(x), atol=1e-4)


def test_the_pixel_shuffle_is_torch_s_own(network: ResidualUNet) -> None:
    x = torch.rand(2, 3, 16, 24)
    assert torch.equal(network.head[0](x), torch.nn.PixelUnshuffle(2)(x))
    assert torch.equal(network.tail[1](x.repeat(1, 4, 1, 1)), torch.nn.PixelShuffle(2)(x.repeat(1, 4, 1, 1)))


def test_without_skips_the_code_alone_makes_the_image() -> None:
    network = ResidualUNet(1, (8, 16), blocks=1, residual=False, skips=False).eval()
    x = torch.rand(1, 1, 32, 32)
    code, fine = network.encode(x)
    assert torch.equal(network(x), network.decode(code, network.no_skips(code)))
    assert not torch.equal(network(x), network.decode(code, fine))


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


@pytest.mark.parametrize("dims", [2, 3])
def test_what_is_predicted_from_parts_is_what_forward_takes_away(dims: int) -> None:
    torch.manual_seed(0)
    channels = 3 if dims == 2 else 1
    network = ResidualUNet(in_channels=channels, features=(8, 16), blocks=1, spatial_dims=dims).eval()
    x = torch.rand(1, channels, *(16,) * dims)
    coarse = x.bfloat16().float()
    middle = x[:, channels // 2 : channels // 2 + 1]
    assert torch.allclose(middle - network.predicted(coarse, x - coarse), network(x), atol=1e-5)
    assert not torch.allclose(middle - network.predicted(coarse), network(x), atol=1e-5)
