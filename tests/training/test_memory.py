import pytest
import torch

from medae import bundle
from medae.families import FAMILIES
from medae.networks import parameter_count
from medae.training.memory import sketch, training_mb


@pytest.mark.parametrize("family", FAMILIES)
def test_a_sketch_has_the_shape_of_the_network_and_no_weights(family) -> None:
    chosen = FAMILIES[family]
    definition = chosen.network_def(chosen.Options(), (64, 64))
    network = sketch(definition)
    built = bundle.build_network(definition)
    assert {p.device.type for p in network.parameters()} == {"meta"}
    assert (network.window, network.stride) == (built.window, built.stride)
    assert parameter_count(network) == parameter_count(built)


def test_memory_counts_weights_once_and_activations_per_patch() -> None:
    family = FAMILIES["convolutional"]
    network = sketch(family.network_def(family.Options(), (64, 64)))
    one, two = (training_mb(network, count, (64, 64)) for count in (1, 2))
    weights = 5 * 4 * parameter_count(network) / 1e6
    assert one == pytest.approx(weights + (two - one))
    assert training_mb(network, 1, (128, 128)) - weights == pytest.approx(4 * (one - weights), rel=0.01)


def test_what_is_kept_is_near_what_autograd_saves() -> None:
    """Against the bytes that autograd stores during a real forward pass."""
    family = FAMILIES["convolutional"]
    definition = family.network_def(family.Options(), (64, 64))
    network, images = bundle.build_network(definition), torch.rand(4, 1, 64, 64)
    weights = {p.data_ptr() for p in network.parameters()}
    saved: dict[int, int] = {}

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        if tensor.data_ptr() not in weights:
            saved[tensor.data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        result = network(images)
    assert result.requires_grad
    real = sum(saved.values()) / 1e6
    told = training_mb(sketch(definition), 4, (64, 64)) - 5 * 4 * parameter_count(network) / 1e6
    assert told == pytest.approx(real, rel=0.5)
