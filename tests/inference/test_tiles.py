"""Tiles give what the whole image gives; fixed windows cover any size."""

import pytest
import torch
from torch import Tensor, nn

from medae.inference.device import Device
from medae.inference.tiles import run_network
from medae.networks import Network, ResidualUNet

CPU = Device("cpu", "test")


class Window(Network):
    """The identity, for one size only."""

    def __init__(self, *window: int) -> None:
        super().__init__()
        self.window = window
        self.spatial_dims = len(window)
        self.seen: list[int] = []

    def forward(self, x: Tensor) -> Tensor:
        assert tuple(x.shape[2:]) == self.window
        self.seen.append(len(x))
        return x[:, :1]


class Blur3d(Network):
    """A mean over 3×3×3 voxels."""

    spatial_dims = 3
    halo = 1

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.avg_pool3d(x, 3, 1, 1)


def test_tiles_leave_no_seam() -> None:
    torch.manual_seed(0)
    network = ResidualUNet(features=(8, 16), blocks=1).eval()
    image = torch.rand(1, 3, 150, 130)
    whole = run_network(network, image, CPU, tile=1024)
    tiled = run_network(network, image, CPU, tile=48)
    assert torch.allclose(whole, tiled, atol=1e-5)


def test_tiles_leave_no_seam_in_3d() -> None:
    image = torch.rand(1, 1, 9, 20, 17)
    network = Blur3d().eval()
    assert torch.allclose(run_network(network, image, CPU), run_network(network, image, CPU, tile=6), atol=1e-6)


@pytest.mark.parametrize("shape", [(16, 16), (16, 40), (9, 50)])
def test_windows_cover_any_size(shape: tuple[int, int]) -> None:
    image = torch.rand(1, 1, *shape)
    assert torch.allclose(run_network(Window(16, 16), image, CPU), image, atol=1e-5)


def test_an_image_of_the_windows_size_is_one_window() -> None:
    network = Window(4, 16, 16)
    image = torch.rand(1, 1, 4, 16, 16)
    assert torch.allclose(run_network(network, image, CPU), image, atol=1e-6)
    assert network.seen == [1]
