"""Measure a model on held-out scans, inside the body."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch  # noqa: TID253
from numpy.typing import NDArray

from medae.inference.device import Device
from medae.inference.prepare import CT_OFFSET, CT_SCALE, neighbours
from medae.inference.tiles import run_network
from medae.networks import Network
from medae.progress import Report
from medae.training.cache import Scan
from medae.training.ct_noise import ct_low_dose
from medae.training.noise import rician
from medae.training.recipe import RADIOGRAPHS, Recipe
from medae.training.xray_noise import Detector, detected

MR_SIGMAS = (0.02, 0.03, 0.06, 0.10)
"""Of the 99.9th percentile."""
CT_PHOTONS = (2e5, 5e4, 2e4)
XRAY_QUANTA = (2000, 500, 100)
"""Detected per pixel at grey value 1."""
XRAY_READ = 0.01
"""Standard deviation of the electronic noise."""
SLICES = 3
"""Slices judged per scan, spread over it."""
DEPTH = 32
"""Slices around a judged one that a 3-D network is given."""

Images = NDArray[np.float32]


def psnr(image: Images, truth: Images, mask: NDArray[np.bool_]) -> float:
    """Peak signal-to-noise ratio in dB inside the mask, for a peak of 1."""
    return float(-10 * np.log10(np.mean((image[mask] - truth[mask]) ** 2) + 1e-12))


def ssim(image: Images, truth: Images) -> float:
    """Structural similarity of two slices (rows, columns), for a range of 1 (Wang et al., IEEE TIP 2004)."""
    from monai.metrics import SSIMMetric

    side = min(11, *(n - 1 + n % 2 for n in image.shape))
    metric = SSIMMetric(spatial_dims=2, data_range=1.0, win_size=side)
    return float(metric(torch.from_numpy(image)[None, None], torch.from_numpy(truth)[None, None]).mean())


def evaluate_denoising(
    network: Network, scans: Sequence[Scan], recipe: Recipe, device: Device, report: Report
) -> dict[str, object]:
    """Give noise level → before and after: root mean square error in HU for CT, PSNR in dB for others."""
    metrics: dict[str, object] = {}
    measured, levels = _levels(recipe)
    for n, level in enumerate(levels):
        before, after = [], []
        for m, scan in enumerate(scans):
            report((n + m / len(scans)) / len(levels), "Measuring on held-out scans")
            for k in _judged(scan):
                noisy, restored = _noisy_and_restored(network, scan, k, level, recipe, device)
                before.append(_figure(noisy, scan, k, recipe))
                after.append(_figure(restored, scan, k, recipe))
        if before:
            metrics[f"{measured}_{level:g}"] = {
                "noisy": round(float(np.mean(before)), 2),
                "denoised": round(float(np.mean(after)), 2),
            }
    return metrics


def _levels(recipe: Recipe) -> tuple[str, tuple[float, ...]]:
    """Name of the figure, and the noise levels at which it is taken."""
    if recipe.modality == "CT":
        return "rmse_hu_photons", CT_PHOTONS
    if recipe.modality in RADIOGRAPHS:
        return "psnr_db_quanta", XRAY_QUANTA
    return "psnr_db_sigma", MR_SIGMAS


def evaluate_reconstruction(
    network: Network, scans: Sequence[Scan], device: Device, report: Report
) -> dict[str, object]:
    """Give PSNR in dB and mean squared error inside the body, and SSIM, of reconstructed slices; empty without scans.

    All are in network values: the range of a scan is about 0 to 1, thousands of HU for CT.
    """
    figures: dict[str, list[float]] = {"psnr_db": [], "mse": [], "ssim": []}
    for n, scan in enumerate(scans):
        report(n / len(scans), "Measuring on held-out scans")
        for k in _judged(scan):
            stack, place = _stack(network, scan, k)
            restored, truth, body = _run(network, stack, place, device), scan.images[k], _body(scan, k)
            figures["psnr_db"].append(psnr(restored, truth, body))
            figures["mse"].append(float(np.mean((restored[body] - truth[body]) ** 2)))
            figures["ssim"].append(ssim(restored, truth))
    return {name: float(f"{np.mean(values):.4g}") for name, values in figures.items() if values}


def _judged(scan: Scan) -> Iterator[int]:
    """Give the indices of the slices that stand for a scan."""
    yield from (int(k) for k in np.unique(np.linspace(0, len(scan.images) - 1, SLICES + 2)[1:-1].astype(int)))


def _body(scan: Scan, k: int) -> NDArray[np.bool_]:
    return scan.body[k] if scan.body[k].any() else np.ones_like(scan.body[k])


def _stack(network: Network, scan: Scan, k: int) -> tuple[Images, int]:
    """Slices that the network sees to restore slice ``k``, and the index of that slice among them."""
    if network.spatial_dims == 3:
        first = max(0, min(k - DEPTH // 2, len(scan.images) - DEPTH))
        return scan.images[first : first + DEPTH], k - first
    return scan.images[neighbours(k, 2 * network.middle + 1, len(scan.images))], network.middle


def _run(network: Network, stack: Images, place: int, device: Device) -> Images:
    images = torch.from_numpy(np.ascontiguousarray(stack))[None]
    if network.spatial_dims == 3:
        return run_network(network, images[None], device)[0, 0, place].numpy()
    return run_network(network, images, device)[0, 0].numpy()


def _noisy_and_restored(
    network: Network, scan: Scan, k: int, level: float, recipe: Recipe, device: Device
) -> tuple[Images, Images]:
    stack, place = _stack(network, scan, k)
    if recipe.modality == "CT":
        hu = ct_low_dose(stack * CT_SCALE - CT_OFFSET, level, scan.spacing, seed=k, views=360)
        noisy = np.maximum((hu + CT_OFFSET) / CT_SCALE, 0.0).astype(np.float32)
    elif recipe.modality in RADIOGRAPHS:
        generator = torch.Generator().manual_seed(k)
        drawn = detected(torch.from_numpy(stack), Detector(1 / level, XRAY_READ), generator)
        noisy = drawn.clamp(min=0).numpy()
    else:
        noisy = rician(stack, level, seed=k)
    if len(scan.images) == 1:
        noisy[:] = noisy[place]
    return noisy[place], _run(network, noisy, place, device)


def _figure(image: Images, scan: Scan, k: int, recipe: Recipe) -> float:
    body = _body(scan, k)
    if recipe.modality == "CT":
        return float(np.sqrt(np.mean((image[body] - scan.images[k][body]) ** 2)) * CT_SCALE)
    return psnr(image, scan.images[k], body)
