"""Every engine gives what the network gives, for any size."""

import pytest
import torch

from medae.inference.device import Device
from medae.inference.engines import Engine, OpenVinoEngine, TorchEngine
from medae.inference.engines.openvino_engine import openvino_precisions
from medae.networks import ConvolutionalAutoEncoder, Network, ResidualUNet

CPU = Device("cpu", "test")
NETWORKS = {
    "2-D": lambda: ResidualUNet(3, (8, 16), 1),
    "3-D": lambda: ResidualUNet(1, (4, 8), 1, spatial_dims=3),
    "image itself": lambda: ResidualUNet(3, (8, 16), 1, residual=False, skips=False),
    "another family": lambda: ConvolutionalAutoEncoder(2, 1, (8, 16), 4, 1),
}


def engines(network: Network) -> list[Engine]:
    found: list[Engine] = [TorchEngine(network, CPU)]
    if "float32" in openvino_precisions():
        found.append(OpenVinoEngine(network))
    return found


@pytest.mark.parametrize("name", NETWORKS)
def test_float32_engines_agree_with_the_module_at_any_size(name: str) -> None:
    torch.manual_seed(0)
    network = NETWORKS[name]().eval().requires_grad_(False)
    channels = 2 * network.middle + 1
    for engine in engines(network):
        for size in ((16, 24), (13, 7), (1, 1)) if network.spatial_dims == 2 else ((8, 9, 10), (1, 5, 3)):
            x = torch.rand(1, channels, *size)
            got = engine.run(x)
            assert got.dtype == torch.float32
            assert got.shape == (1, 1, *size)
            assert torch.allclose(got, network(x), atol=1e-5), engine.title
