"""The properties of a variational autoencoder: a bound that is one, codes like the prior, samples like the data."""

from typing import cast

import pytest
import torch
from torch import Tensor

from medae.families import variational
from medae.networks import VariationalAutoEncoder
from tests.families import properties

SIGMA = 0.15
Nets = dict[float, VariationalAutoEncoder]


@pytest.fixture(scope="module")
def networks(digits: tuple[Tensor, Tensor]) -> Nets:
    """Trained networks by β."""
    found = {}
    for beta, steps in ((0.0, 400), (1.0, 700), (4.0, 400), (50.0, 200)):
        options = variational.Options(latent_size=10, features=(12, 24), beta=beta, sigma=SIGMA)
        found[beta] = properties.fitted(variational, options, digits[0], steps, rate=5e-3, batch_size=96)
    return cast(Nets, found)


def test_the_divergence_is_what_sampling_finds(networks: Nets, digits: tuple[Tensor, Tensor]) -> None:
    mean, log_variance = networks[1.0].posterior(digits[1])
    sampled = properties.divergence_by_sampling(mean, log_variance, 200)
    assert abs(float(variational.divergence(mean, log_variance).mean()) / sampled - 1) < 0.01
    without_variance = 0.5 * (mean**2).sum(1).mean()  # control
    assert not abs(float(without_variance) / sampled - 1) < 0.01


def test_the_divergence_falls_with_beta_and_only_then(networks: Nets, digits: tuple[Tensor, Tensor]) -> None:
    found = [properties.mean_divergence(networks[beta], digits[1]) for beta in (0.0, 1.0, 4.0, 50.0)]
    assert found == sorted(found, reverse=True)
    assert found[0] > 2 * found[1] > 4 * found[3]


def test_importance_weighting_tightens_the_bound(networks: Nets, digits: tuple[Tensor, Tensor]) -> None:
    bound, tighter = properties.evidence_bounds(networks[1.0], digits[1], SIGMA, 64)
    assert tighter >= bound
    single, same = properties.evidence_bounds(
        networks[1.0], digits[1], SIGMA, 1
    )  # control: one sample tightens nothing
    assert same == pytest.approx(single)
    assert properties.evidence_bounds(networks[0.0], digits[1], SIGMA, 64)[0] < bound


def test_most_units_are_active_unless_the_prior_is_all_that_counts(
    networks: Nets, digits: tuple[Tensor, Tensor]
) -> None:
    assert properties.active_share(networks[1.0], digits[1]) > 0.5
    assert not properties.active_share(networks[50.0], digits[1]) > 0.5


def test_samples_of_the_prior_are_nearer_to_data_than_noise_is_and_only_if_codes_follow_it(
    networks: Nets, digits: tuple[Tensor, Tensor]
) -> None:
    train, _ = digits
    noise = properties.nearest_distance(properties.pixel_noise(train, 300), train)
    drawn = [properties.nearest_distance(properties.prior_samples(networks[b], 300), train) for b in (1.0, 0.0)]
    assert drawn[0] < noise
    assert not drawn[1] < noise


def test_evaluation_is_deterministic(networks: Nets, digits: tuple[Tensor, Tensor]) -> None:
    network, x = networks[1.0], digits[1]
    assert torch.equal(network(x), network(x))
    assert torch.equal(network(x), variational.decode(network, variational.encode(network, x)))
    assert not torch.equal(network.train()(x), network(x))
    network.eval()


def test_the_loss_is_the_negative_bound_without_its_constant(networks: Nets, digits: tuple[Tensor, Tensor]) -> None:
    network, x = networks[1.0], digits[1][:4]
    options = variational.Options(sigma=SIGMA)
    batch: variational.family.Batch = {"input": x, "target": x, "weight": torch.ones_like(x)}
    terms = variational.loss(network, batch, options)
    squared = (network(x) - x).square().mean()
    assert torch.allclose(terms["negative_log_likelihood"], squared / (2 * SIGMA**2))
    kl = variational.divergence(*network.posterior(x)).mean() / 64
    assert torch.allclose(terms["kl_prior"], kl)
    doubled = variational.loss(network, batch, options.model_copy(update={"beta": 2.0}))
    assert torch.allclose(doubled["kl_prior"], 2 * kl)
