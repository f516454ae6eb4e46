"""What holds for every network."""

import pytest
import torch

from medae.networks import Network, parameter_count
from medae.networks.network import check_input, crop_to, pad_to_multiple


def test_only_trainable_parameters_count() -> None:
    network = Network()
    network.layer = torch.nn.Linear(3, 2)
    assert parameter_count(network) == 8
    network.layer.bias.requires_grad_(False)
    assert parameter_count(network) == 6


@pytest.mark.parametrize("size", [(5, 9), (8, 16), (3, 5, 9)])
def test_padding_continues_the_edge_and_cropping_takes_it_away(size: tuple[int, ...]) -> None:
    x = torch.rand(2, 3, *size)
    padded = pad_to_multiple(x, 8)
    assert all(side % 8 == 0 for side in padded.shape[2:])
    assert torch.equal(padded[..., -1], pad_to_multiple(x[..., -1:], 8)[..., 0])
    assert torch.equal(crop_to(padded, size), x)


@pytest.mark.parametrize(
    ("dims", "channels", "reason"), [(1, 1, "2 or 3"), (3, 3, "in 3-D"), (2, 2, "odd number"), (2, 0, "odd number")]
)
def test_what_no_network_takes_is_refused(dims: int, channels: int, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        check_input(dims, channels)
