"""The convolutional autoencoder: any size, homogeneous, blind beyond its halo, moves with the image."""

import pytest
import torch

from medae.networks import ConvolutionalAutoEncoder, parameter_count


def _network(blocks: int = 2, dims: int = 2) -> ConvolutionalAutoEncoder:
    torch.manual_seed(0)
    return ConvolutionalAutoEncoder(dims, 1, (8, 12), latent_channels=5, blocks=blocks).eval()


@pytest.mark.parametrize("size", [(8, 8), (33, 47), (101, 99), (7, 33, 18)])
def test_any_size_comes_back_in_the_same_size(size: tuple[int, ...]) -> None:
    network = _network(dims=len(size))
    x = torch.rand(2, 1, *size)
    assert network(x).shape == (2, 1, *size)
    assert network.encode(x).shape == (2, 5, *(-(-side // 4) for side in size))


def test_three_times_the_input_gives_three_times_the_output() -> None:
    network, x = _network(), torch.rand(1, 1, 32, 32)
    assert torch.allclose(network(3 * x), 3 * network(x), atol=1e-5)
    assert not any("bias" in name for name, _ in network.named_parameters())


@pytest.mark.parametrize("blocks", [0, 1, 2, 3])
def test_the_halo_is_how_far_a_pixel_sees(blocks: int) -> None:
    network = _network(blocks).double()
    for parameter in network.parameters():  # nothing may cancel
        parameter.data.abs_()
    x = torch.rand(1, 1, 16, 192, dtype=torch.float64)
    reach = 0
    for place in range(92, 96):  # every place within one stride
        changed = x.clone()
        changed[..., place] += 1.0
        moved = (network(changed) - network(x)).detach().abs()[0, 0].amax(0) > 1e-12
        columns = torch.nonzero(moved)[:, 0]
        reach = max(reach, place - int(columns[0]), int(columns[-1]) - place)
    assert network.halo - network.stride < reach <= network.halo


def test_plain_blocks_and_parameters_of_any_image() -> None:
    assert parameter_count(_network(0)) < parameter_count(_network(1)) < parameter_count(_network(2))
