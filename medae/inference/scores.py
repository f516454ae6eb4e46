"""In what a scan differs from what an anomaly model restores, voxel by voxel, before it is compared with normal scans.

Each score is a map (slices, rows, columns) float32 on the prepared grid, smoothed in three dimensions:

residual
    Scan minus restored scan, signed.
structure
    1 − SSIM of scan and restored scan, with a Gaussian window (Wang et al., IEEE TIP 2004; as an anomaly score
    Bergmann et al., VISAPP 2019).
features
    Distance of the features that the model's own encoder sees in both (feature-space reconstruction: Meissen et al.,
    "Unsupervised anomaly localization with structural feature-autoencoders", BrainLes 2022).
intensity
    The scan itself: the plain threshold that published models often fail to beat (Meissen et al., "Challenging current
    semi-supervised anomaly segmentation methods for brain MRI", BrainLes 2021).
lesions
    What the network tells to be brighter (positive) or darker than it should, where it has learnt to from synthetic
    lesions (Tan et al., "Detecting outliers with foreign patch interpolation", MELBA 2022). Networks without such an
    output have no such score.
"""

from typing import TYPE_CHECKING

import numpy as np
import torch  # noqa: TID253
from numpy.typing import NDArray

if TYPE_CHECKING:
    from medae.networks import Network
    from medae.progress import Report

Map = NDArray[np.float32]
Spacing = tuple[float, float, float]

SMOOTHING_MM = 1.8
"""Standard deviation of the Gaussian on every score."""
WINDOW = 1.5
"""Standard deviation of the SSIM window, in pixels."""
STABLE = 0.02
"""SSIM's constants are the squares of this and of three times this, in network values."""


def smoothed(score: Map, body: NDArray[np.bool_], spacing: Spacing, width_mm: float = SMOOTHING_MM) -> Map:
    """Smooth inside the body, leaving air out (normalised convolution: Knutsson and Westin, CVPR 1993)."""
    from scipy import ndimage

    widths = tuple(width_mm / s for s in spacing)
    inside = body.astype(np.float32)
    total = ndimage.gaussian_filter(score * inside, widths)
    share = ndimage.gaussian_filter(inside, widths)
    return np.where(body, total / np.maximum(share, 1e-3), 0.0).astype(np.float32)


def structure(images: Map, restored: Map) -> Map:
    """1 − SSIM (slices, rows, columns) of each slice, 0 where they are equal."""
    from scipy import ndimage

    def mean(array: Map) -> Map:
        return np.asarray(ndimage.gaussian_filter(array, (0, WINDOW, WINDOW), truncate=3.0), np.float32)

    first, second = STABLE**2, (3 * STABLE) ** 2
    mean_a, mean_b = mean(images), mean(restored)
    var_a, var_b = mean(images**2) - mean_a**2, mean(restored**2) - mean_b**2
    covariance = mean(images * restored) - mean_a * mean_b
    similarity = (2 * mean_a * mean_b + first) * (2 * covariance + second)
    similarity /= (mean_a**2 + mean_b**2 + first) * (var_a + var_b + second)
    return np.asarray(1 - similarity, np.float32)


def features(network: "Network", images: Map, restored: Map, report: "Report") -> Map | None:
    """Distance of encoder features (slices, rows, columns), relative to their size; None where a network has none.

    Parameters
    ----------
    network
        One of `medae.networks.UNet` in 2-D.
    images, restored
        (slices, rows, columns) on the prepared grid.
    report
        Told each slice; may raise `Cancelled`.
    """
    from medae.networks import UNet

    if not isinstance(network, UNet) or network.spatial_dims != 2:
        return None
    device = next(network.parameters()).device
    score = np.zeros_like(images)
    rows, columns = images.shape[1:]
    for k in range(len(images)):
        report(k / len(images), f"Comparing features, slice {k + 1} of {len(images)}")
        pair = torch.from_numpy(np.stack([images[k], restored[k]]))[:, None]
        with torch.inference_mode():
            _, levels = network.encode(pair.expand(-1, 2 * network.middle + 1, -1, -1).to(device))
            seen = levels[1] if len(levels) > 1 else levels[0]
            distance = torch.linalg.vector_norm(seen[0] - seen[1], dim=0)[None, None].float()
            factor = images.shape[1] / distance.shape[2], images.shape[2] / distance.shape[3]
            side = max(1, round(max(factor)))
            fine = torch.nn.functional.interpolate(distance, scale_factor=side, mode="bilinear", align_corners=False)
        score[k] = fine[0, 0, :rows, :columns].cpu().numpy()
    return score
