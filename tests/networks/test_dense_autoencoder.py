"""The fully connected autoencoder: one size, a code that is what was asked for."""

import pytest
import torch

from medae.networks import DenseAutoEncoder, parameter_count


def test_parameters_grow_with_the_image() -> None:
    small, large = (DenseAutoEncoder((side, side), hidden=(), code_size=4) for side in (8, 16))
    assert parameter_count(small) == 2 * 4 * 64 + 4 + 64
    assert parameter_count(large) == 2 * 4 * 256 + 4 + 256


def test_linear_centred_and_without_biases_is_an_affine_map() -> None:
    network = DenseAutoEncoder((6, 5), hidden=(), code_size=3, bias=False, centred=True).eval()
    torch.nn.init.normal_(network.center)
    x, y = torch.rand(2, 1, 1, 6, 5)
    assert torch.allclose(network((x + y) / 2), (network(x) + network(y)) / 2, atol=1e-5)
    assert torch.equal(network(network.center[None]), network.center[None])
    assert network.code_columns().shape == (30, 3)


def test_top_k_keeps_the_largest_numbers() -> None:
    torch.manual_seed(0)
    kept = DenseAutoEncoder((8, 8), code_size=16, top_k=3).eval()
    every = DenseAutoEncoder((8, 8), code_size=16).eval()
    every.load_state_dict(kept.state_dict())
    x = torch.rand(5, 1, 8, 8)
    code, full = kept.encode(x), every.encode(x)
    assert ((code != 0).sum(1) == 3).all()
    assert torch.allclose(code.sum(1), full.topk(3, dim=1).values.sum(1))


@pytest.mark.parametrize(("act", "low", "high"), [("sigmoid", 0, 1), ("relu", 0, 1e9), ("none", -1e9, 1e9)])
def test_codes_lie_in_the_activation_s_range(act: str, low: float, high: float) -> None:
    code = DenseAutoEncoder((8, 8), code_act=act).encode(torch.randn(9, 1, 8, 8))
    assert low <= code.min() <= code.max() <= high
    assert (code.min() < 0) == (act == "none")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [({"code_act": "tanh"}, "code_act is one of"), ({"top_k": 99}, "top_k is between"), ({"in_channels": 2}, "odd")],
)
def test_impossible_arguments_are_named(arguments: dict[str, object], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        DenseAutoEncoder((8, 8), **arguments)
