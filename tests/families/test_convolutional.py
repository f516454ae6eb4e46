"""The property of a convolutional autoencoder: one set of weights for every place and every size."""

from typing import Any

import pytest
import torch
from torch import Tensor

from medae import bundle
from medae.families import Family, convolutional, undercomplete
from medae.networks import Network, parameter_count
from tests.families.properties import discs, fitted, mean_squared_error, shift_error

OPTIONS = convolutional.Options(features=(16, 32, 32), latent_channels=4, blocks=0)
DENSE = undercomplete.Options(code_size=4 * 4 * 4, hidden=(256,))


def _convolutional(images: Tensor) -> Network:
    return fitted(convolutional, OPTIONS, images, 500, rate=5e-3, batch_size=24)


@pytest.fixture(scope="module")
def network() -> Network:
    return _convolutional(discs(256, seed=0))


@pytest.fixture(scope="module")
def dense() -> Network:
    return fitted(undercomplete, DENSE, discs(256, seed=0), 800, batch_size=32)


def test_it_beats_the_dense_model_of_equal_code_and_only_where_neighbours_are_neighbours(
    network: Network, dense: Network
) -> None:
    train, held_out = discs(256, seed=0), discs(64, seed=9)
    assert convolutional.encode(network, held_out)[0].numel() == DENSE.code_size
    reference = mean_squared_error(dense, held_out)  # does not depend on the order of the pixels
    assert mean_squared_error(network, held_out) < reference
    order = torch.randperm(32 * 32, generator=torch.Generator().manual_seed(0))
    mixed, mixed_held_out = (x.flatten(2)[..., order].reshape(x.shape) for x in (train, held_out))
    assert not mean_squared_error(_convolutional(mixed), mixed_held_out) < reference


def test_it_commutes_with_shifts_by_its_stride_and_no_others(network: Network, dense: Network) -> None:
    images = discs(2, seed=3, side=160)
    assert shift_error(network, images, network.stride, network.halo) < 1e-5
    assert not shift_error(network, images, 1, network.halo) < 1e-5
    assert not shift_error(dense, discs(2, seed=3), network.stride, 4) < 1e-5


def test_parameters_do_not_depend_on_the_image_s_size() -> None:
    def count(family: Family, options: Any, side: int) -> int:
        return parameter_count(bundle.build_network(family.network_def(options, (side, side))))

    assert count(convolutional, OPTIONS, 32) == count(convolutional, OPTIONS, 64)
    assert count(undercomplete, DENSE, 32) != count(undercomplete, DENSE, 64)


def test_any_size_comes_back(network: Network) -> None:
    for size in ((32, 32), (41, 77), (7, 101)):
        assert network(torch.rand(1, 1, *size)).shape == (1, 1, *size)
