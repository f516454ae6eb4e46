"""Figures of held-out scans."""

import numpy as np
import pytest
import torch

from medae.inference.device import Device
from medae.networks import ResidualUNet
from medae.progress import silent
from medae.training.cache import Scan
from medae.training.evaluate import evaluate_denoising, psnr
from medae.training.recipe import Recipe


def test_psnr_of_a_known_error() -> None:
    truth = np.zeros((8, 8), np.float32)
    assert psnr(truth + 0.1, truth, truth == 0) == pytest.approx(20.0, abs=1e-3)


@pytest.mark.parametrize("modality", ["MR", "CT", "DX"])
def test_a_network_that_removes_nothing_gains_nothing(modality: str) -> None:
    recipe = Recipe.model_validate({"name": "x", "title": "x", "task": "denoise", "modality": modality, "data": []})
    images = np.full((1, 32, 32), 1.0, np.float32)
    scan = Scan(images, images > 0, images > 0, (1.0, 1.0, 1.0), use="held_out")
    network = ResidualUNet(features=(8, 16), blocks=1).eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
    metrics = evaluate_denoising(network, [scan], recipe, Device("cpu", "test"), silent)
    assert metrics
    assert all(figures["noisy"] == figures["denoised"] for figures in metrics.values())
    assert evaluate_denoising(network, [], recipe, Device("cpu", "test"), silent) == {}
