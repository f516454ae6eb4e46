"""How normal scans look to an anomaly model: z-scores, p-values and false regions are told against them.

- **z**: each score (`medae.inference.scores`) minus its median over normal scans, divided by its spread, both where the
  (smoothed) restored intensity and its gradient are alike, so that edges, where every residual is large, do not light
  up; the intensity itself is compared with that of all voxels. The scores are added up, and the sum is told as the z
  that a Gaussian exceeds as seldom as voxels of normal scans exceed the sum, in MR on either side by itself: dark
  structures that are seldom restored well do not hide what is bright; a model may count z of what is darker less or
  more (``dark_weight``), in normal scans as in others. A scan that is noisier or otherwise stranger all over than any
  normal one is divided by how much wider than theirs its own spread is.
- **p and false findings** come from the largest |z| of normal scans, and from their findings (`medae.results.Normals`):
  of those whose slices are as far apart as the scan's, since a structure that thick slices cut once or twice looks like
  a lesion more often.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import erf, log, sqrt
from statistics import NormalDist
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from medae.results import ACCEPTED, Normals

Map = NDArray[np.float32]
Mask = NDArray[np.bool_]

LEVELS = tuple(float(level) for level in np.arange(2.0, 15.01, 0.25))
"""Thresholds of z at which false regions are counted."""
STEP = 0.05
"""Of thresholds between `LEVELS`, for which false regions are interpolated."""
SAMPLED = 200_000
"""Voxels of a scan that the tables are fitted to."""
HIGH = 99.0
"""Percentile of the voxels of normal scans that spreads are taken from, where no other is wanted."""
KNOTS = (0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5)
"""z at which the weighted sum of scores is matched to a Gaussian; beyond, in a straight line."""
SMALLEST = 1e-4
"""Added to every spread, in units of the score."""
ALIKE = 1.2
"""Slice spacings of two scans differ by no more than this factor where they are alike."""
ENOUGH = 9
"""Normal scans that a scan is judged by at least, if there are so many: the fewest from which a share of 10 % of normal
scans that show a finding can be guaranteed."""
FEW = 2
"""Voxels beyond its percentile that a bin must hold, or the whole body's middle and spread are taken."""


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Table(_Strict):
    """One score in normal scans, each (intensity bins, gradient bins), or one number for all bins.

    Attributes
    ----------
    middle
        Median.
    below, above
        Distance of a low and a high percentile from it, divided by that of a Gaussian: tails are seldom Gaussian, and
        seldom alike on both sides.
    """

    middle: tuple[tuple[float, ...], ...]
    below: tuple[tuple[float, ...], ...]
    above: tuple[tuple[float, ...], ...]

    @classmethod
    def fit(cls, values: Map, bins: NDArray[np.intp], rows: int, columns: int, high: float = HIGH) -> Self:
        """Take the percentiles of values (n,) in each bin, up to ``high``; bins with few voxels take those of all."""
        wanted = [100 - high, 50, high]
        table = np.tile(np.percentile(values, wanted).astype(np.float64), (rows * columns, 1))
        for index in range(len(table)):
            inside = values[bins == index]
            if round(inside.size * (100 - high)) >= 100 * FEW:
                table[index] = np.percentile(inside, wanted)
        middle, tail = table[:, 1], NormalDist().inv_cdf(high / 100)
        sides = (middle, (middle - table[:, 0]) / tail + SMALLEST, (table[:, 2] - middle) / tail + SMALLEST)
        middles, below, above = (_rounded(side.reshape(rows, columns)) for side in sides)
        return cls(middle=middles, below=below, above=above)

    def z(self, values: Map, bins: NDArray[np.intp]) -> Map:
        """Tell values of any shape in units of their side's spread; ``bins`` are the flat bin indices."""
        middle, below, above = (np.asarray(v, np.float32).ravel() for v in (self.middle, self.below, self.above))
        chosen: Any = bins if middle.size > 1 else 0
        off = values - middle[chosen]
        return np.asarray(off / np.where(off < 0, below[chosen], above[chosen]), np.float32)


@dataclass(frozen=True, slots=True)
class Sample:
    """Some voxels of a normal scan, each array (n,).

    Attributes
    ----------
    scores
        By name.
    restored, slope
        Restored intensity, and its gradient.
    """

    scores: Mapping[str, Map]
    restored: Map
    slope: Map

    @classmethod
    def of(cls, scores: Mapping[str, Map], restored: Map, mask: Mask, share: float = 1.0) -> Self:
        """Draw at most `SAMPLED` voxels of the mask, or only a share of so many."""
        inside = np.flatnonzero(mask)
        most = round(share * min(inside.size, SAMPLED))
        if inside.size > most:
            inside = np.random.default_rng(0).choice(inside, most, replace=False)
        slope = gradient(restored)
        taken = {name: score.ravel()[inside] for name, score in scores.items()}
        return cls(taken, restored.ravel()[inside], slope.ravel()[inside])


class NormalScan(_Strict):
    """One normal scan, mapped.

    Attributes
    ----------
    slice_spacing
        In mm.
    largest
        |z|.
    findings
        At each of `LEVELS`.
    """

    slice_spacing: float
    largest: float
    findings: tuple[int, ...]


class Calibration(_Strict):
    """Normal scans, as an anomaly model sees them.

    Attributes
    ----------
    intensity_edges, gradient_edges
        Inner edges of the bins of restored intensity and its gradient, ascending; n edges make n + 1 bins.
    tables
        By name of the score.
    mix
        Weight of each score's z in their sum.
    tail, tail_below
        Weighted sums that voxels of normal scans exceed (fall below) as seldom as a Gaussian exceeds `KNOTS`; without
        ``tail_below`` ``tail`` holds for the sizes of sums of either sign.
    scans
        What z is like in each normal scan; empty in models before 0.7.0.
    maxima
        Largest |z| of each normal scan, ascending.
    regions
        Findings per normal scan at each of `LEVELS`.
    threshold
        z at which at most ``accepted_findings`` regions are found in a normal scan, on average of all.
    views, draws, coarse_noise
        Copies of a scan, restorations of each that are averaged, and the standard deviation of the coarse noise that
        each is made from.
    usual_spread
        Largest spread of z that a normal scan has of its own; z of a scan that is stranger all over is divided by how
        much wider its own is. 1 in models before 0.8.0.
    by_own_spread
        Whether it is; not in some models before 0.8.0.
    dark_weight
        What z of a darker place is multiplied by: below 1 where disease is mostly bright, as in FLAIR, so that fewer of
        the accepted false findings are dark.
    accepted_findings
        Regions per normal scan that a threshold may find, on average.
    """

    intensity_edges: tuple[float, ...]
    gradient_edges: tuple[float, ...]
    tables: dict[str, Table]
    mix: dict[str, float]
    tail: tuple[float, ...] = KNOTS
    tail_below: tuple[float, ...] = ()
    scans: tuple[NormalScan, ...] = ()
    maxima: tuple[float, ...] = ()
    regions: tuple[float, ...] = ()
    threshold: float = 3.0
    views: int = 1
    draws: int = 1
    coarse_noise: float = 0.0
    usual_spread: float = 1.0
    by_own_spread: bool = True
    dark_weight: float = 1.0
    accepted_findings: float = ACCEPTED

    @classmethod
    def stored(cls, settings: Mapping[str, Any]) -> Self | None:
        """Give the calibration in a bundle's settings; None where there is none that this version knows."""
        try:
            return cls.model_validate(settings.get("calibration"))
        except ValidationError:
            return None

    @property
    def normals(self) -> Normals:
        """All normal scans, as what findings are judged by."""
        return Normals(self.maxima, tuple(zip(LEVELS, self.regions, strict=False)), self.threshold)

    def normals_like(self, slice_spacing: float) -> Normals:
        """Give the normal scans of `ALIKE` slice spacing in mm; the `ENOUGH` most alike where those are fewer."""
        if not self.scans:
            return self.normals
        unlike = [abs(log(scan.slice_spacing / slice_spacing)) for scan in self.scans]
        most = max(log(ALIKE), sorted(unlike)[:ENOUGH][-1]) + 1e-6
        chosen = [scan for scan, far in zip(self.scans, unlike, strict=True) if far <= most]
        return self.judged(chosen).normals

    @classmethod
    def fit(
        cls,
        samples: Sequence["Sample"],
        mix: Mapping[str, float],
        high: float = HIGH,
        one_tail: bool = False,
        **how: float,
    ) -> Self:
        """Fit bins, means and spreads to voxels of normal scans.

        Parameters
        ----------
        samples
            Of each scan, of about the same number of voxels.
        mix
            Weight of each score; those that no sample has are left out.
        high
            Percentile that spreads are taken from.
        one_tail
            Whether sums of either sign are matched to a Gaussian together, instead of each side by itself.
        how
            ``views``, ``draws``, ``coarse_noise``, ``dark_weight`` and ``accepted_findings``.
        """
        intensity, slope = (np.concatenate([getattr(s, name) for s in samples]) for name in ("restored", "slope"))
        edges = tuple(float(e) for e in np.unique(np.percentile(intensity, np.arange(10, 100, 10))))
        steep = tuple(float(e) for e in np.unique(np.percentile(slope, [25, 50, 75, 90, 97])))
        known = {name: weight for name, weight in mix.items() if all(name in s.scores for s in samples)}
        empty = cls(intensity_edges=edges, gradient_edges=steep, tables={}, mix=known, **how)  # type: ignore[arg-type]
        bins = empty._bins(intensity, slope)
        values = {name: np.concatenate([s.scores[name] for s in samples]) for name in known}
        alike, anywhere = (bins, len(edges) + 1, len(steep) + 1), (np.zeros_like(bins), 1, 1)
        tables = {name: Table.fit(v, *(anywhere if name == "intensity" else alike), high) for name, v in values.items()}
        fitted = empty.model_copy(update={"tables": tables})
        sums = fitted._sums(values, bins)
        if one_tail:
            tails = {"tail": _tail(np.concatenate([sums, -sums]))}
        else:
            tails = {"tail": _tail(sums), "tail_below": _tail(-sums)}
        fitted = fitted.model_copy(update=tails)
        ends = np.cumsum([len(s.restored) for s in samples])[:-1]
        widest = max(robust_spread(fitted._told(own)) for own in np.split(sums, ends))
        return fitted.model_copy(update={"usual_spread": max(1.0, float(f"{widest:.4g}"))})

    def judged(self, scans: Sequence[NormalScan]) -> Self:
        """Add what the z-scores of normal scans are like."""
        mean = np.asarray([scan.findings for scan in scans], float).mean(axis=0)
        fine = np.arange(LEVELS[0], LEVELS[-1] + STEP, STEP)
        low = fine[np.interp(fine, LEVELS, mean) <= self.accepted_findings]
        return self.model_copy(
            update={
                "scans": tuple(scans),
                "maxima": tuple(sorted(scan.largest for scan in scans)),
                "regions": tuple(round(float(m), 4) for m in mean),
                "threshold": round(float(low[0]), 2) if low.size else LEVELS[-1],
            }
        )

    def z_scores(self, scores: Mapping[str, Map], restored: Map, mask: Mask) -> tuple[Map, float]:
        """Give signed z-scores (slices, rows, columns), 0 outside the mask, and the scan's own spread (1: normal)."""
        z = self._told(self._sums(scores, self._bins(restored, gradient(restored))))
        z[~mask] = 0.0
        inside = z[mask]
        own = robust_spread(inside[:: max(1, inside.size // 1_000_000)]) if inside.size else 1.0
        if own > self.usual_spread and self.by_own_spread:
            z /= np.float32(own / self.usual_spread)
        np.multiply(z, np.float32(self.dark_weight), out=z, where=z < 0)
        return z, own

    def _told(self, sums: Map) -> Map:
        """Tell weighted sums of scores as z of a Gaussian."""
        return np.where(sums < 0, -_matched(-sums, self.tail_below or self.tail), _matched(sums, self.tail))

    def _sums(self, scores: Mapping[str, Map], bins: NDArray[np.intp]) -> Map:
        """Weighted sum of the scores' z; scores without a sign take that of the residual."""
        z = {name: self.tables[name].z(scores[name], bins) for name in self.mix}
        sign = np.sign(z["residual"]) if "residual" in z else np.float32(1)
        total = np.zeros(bins.shape, np.float32)
        for name, weight in self.mix.items():
            total += np.float32(weight) * (np.maximum(z[name], 0) * sign if name in UNSIGNED else z[name])
        return total

    def _bins(self, restored: Map, slope: Map) -> NDArray[np.intp]:
        """Flat bin index of each voxel."""
        across = len(self.gradient_edges) + 1
        return np.digitize(restored, self.intensity_edges) * across + np.digitize(slope, self.gradient_edges)


UNSIGNED = ("structure", "features")
"""Scores that are distances."""


def gradient(images: Map) -> Map:
    """Magnitude of the in-plane gradient of (slices, rows, columns), per pixel."""
    rows, columns = np.gradient(images, axis=(1, 2))
    return np.hypot(rows, columns).astype(np.float32)


def robust_spread(values: NDArray[np.floating]) -> float:
    """Give the standard deviation of a Gaussian with the same median absolute deviation."""
    return 1.4826 * float(np.median(np.abs(values - np.median(values)))) if values.size else 0.0


def _tail(sums: Map) -> tuple[float, ...]:
    """Give the sums that are exceeded as seldom as a Gaussian exceeds `KNOTS`, ascending and positive, of (n,)."""
    exceeded = np.quantile(sums, [(1 + erf(knot / sqrt(2))) / 2 for knot in KNOTS])
    tail = np.maximum.accumulate(np.maximum(exceeded, 0) + SMALLEST * np.arange(1, len(KNOTS) + 1))
    return tuple(float(f"{v:.5g}") for v in tail)


def _matched(size: Map, tail: tuple[float, ...]) -> Map:
    """Give the z that a Gaussian exceeds as seldom as normal scans a sum of this size; negative sizes count as 0."""
    inner = np.interp(size, (0.0, *tail), (0.0, *KNOTS))
    slope = (KNOTS[-1] - KNOTS[-3]) / max(tail[-1] - tail[-3], SMALLEST)
    return np.asarray(inner + slope * np.maximum(size - tail[-1], 0), np.float32)


def _rounded(table: NDArray[np.float64]) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(float(f"{v:.5g}") for v in row) for row in table)
