"""The variational autoencoder: a distribution in training, its mean in evaluation."""

import pytest
import torch

from medae.networks import VariationalAutoEncoder


@pytest.mark.parametrize("window", [(16, 24), (13, 18), (5, 16, 12)])
@pytest.mark.parametrize("blocks", [0, 2])
def test_the_window_comes_back(window: tuple[int, ...], blocks: int) -> None:
    network = VariationalAutoEncoder(window, features=(4, 8, 8), latent_size=6, blocks=blocks).eval()
    x = torch.rand(2, 1, *window)
    assert network(x).shape == x.shape
    mean, log_variance = network.posterior(x)
    assert mean.shape == log_variance.shape == (2, 6)
    assert network.decode(torch.randn(3, 6)).shape == (3, 1, *window)


def test_evaluation_decodes_the_mean_and_training_draws() -> None:
    network = VariationalAutoEncoder((16, 16), features=(4, 8), latent_size=6)
    x = torch.rand(2, 1, 16, 16)
    assert not torch.equal(network.train()(x), network(x))
    network.eval()
    assert torch.equal(network(x), network(x))
    assert torch.equal(network(x), network.decode(network.posterior(x)[0]))


def test_outputs_are_not_squashed() -> None:
    network = VariationalAutoEncoder((16, 16), features=(4, 8), latent_size=6).eval()
    images = network.decode(1000 * torch.randn(8, 6))
    assert images.min() < 0
    assert images.max() > 1
