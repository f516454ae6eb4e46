"""What a denoiser has seen: distances of pixels, and the noise that its clean images had themselves."""

from collections.abc import Sequence

import numpy as np

from medae.quality.noise import estimate_noise
from medae.training.cache import PHANTOM, Scan
from medae.training.recipe import RADIOGRAPHS, Recipe
from medae.volume import Volume

SLACK = 1.2
"""Factor by which a scan's spacing may leave the range that was seen."""


def seen(scans: Sequence[Scan], recipe: Recipe) -> dict[str, object]:
    """Give the settings of a denoiser's bundle that inference compares a scan with.

    Parameters
    ----------
    scans
        Those that were learnt from.
    recipe
        For the modality. Files of radiographs seldom say how large a pixel is, so that no spacing is stated for them.

    Returns
    -------
    dict
        ``own_noise``, the median noise of the scans in network values, and ``domain``
        (`medae.inference.domain.Domain`) with spacings in mm.
    """
    settings: dict[str, object] = {"own_noise": own_noise(scans, recipe.modality)}
    if recipe.modality not in RADIOGRAPHS:
        pixels = [side for scan in scans for side in scan.spacing[1:]]
        settings["domain"] = {"pixel_spacing": [round(min(pixels) / SLACK, 3), round(max(pixels) * SLACK, 3)]}
    return settings


def own_noise(scans: Sequence[Scan], modality: str) -> float:
    """Median of the noise (in network values) of scans, each counted once; phantoms have none and do not count."""
    offset = 1.024 if modality == "CT" else 0.0
    levels = []
    for scan in {scan.digest: scan for scan in scans if not scan.patient.startswith(PHANTOM)}.values():
        scale = 1000.0 if modality == "CT" else 1.0  # the estimate knows air and bone by their HU
        values = (scan.images - np.float32(offset)) * np.float32(scale)
        volume = Volume(array=values, affine=np.diag([*scan.spacing, 1.0]), modality=modality)
        levels.append(estimate_noise(volume).sigma / scale)
    return float(f"{np.median(levels):.3g}") if levels else 0.0
