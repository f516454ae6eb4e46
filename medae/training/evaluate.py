"""Measure a denoiser on held-out scans, before and after, inside the body."""

from collections.abc import Sequence

import numpy as np
import torch  # noqa: TID253
from numpy.typing import NDArray

from medae.inference.device import Device
from medae.inference.prepare import CT_OFFSET, CT_SCALE, neighbours
from medae.inference.tiles import run_network
from medae.networks import Network
from medae.progress import Report
from medae.training.noise import ct_low_dose, rician
from medae.training.recipe import Recipe
from medae.training.samples import Scan

MR_SIGMAS = (0.02, 0.03, 0.06, 0.10)
"""Of the 99.9th percentile."""
CT_PHOTONS = (2e5, 5e4, 2e4)
SLICES = 3
"""Slices judged per scan, spread over it."""


def psnr(image: NDArray[np.float32], truth: NDArray[np.float32], mask: NDArray[np.bool_]) -> float:
    """Peak signal-to-noise ratio in dB inside the mask, for a peak of 1."""
    return float(-10 * np.log10(np.mean((image[mask] - truth[mask]) ** 2) + 1e-12))


def evaluate_denoising(
    network: Network, scans: Sequence[Scan], recipe: Recipe, device: Device, report: Report
) -> dict[str, object]:
    """Give noise level → before and after: PSNR in dB for MR, root mean square error in HU for CT."""
    metrics: dict[str, object] = {}
    levels = MR_SIGMAS if recipe.modality == "MR" else CT_PHOTONS
    for n, level in enumerate(levels):
        before, after = [], []
        for m, scan in enumerate(scans):
            report((n + m / len(scans)) / len(levels), "Measuring on held-out scans")
            for k in np.unique(np.linspace(0, len(scan.images) - 1, SLICES + 2)[1:-1].astype(int)):
                noisy, restored = _noisy_and_restored(network, scan, int(k), level, recipe, device)
                before.append(_figure(noisy, scan, int(k), recipe))
                after.append(_figure(restored, scan, int(k), recipe))
        if before:
            name = f"psnr_db_sigma_{level:g}" if recipe.modality == "MR" else f"rmse_hu_photons_{level:g}"
            metrics[name] = {
                "noisy": round(float(np.mean(before)), 2),
                "denoised": round(float(np.mean(after)), 2),
            }
    return metrics


def _noisy_and_restored(
    network: Network, scan: Scan, k: int, level: float, recipe: Recipe, device: Device
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    stack = scan.images[neighbours(k, 2 * network.middle + 1, len(scan.images))]
    if recipe.modality == "MR":
        noisy = rician(stack, level, seed=k)
    else:
        hu = ct_low_dose(stack * CT_SCALE - CT_OFFSET, level, scan.spacing, seed=k, views=360)
        noisy = np.maximum((hu + CT_OFFSET) / CT_SCALE, 0.0).astype(np.float32)
    if len(scan.images) == 1:
        noisy[:] = noisy[network.middle]
    return noisy[network.middle], run_network(network, torch.from_numpy(noisy)[None], device)[0, 0].numpy()


def _figure(image: NDArray[np.float32], scan: Scan, k: int, recipe: Recipe) -> float:
    body = scan.body[k] if scan.body[k].any() else np.ones_like(scan.body[k])
    if recipe.modality == "MR":
        return psnr(image, scan.images[k], body)
    return float(np.sqrt(np.mean((image[body] - scan.images[k][body]) ** 2)) * CT_SCALE)
