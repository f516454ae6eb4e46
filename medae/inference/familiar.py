"""Whether a scan looks like the scans that an anomaly model knows: latent distance and size of the residual.

A map of z-scores of something else (another contrast, another part of the body, a cropped or foreign scan) is wrong
everywhere, however sure it looks. What counts is taken from normal scans, each against the others.
"""

from collections.abc import Sequence
from itertools import compress
from typing import Self

import numpy as np
import torch  # noqa: TID253
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict
from torch import nn  # noqa: TID253

from medae.families import Family
from medae.inference.prepare import neighbours
from medae.inference.views import copied, frame_around
from medae.networks import Network

Map = NDArray[np.float32]
Mask = NDArray[np.bool_]

SLICES = 12
"""Slices, evenly spread through the body, that are encoded."""
DECILES = np.arange(5, 100, 10)
SLACK = 2.0
"""How much further than the furthest normal scan from its nearest other one a scan may be."""
BADLY = 3.0
"""How much larger than the largest residual of normal scans that of a scan may be: those of other scanners are restored
less well (1.7 times in FLAIR, 2.2 in T1 and 2.5 in T2, measured on one). It is smoothed, so that anatomy counts, and
noise hardly."""
TINY = 1e-6
"""Smallest unit of distances and residuals."""


class Familiar(BaseModel):
    """What normal scans look like in the latent space.

    Attributes
    ----------
    signatures
        One unit vector for each scan (`signature`).
    furthest
        Largest distance of a scan from its nearest other one of another patient, or of a patient's from the
        nearest phantom; 0 with one patient, whose scans tell nothing of others.
    furthest_values
        The same of the values alone: a network that tells contrasts apart only for what it needs them may see another
        one as its own. 0 where it does not count (CT).
    residual
        Largest median |residual| of a scan, smoothed, in network values.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")  # older models store more distances

    signatures: tuple[tuple[float, ...], ...]
    furthest: float
    furthest_values: float
    residual: float

    @classmethod
    def fit(
        cls,
        codes: Sequence[Map],
        residuals: Sequence[float],
        patients: Sequence[str],
        noisy: Sequence[Map] = (),
        phantoms: Sequence[bool] = (),
    ) -> Self:
        """Take the measure of normal scans; scans of one patient do not vouch for each other, if there are others.

        Codes of ``noisy`` scans are known as well, but do not widen how far normal scans are from each other. Where
        some scans are ``phantoms``, how far the others are from those counts, too (not in values): scans of few
        patients, often of one scanner, tell too little of how far another scanner's may be.
        """
        nearest, made = [(0.0, 0.0)], list(compress(codes, phantoms))
        for n, (code, patient) in enumerate(zip(codes, patients, strict=True)):
            others = [c for c, p in zip(codes, patients, strict=True) if p != patient]
            if others:
                nearest.append(_nearest(code, others))
            if made and not phantoms[n]:
                nearest.append((_nearest(code, made)[0], 0.0))
        furthest, furthest_values = (float(v) for v in np.max(nearest, axis=0))
        rounded = tuple(tuple(float(f"{v:.4g}") for v in code) for code in (*codes, *noisy))
        return cls(
            signatures=rounded,
            furthest=furthest,
            furthest_values=furthest_values,
            residual=max(residuals, default=0.0),
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
        if self.furthest > 0 and away > SLACK:
            sentences.append(
                f"it differs {away:.1f} times as much from the model's normal scans as they "
                "differ among themselves; contrast or part of the body may be another"
            )
        badly = residual / max(self.residual, TINY)
        if badly > BADLY:
            sentences.append(f"the model restores it {badly:.1f} times as badly as the worst of its normal scans")
        return sentences

    def away(self, code: Map) -> float:
        """Distance from the nearest normal scan, in units of `furthest` or of `furthest_values`, whichever is more.

        0 without normal scans.
        """
        whole, values = self._nearest(code)
        away = whole / max(self.furthest, TINY)
        return max(away, values / self.furthest_values) if self.furthest_values else away

    def unlike(self, images: Map, body: Mask) -> float:
        """Distance of how a scan's values are spread from the nearest normal scan's: 0 (the same) to 1.

        To compare models of several contrasts: values are told alike by all of them, and what an encoder sees by none.
        """
        known = self._known()
        return _nearest_values(_spread_of(images, body), known) if known else 0.0

    def _nearest(self, code: Map) -> tuple[float, float]:
        known = self._known()
        return _nearest(code, known) if known else (0.0, 0.0)

    def _known(self) -> list[Map]:
        return [np.asarray(signature, np.float32) for signature in self.signatures]


def distance(one: Map, other: Map) -> float:
    """1 − cosine of two unit vectors."""
    return float(1 - one @ other)


def _nearest(code: Map, others: Sequence[Map]) -> tuple[float, float]:
    """Distance of a `signature` from the nearest other one, and that of its values from the nearest other values."""
    return min(distance(code, other) for other in others), _nearest_values(_values(code), others)


def _nearest_values(values: Map, others: Sequence[Map]) -> float:
    """Distance of values, as `_values` gives them, from the nearest values of other signatures."""
    return min(distance(values, _values(other)) for other in others)


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
        Unit vector: half of it the mean absolute code inside the body, of `SLICES` slices cut to a frame around it as
        the map's are (what lies around a body tells nothing of it), half of it the deciles inside the body.
    """
    filled = np.flatnonzero(body.any(axis=(1, 2)))
    if not filled.size:
        return np.zeros(len(DECILES) + 1, np.float32)
    values = _spread_of(images, body)
    if network.window is None:
        frame = frame_around(body, network.stride)
        images, body = copied(frame, images, 0), copied(frame, body, 0)
    if network.spatial_dims == 3:
        code = _code(network, family, images[None], body)
    else:
        chosen = filled[np.unique(np.linspace(0, filled.size - 1, SLICES + 2).astype(int)[1:-1])]
        stacks = [neighbours(int(k), 2 * network.middle + 1, len(images)) for k in chosen]
        code = np.sum([_code(network, family, images[s], body[k]) for k, s in zip(chosen, stacks, strict=True)], axis=0)
    return _unit(np.concatenate([_unit(code), values]))


def _spread_of(images: Map, body: Mask) -> Map:
    """Tell how values are spread inside the body: `DECILES`, as a unit vector; 0 where there is no body."""
    return _unit(np.percentile(images[body], DECILES) if body.any() else np.zeros(len(DECILES)))


def _code(network: Network, family: Family, images: Map, body: Mask) -> NDArray[np.floating]:
    """Sum the absolute code of (C, *spatial) over the body; of a model without places in its code, all of it."""
    device = next(network.parameters()).device
    with torch.inference_mode():
        code = family.encode(network, torch.from_numpy(images)[None].to(device)).float().abs()[0].cpu()
    if code.ndim == 1:
        return code.numpy()
    inside = nn.functional.interpolate(torch.from_numpy(body)[None, None].float(), list(code.shape[1:]), mode="area")[0]
    return (code * inside).flatten(1).sum(dim=1).numpy()


def _unit(vector: NDArray[np.floating]) -> Map:
    return (vector / max(float(np.linalg.norm(vector)), 1e-12)).astype(np.float32)
