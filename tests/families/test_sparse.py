"""The property of a sparse autoencoder: each unit speaks as rarely as it is told, and none is dead."""

import pytest
import torch
from torch import Tensor

from medae.families import sparse
from medae.networks import DenseAutoEncoder
from tests.families.properties import dead_share, fitted, hoyer_sparsity


def _codes(digits: tuple[Tensor, Tensor], steps: int, **options: object) -> Tensor:
    train, held_out = digits
    chosen = sparse.Options.model_validate({"code_size": 64, **options})
    network = fitted(sparse, chosen, train, steps, rate=1e-2, batch_size=128)
    assert isinstance(network, DenseAutoEncoder)
    return network.encode(held_out)


@pytest.fixture(scope="module")
def plain(digits: tuple[Tensor, Tensor]) -> Tensor:
    return _codes(digits, 3000, beta=0.0)


def test_units_are_as_active_as_told(digits: tuple[Tensor, Tensor], plain: Tensor) -> None:
    for rho, steps in ((0.05, 3000), (0.1, 1000)):
        codes = _codes(digits, steps, rho=rho)
        assert abs(float(codes.mean()) - rho) < 0.2 * rho
        assert dead_share(codes) < 0.05
        assert not abs(float(plain.mean()) - rho) < 0.2 * rho
        if rho == 0.05:
            assert hoyer_sparsity(codes) > 3 * hoyer_sparsity(plain)


@pytest.mark.parametrize("options", [{"penalty": "l1", "l1": 0.2}, {"penalty": "top-k", "k": 6}])
def test_the_other_two_ways_are_sparse_too(digits: tuple[Tensor, Tensor], options: dict[str, object]) -> None:
    control = _codes(digits, 400, penalty="l1", l1=0.0)
    assert hoyer_sparsity(_codes(digits, 400, **options)) > 1.5 * hoyer_sparsity(control)


def test_shrinking_the_code_does_not_cheat_the_l1_penalty() -> None:
    options = sparse.Options(code_size=16, penalty="l1", l1=1.0)
    torch.manual_seed(0)
    network = DenseAutoEncoder((8, 8), hidden=(), code_size=16, code_act="relu")
    x = torch.rand(4, 1, 8, 8)
    batch: sparse.family.Batch = {"input": x, "target": x, "weight": torch.ones_like(x)}
    before = sparse.loss(network, batch, options)
    with torch.no_grad():
        network.encoder.output.weight.mul_(0.1)
        network.encoder.output.bias.mul_(0.1)
        network.decoder.output.weight.mul_(10)
    after = sparse.loss(network, batch, options)
    assert torch.allclose(before["half_squared_error"], after["half_squared_error"])
    assert torch.allclose(before["l1_sparsity"], after["l1_sparsity"])


def test_the_divergence_is_zero_where_wanted_and_the_formula_s_elsewhere() -> None:
    found = torch.tensor([0.05, 0.2])
    expected = 0.05 * torch.log(torch.tensor(0.25)) + 0.95 * torch.log(torch.tensor(0.95 / 0.8))
    assert torch.allclose(sparse.divergence(0.05, found), torch.stack([torch.tensor(0.0), expected]), atol=1e-6)
    assert torch.isfinite(sparse.divergence(0.05, torch.tensor([0.0, 1.0]))).all()
