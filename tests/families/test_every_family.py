"""What holds for every family in the list."""

import pytest
import torch

from medae import bundle
from medae.families import FAMILIES, Batch


@pytest.mark.parametrize("key", FAMILIES)
def test_a_few_steps_lower_the_loss(key: str) -> None:
    family = FAMILIES[key]
    options = family.Options.model_validate({"features": (8, 16), "blocks": 1})
    torch.manual_seed(0)
    network = bundle.build_network(family.network_def(options, (32, 32)))
    clean = torch.rand(4, 3, 32, 32)
    batch: Batch = {
        "input": clean + 0.2 * torch.randn(clean.shape),
        "target": clean[:, 1:2],
        "weight": torch.ones(4, 1, 32, 32),
    }
    optimiser = torch.optim.Adam(network.parameters(), 3e-3)
    losses = []
    for _ in range(30):
        total = torch.stack(list(family.loss(network, batch, options).values())).sum()
        optimiser.zero_grad()
        total.backward()
        optimiser.step()
        losses.append(total.item())
    assert losses[-1] < 0.8 * losses[0]


@pytest.mark.parametrize("key", FAMILIES)
def test_code_and_reconstruction_have_the_stated_shapes(key: str) -> None:
    family = FAMILIES[key]
    network = bundle.build_network(family.network_def(family.Options(), (32, 32)))
    x = torch.rand(2, 3, 32, 32)
    assert network(x).shape == (2, 1, 32, 32)
    assert family.encode(network, x).shape[0] == 2
    assert family.TITLE
    assert family.PURPOSE


@pytest.mark.parametrize("key", FAMILIES)
def test_weight_zero_takes_a_pixel_out_of_the_loss(key: str) -> None:
    family = FAMILIES[key]
    options = family.Options()
    network = bundle.build_network(family.network_def(options, (32, 32)))
    x, weight = torch.rand(1, 3, 16, 16), torch.ones(1, 1, 16, 16)
    weight[..., :8] = 0
    target = x[:, 1:2].clone()
    first = family.loss(network, {"input": x, "target": target, "weight": weight}, options)
    target[..., :8] += 5
    second = family.loss(network, {"input": x, "target": target, "weight": weight}, options)
    assert first == second
