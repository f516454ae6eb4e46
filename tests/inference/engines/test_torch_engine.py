"""torch as the engine."""

import pytest
import torch

from medae.inference.device import Device
from medae.inference.engines import TorchEngine
from medae.networks import ResidualUNet

CPU = Device("cpu", "test")


def test_the_processor_computes_in_float32_whatever_was_asked(network: ResidualUNet, image: torch.Tensor) -> None:
    engine = TorchEngine(network, CPU, "float16")
    assert engine.title == "torch float32"
    assert torch.allclose(engine.run(image), network(image), atol=1e-6)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_mixed_precision_subtracts_in_float32(network: ResidualUNet, image: torch.Tensor) -> None:
    expected = network(image)
    mixed = TorchEngine(network, Device("cuda:0", "test"), "float16")
    assert mixed.title == "torch float16"
    assert (mixed.run(image) - expected).abs().max() < 0.002


def test_float32_minus_a_reduced_float_is_float32() -> None:
    """What `ResidualUNet.forward` relies on under autocast."""
    assert (torch.ones(1) - torch.ones(1, dtype=torch.float16)).dtype == torch.float32
