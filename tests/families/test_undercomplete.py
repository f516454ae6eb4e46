"""The property of an undercomplete autoencoder: linear it is PCA, with hidden layers it is better."""

import pytest
from torch import Tensor

from medae.families import undercomplete
from medae.networks import DenseAutoEncoder
from tests.families.properties import Principal, fitted, mean_squared_error

LINEAR = undercomplete.Options(code_size=4, linear=True)


@pytest.mark.parametrize("centred", [True, False])
def test_linear_it_spans_the_principal_subspace_and_only_if_centred(
    digits: tuple[Tensor, Tensor], centred: bool
) -> None:
    train, held_out = digits
    network = fitted(undercomplete, LINEAR, train, 2000, rate=3e-2, batch_size=256, changes={"centred": centred})
    principal = Principal(train, 4)
    assert isinstance(network, DenseAutoEncoder)
    angle = principal.largest_angle(network.code_columns())
    ratio = mean_squared_error(network, held_out) / principal.mean_squared_error(held_out)
    assert (angle < 5) == centred
    assert (ratio <= 1.01) == centred


def test_hidden_layers_beat_principal_components_and_more_numbers_help(digits: tuple[Tensor, Tensor]) -> None:
    train, held_out = digits
    errors = []
    for size in (4, 8, 12):
        options = undercomplete.Options(code_size=size, hidden=(128,))
        network = fitted(undercomplete, options, train, 1200, rate=3e-3, batch_size=128)
        errors.append(mean_squared_error(network, held_out))
        assert errors[-1] <= 0.8 * Principal(train, size).mean_squared_error(held_out)
    assert errors[0] > errors[1] > errors[2]
