"""Calibrate an anomaly model: what its residuals look like on scans without anomalies."""

from collections.abc import Sequence

import numpy as np

from medae.inference.device import Device
from medae.inference.residual import Calibration, inner_body, restore, smoothed_residual
from medae.networks import Network
from medae.progress import Report, part
from medae.results import findings
from medae.training.cache import Scan
from medae.volume import Volume

CANDIDATES = np.arange(2.5, 15.1, 0.25)
"""Thresholds that are tried, in z."""
FALSE_REGIONS = 5.0
"""Regions per calibration scan, on average, that are accepted at the shipped threshold."""


def calibrate(
    network: Network, scans: Sequence[Scan], device: Device, report: Report
) -> tuple[dict[str, object], dict[str, object]]:
    """Fit the normal residuals and the threshold.

    Parameters
    ----------
    network
        The trained model.
    scans
        Normal scans, where possible such as were not trained on; voxels that are not trusted are left out.
    device, report
        As in `medae.inference.detect`.

    Returns
    -------
    calibration, metrics
        JSON of `medae.inference.residual.Calibration`, and what to print in the model card.
    """
    residuals, restorations, masks = [], [], []
    for n, scan in enumerate(scans):
        inner = part(report, n / len(scans), (n + 1) / len(scans))
        restored = restore(network, scan.images, scan.body, scan.spacing[2], device, inner)
        residuals.append(smoothed_residual(scan.images, restored, scan.body, scan.spacing))
        restorations.append(restored)
        masks.append(inner_body(scan.body, scan.spacing[2]) & scan.trusted)
    calibration = Calibration.fit(residuals, restorations, masks)
    maps = [
        np.where(mask, np.abs(calibration.z_scores(residual, restored)), 0.0).astype(np.float32)
        for residual, restored, mask in zip(residuals, restorations, masks, strict=True)
    ]
    volumes = [Volume(array=z, affine=np.diag([*scan.spacing, 1.0])) for z, scan in zip(maps, scans, strict=True)]
    regions = [float(np.mean([len(findings(v, float(level))) for v in volumes])) for level in CANDIDATES]
    chosen = next((n for n, count in enumerate(regions) if count <= FALSE_REGIONS), len(regions) - 1)
    calibrated = calibration.model_copy(update={"threshold": float(CANDIDATES[chosen])})
    above = float(np.mean(np.concatenate([z[m] for z, m in zip(maps, masks, strict=True)]) > 3.0))
    metrics: dict[str, object] = {
        "calibration_scans": len(scans),
        "calibrated_on": "held-out patients" if scans[0].use == "held_out" else "training scans",
        "threshold_z": float(CANDIDATES[chosen]),
        "false_regions_per_calibration_scan": round(regions[chosen], 2),
        "share_of_voxels_above_z_3": round(above, 5),
    }
    return calibrated.model_dump(mode="json"), metrics
