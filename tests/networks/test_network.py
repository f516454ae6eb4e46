"""What holds for every network."""

import torch

from medae.networks import Network, parameter_count


def test_only_trainable_parameters_count() -> None:
    network = Network()
    network.layer = torch.nn.Linear(3, 2)
    assert parameter_count(network) == 8
    network.layer.bias.requires_grad_(False)
    assert parameter_count(network) == 6
