"""Whether a scan looks like the scans that an anomaly model knows: latent distance and size of the residual.

A map of z-scores of something else (another contrast, another part of the body, a cropped or foreign scan) is wrong
everywhere, however sure it looks. What counts is taken from normal scans, each against the others.
"""

from collections.abc import Sequence
from typing import Self

import numpy as np
import torch  # noqa: TID253
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from medae.families import Family
from medae.inference.prepare import neighbours
from medae.networks import Network

Map = NDArray[np.float32]
Mask = NDArray[np.bool_]

SLICES = 12
"""Slices, evenly spread through the body, that are encoded."""
DECILES = np.arange(5, 100, 10)
SLACK = 2.0
"""How much further than the furthest normal scan from its nearest other one a scan may be."""
BADLY = 2.5
"""How much larger than the largest residual of normal scans that of a scan may be: those of other scanners are restored
less well (1.7 times, measured on one). It is smoothed, so that anatomy counts, and noise hardly."""


class Familiar(BaseModel):
    """What normal scans look like in the latent space.

    Attributes
    ----------
    codes
        One unit vector for each scan (`signature`).
    furthest
        Largest distance of a scan from its nearest other one of another patient.
    furthest_values
        The same of the values alone: a network that tells contrasts apart only for what it needs them may see another
        one as its own. 0 where it does not count (CT) or is not known (models before 0.4.0).
    residual
        Largest median |residual| of a scan, smoothed, in network values.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    codes: tuple[tuple[float, ...], ...]
    furthest: float
    residual: float
    furthest_values: float = 0.0

    @classmethod
    def fit(
        cls, codes: Sequence[Map], residuals: Sequence[float], patients: Sequence[str], noisy: Sequence[Map] = ()
    ) -> Self:
        """Take the measure of normal scans; scans of one patient do not vouch for each other, if there are others.

        Codes of ``noisy`` scans are known as well, but do not widen how far normal scans are from each other.
        """
        nearest = []
        for code, patient in zip(codes, patients, strict=True):
            others = [c for c, p in zip(codes, patients, strict=True) if p != patient]
            if others:
                nearest.append(_nearest(code, others))
        rounded = tuple(tuple(float(f"{v:.4g}") for v in code) for code in (*codes, *noisy))
        return cls(
            codes=rounded,
            furthest=max((whole for whole, _ in nearest), default=0.0),
            residual=max(residuals, default=0.0),
            furthest_values=max((values for _, values in nearest), default=0.0),
        )

    def outside(self, code: Map, residual: float) -> list[str]:
        """Sentences that say in what a scan is unlike all normal scans; none if it is like them.

        Parameters
        ----------
        code, residual
            Of the scan: `signature`, and the median |residual| inside the body, smoothed.
        """
        sentences = []
        away = self.away(code)
        if len(self.codes) > 1 and away > SLACK:
            sentences.append(
                f"it differs {away:.1f} times as much from the model's normal scans as they "
                "differ among themselves; contrast or part of the body may be another"
            )
        if residual > BADLY * self.residual:
            sentences.append(
                f"the model restores it {residual / max(self.residual, 1e-9):.1f} times as badly as the worst of its "
                "normal scans"
            )
        return sentences

    def away(self, code: Map) -> float:
        """Distance from the nearest normal scan, in units of `furthest` or of `furthest_values`, whichever is more.

        0 without normal scans.
        """
        if not self.codes:
            return 0.0
        whole, values = _nearest(code, [np.asarray(known, np.float32) for known in self.codes])
        away = whole / max(self.furthest, 1e-9)
        return max(away, values / self.furthest_values) if self.furthest_values else away


def distance(one: Map, other: Map) -> float:
    """1 − cosine of two unit vectors."""
    return float(1 - one @ other)


def _nearest(code: Map, others: Sequence[Map]) -> tuple[float, float]:
    """Distance of a `signature` from the nearest other one, and that of its values from the nearest other values."""
    values = _values(code)
    return min(distance(code, other) for other in others), min(distance(values, _values(other)) for other in others)


def _values(code: Map) -> Map:
    """Give the half of a `signature` that tells how the values are spread, as a unit vector."""
    return _unit(code[-len(DECILES) :])


def signature(network: Network, family: Family, images: Map, body: Mask) -> Map:
    """Describe a scan: what the encoder sees in it, and how its values are spread.

    Parameters
    ----------
    network, family
        The model.
    images, body
        (slices, rows, columns) on the prepared grid.

    Returns
    -------
    NDArray
        Unit vector: half of it the mean absolute code of `SLICES` slices, half of it the deciles inside the body.
    """
    filled = np.flatnonzero(body.any(axis=(1, 2)))
    if not filled.size:
        return np.zeros(len(DECILES) + 1, np.float32)
    chosen = filled[np.unique(np.linspace(0, filled.size - 1, SLICES + 2).astype(int)[1:-1])]
    values = np.percentile(images[body], DECILES)
    codes = [_code(network, family, images, int(k)) for k in chosen]
    return _unit(np.concatenate([_unit(np.mean(codes, axis=0)), _unit(values)]))


def _code(network: Network, family: Family, images: Map, k: int) -> NDArray[np.floating]:
    device = next(network.parameters()).device
    with torch.inference_mode():
        if network.spatial_dims == 3:
            given = torch.from_numpy(images)[None, None]
        else:
            given = torch.from_numpy(images[neighbours(k, 2 * network.middle + 1, len(images))])[None]
        code = family.encode(network, given.to(device)).float().abs()[0]
    return code.flatten(1).mean(dim=1).cpu().numpy().astype(np.float64) if code.ndim > 1 else code.cpu().numpy()


def _unit(vector: NDArray[np.floating]) -> Map:
    return (vector / max(float(np.linalg.norm(vector)), 1e-12)).astype(np.float32)
