"""Calibration on normal scans."""

import numpy as np
import torch

from medae.inference.device import Device
from medae.inference.residual import Calibration
from medae.networks import ResidualUNet
from medae.progress import silent
from medae.training.cache import Scan
from medae.training.calibrate import CANDIDATES, FALSE_REGIONS, calibrate


def test_normal_scans_show_few_regions_at_the_threshold() -> None:
    torch.manual_seed(0)
    images = np.random.default_rng(0).uniform(0.3, 0.7, (3, 48, 48)).astype(np.float32)
    everywhere = np.ones(images.shape, bool)
    scan = Scan(images, everywhere, everywhere, (3.0, 1.0, 1.0))
    network = ResidualUNet(in_channels=1, features=(8, 16), blocks=1).eval()
    stored, metrics = calibrate(network, [scan], Device("cpu", "test"), silent)
    calibration = Calibration.model_validate(stored)
    assert calibration.scans == 1
    assert calibration.threshold in CANDIDATES
    assert metrics["false_regions_per_calibration_scan"] <= FALSE_REGIONS or calibration.threshold == CANDIDATES[-1]
