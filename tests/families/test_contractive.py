"""The property of a contractive autoencoder: its code moves less with the image, and not because it is smaller."""

import torch
from torch import Tensor

from medae.families import contractive
from medae.networks import DenseAutoEncoder
from tests.families.properties import contraction_ratio, decibels, fitted, jacobian_norms, mean_squared_error


def test_the_closed_form_is_what_autograd_says() -> None:
    torch.manual_seed(0)
    network = DenseAutoEncoder((8, 8), hidden=(), code_size=24, code_act="sigmoid")
    x = torch.rand(16, 1, 8, 8)
    exact = jacobian_norms(network, x)
    closed = contractive.closed_form(network.encode(x), network.encoder.output.weight)
    assert torch.allclose(closed, exact, rtol=1e-5)
    without_slope = (network.encoder.output.weight**2).sum().expand(16)  # control
    assert not torch.allclose(without_slope, exact, rtol=1e-1)


def test_random_probes_estimate_it_for_deep_encoders() -> None:
    torch.manual_seed(0)
    network = DenseAutoEncoder((8, 8), hidden=(48,), code_size=24, code_act="sigmoid")
    x = torch.rand(64, 1, 8, 8, requires_grad=True)
    exact = jacobian_norms(network, x.detach()).mean()
    estimated = contractive.estimate(network.encode(x), x, 32).mean()
    assert abs(estimated / exact - 1) < 0.05
    closed = contractive.closed_form(network.encode(x), network.encoder.output.weight).mean()  # control
    assert not abs(closed / exact - 1) < 0.05


def test_probes_are_drawn_in_training_and_give_gradients() -> None:
    network = DenseAutoEncoder((8, 8), hidden=(48,), code_size=24, code_act="sigmoid")
    x = torch.rand(4, 1, 8, 8)
    batch: contractive.family.Batch = {"input": x, "target": x, "weight": torch.zeros_like(x)}
    options = contractive.Options(code_size=24, hidden=(48,), contraction=1.0)
    terms = contractive.loss(network, batch, options)
    terms["contraction"].backward()
    assert float(network.encoder.hidden_0[0].weight.grad.abs().sum()) > 0
    assert contractive.loss(network, batch, options)["contraction"] != terms["contraction"]


def test_the_code_contracts_without_shrinking(digits: tuple[Tensor, Tensor]) -> None:
    train, held_out = digits
    ratios, errors = [], []
    for contraction in (0.0, 0.3):
        options = contractive.Options(code_size=20, contraction=contraction)
        network = fitted(contractive, options, train, 2000, rate=1e-2, batch_size=256)
        ratios.append(contraction_ratio(network, held_out))
        errors.append(mean_squared_error(network, held_out))
    assert ratios[0] >= 3 * ratios[1]
    assert decibels(errors[0], errors[1]) <= 3


def test_the_ratio_does_not_see_a_smaller_code() -> None:
    torch.manual_seed(0)
    network = DenseAutoEncoder((8, 8), hidden=(), code_size=8).requires_grad_(False)
    x = torch.rand(32, 1, 8, 8)
    before = contraction_ratio(network, x)
    network.encoder.output.weight.data.mul_(0.01)
    assert abs(contraction_ratio(network, x) / before - 1) < 1e-3
