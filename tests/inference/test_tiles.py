"""Tiles give what the whole slice gives."""

import torch

from medae.inference.device import Device
from medae.inference.tiles import run_tiled
from medae.networks import ResidualUNet


def test_tiles_leave_no_seam() -> None:
    torch.manual_seed(0)
    network = ResidualUNet(features=(8, 16), blocks=1).eval()
    image = torch.rand(1, 3, 150, 130)
    cpu = Device("cpu", "test")
    whole = run_tiled(network, image, cpu, tile=1024)
    tiled = run_tiled(network, image, cpu, tile=48)
    assert torch.allclose(whole, tiled, atol=1e-5)
