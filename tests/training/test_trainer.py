"""One step, and what it changes."""

import copy

import pytest
import torch

from medae import bundle
from medae.errors import SettingsError
from medae.families import Batch
from medae.inference.device import Device
from medae.training.defaults import checked_options
from medae.training.fabric import launched
from medae.training.trainer import LAST_RATE, WARM_UP, Trainer, deterministic, rate
from tests.training.conftest import MakeRecipe

CPU = Device("cpu", "test")


def _trainer(short: MakeRecipe, **changes: object) -> Trainer:
    recipe = short(**changes)
    family, options = checked_options(recipe.family, recipe.options)
    torch.manual_seed(0)
    network = bundle.build_network(family.network_def(options, recipe.patch(2)))
    return Trainer(launched(recipe, CPU), network, family, options, recipe, CPU)


def _batch(scale: float = 1.0) -> Batch:
    clean = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(1)) * scale
    return Batch(input=clean + 0.1, target=clean[:, 1:2], weight=torch.ones(2, 1, 32, 32))


def test_the_rate_rises_and_falls_to_a_thousandth() -> None:
    rates = [rate(step, 1000) for step in range(1001)]
    assert rates[0] == pytest.approx(1 / WARM_UP, rel=1e-2)
    assert max(rates) == pytest.approx(1.0, rel=0.03)
    assert rates[1000] == pytest.approx(LAST_RATE)
    assert all(a >= b for a, b in zip(rates[WARM_UP:], rates[WARM_UP + 1 :], strict=False))


def test_steps_lower_the_loss_and_the_average_follows(short: MakeRecipe) -> None:
    trainer = _trainer(short, steps=60, learning_rate=0.05)
    losses = [sum(trainer.step(n, _batch()).values()) for n in range(60)]
    assert losses[-1] < 0.5 * losses[0]
    assert sum(trainer.judge([_batch()]).values()) < 0.6 * losses[0]


def test_the_average_is_the_moving_mean_of_the_weights(short: MakeRecipe) -> None:
    trainer = _trainer(short, steps=60, learning_rate=0.05, average=0.5)
    (name, mean), *_ = [(n, t.detach().clone()) for n, t in trainer.averaged.named_parameters()]
    for n in range(30):
        trainer.step(n, _batch())
        now = dict(trainer.objective.network.named_parameters())[name].detach()
        decay = 0.0 if n == 0 else min(0.5, (1 + n) / (10 + n))
        mean = decay * mean + (1 - decay) * now
    assert torch.allclose(dict(trainer.averaged.named_parameters())[name], mean, atol=1e-6)


def test_a_stored_state_goes_on_exactly(short: MakeRecipe) -> None:
    one = _trainer(short, steps=10)
    for n in range(4):
        one.step(n, _batch())
    state = copy.deepcopy(one.state_dict())
    other = _trainer(short, steps=10)
    other.load_state_dict(state)
    assert [one.step(n, _batch()) for n in range(4, 8)] == [other.step(n, _batch()) for n in range(4, 8)]


def test_what_a_loss_draws_follows_from_the_step(short: MakeRecipe) -> None:
    variational = {"family": "variational", "task": "reconstruct", "options": {"features": [8], "in_channels": 3}}
    one, other = (_trainer(short, steps=10, **variational) for _ in range(2))
    first = one.step(3, _batch())
    torch.rand(7)
    assert other.step(3, _batch()) == first
    assert _trainer(short, steps=10, **variational).step(4, _batch()) != first


def test_judging_is_repeatable_and_changes_nothing(short: MakeRecipe) -> None:
    trainer = _trainer(short)
    before = [p.detach().clone() for p in trainer.averaged.parameters()]
    assert trainer.judge([_batch()]) == trainer.judge([_batch()])
    assert all(torch.equal(a, b) for a, b in zip(before, trainer.averaged.parameters(), strict=True))


def test_no_number_is_an_error_and_leaves_the_weights(short: MakeRecipe) -> None:
    trainer = _trainer(short)
    before = [p.detach().clone() for p in trainer.objective.parameters()]
    with pytest.raises(SettingsError, match="step 1"):
        trainer.step(0, _batch(float("inf")))
    assert all(torch.equal(a, b) for a, b in zip(before, trainer.objective.parameters(), strict=True))


def test_determinism_ends_with_the_training() -> None:
    before = torch.are_deterministic_algorithms_enabled()
    with deterministic():
        assert torch.are_deterministic_algorithms_enabled()
    assert torch.are_deterministic_algorithms_enabled() == before
