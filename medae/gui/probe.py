"""Values of all results at one voxel. No Qt here."""

from dataclasses import dataclass

from medae.reslice import voxel_value
from medae.results import AnomalyMap
from medae.volume import Volume


@dataclass(frozen=True, slots=True)
class Probe:
    """Values at one voxel; None where there is no such result, or nothing there yet.

    Attributes
    ----------
    index, lps
        (k, j, i), and LPS millimetres.
    original, denoised
        In `Volume.unit`; NaN in padding.
    score
        Signed z-score, positive where the scan is brighter than expected.
    """

    index: tuple[int, int, int]
    lps: tuple[float, float, float]
    original: float
    denoised: float | None
    score: float | None


def probe(
    index: tuple[int, int, int],
    original: Volume,
    denoised: Volume | None,
    strength: float,
    anomaly_map: AnomalyMap | None,
) -> Probe:
    """Read the voxel (k, j, i) of each result; the denoised value is blended by ``strength``."""
    value, blended = voxel_value(original, index), None
    if denoised is not None:
        blended = value + strength * (voxel_value(denoised, index) - value)
    score = None if anomaly_map is None else voxel_value(anomaly_map.volume, index)
    x, y, z = (float(at) for at in original.to_lps(index))
    return Probe(index, (x, y, z), value, blended, score)
