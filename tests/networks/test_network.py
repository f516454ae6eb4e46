"""What holds for every network."""

import pytest
import torch

from medae.networks import Network, parameter_count
from medae.networks.network import check_input, crop_to, mirrored, pad_to_multiple, put_into


def test_only_trainable_parameters_count() -> None:
    network = Network()
    network.layer = torch.nn.Linear(3, 2)
    assert parameter_count(network) == 8
    network.layer.bias.requires_grad_(False)
    assert parameter_count(network) == 6


@pytest.mark.parametrize("size", [(5, 9), (8, 16), (3, 5, 9)])
def test_padding_continues_the_edge_and_cropping_takes_it_away(size: tuple[int, ...]) -> None:
    x, strides = torch.rand(2, 3, *size), (8,) * len(size)
    padded = pad_to_multiple(x, strides)
    assert all(side % 8 == 0 for side in padded.shape[2:])
    assert torch.equal(padded[..., -1], pad_to_multiple(x[..., -1:], strides)[..., 0])
    assert torch.equal(crop_to(padded, size), x)


@pytest.mark.parametrize(
    ("dims", "channels", "reason"), [(1, 1, "2 or 3"), (3, 3, "in 3-D"), (2, 2, "odd number"), (2, 0, "odd number")]
)
def test_what_no_network_takes_is_refused(dims: int, channels: int, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        check_input(dims, channels)


def test_positions_beyond_an_axis_are_mirrored_without_repeating_its_end() -> None:
    assert mirrored(range(-3, 7), 4) == [3, 2, 1, 0, 1, 2, 3, 2, 1, 0]
    assert mirrored(range(-2, 3), 2) == [0, 1, 0, 1, 0]
    assert mirrored(range(-1, 2), 1) == [0, 0, 0]


@pytest.mark.parametrize("transposed", [False, True])
def test_a_larger_convolution_has_the_first_outputs_of_a_smaller_one_of_the_inputs_named(transposed: bool) -> None:
    kind = torch.nn.ConvTranspose2d if transposed else torch.nn.Conv2d
    small, large = kind(2, 3, 2, bias=False), kind(4, 5, 2, bias=False)
    before = large.weight.detach().clone()
    put_into(large.state_dict()["weight"], small.weight.detach(), torch.tensor([0, 3]), transposed=transposed)
    images = torch.rand(1, 4, 6, 6)
    torch.testing.assert_close(large(images)[:, :3], small(images[:, [0, 3]]))
    further = (slice(None), slice(3, None)) if transposed else slice(3, None)
    assert torch.equal(large.weight[further], before[further])
