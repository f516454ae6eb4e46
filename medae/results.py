"""Results: anomaly maps, findings and what one job gave."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, Self

import numpy as np
from numpy.typing import NDArray

from medae.provenance import Provenance
from medae.volume import Volume

if TYPE_CHECKING:
    from medae.quality.trust import TrustReport

Score = Literal["residual", "structure", "features", "intensity", "lesions"]
"""What z-scores are made of (`medae.inference.scores`)."""

DEFAULT_MIN_VOLUME_MM3 = 50.0
"""Findings smaller than this are left out unless asked for."""
ACCEPTED = 0.8
"""False findings per normal scan, on average, at a calibrated threshold, where a recipe names no other number."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One connected region above the threshold. A place to look at, never a diagnosis.

    Attributes
    ----------
    number
        1 for the highest score.
    center_index, center_lps
        Score-weighted centre as (k, j, i), and in LPS millimetres.
    bounding_box
        ((k0, j0, i0), (k1, j1, i1)), half-open.
    volume_mm3, voxels
        Size.
    max_score, mean_score
        Peak and mean |z|.
    p
        Chance of such a peak anywhere in a normal scan (`Normals.p_value`); None where that is not known, and outside
        the model's domain.
    brighter
        Whether the scan is brighter than expected at the peak, not darker.
    """

    number: int
    center_index: tuple[int, int, int]
    center_lps: tuple[float, float, float]
    bounding_box: tuple[tuple[int, int, int], tuple[int, int, int]]
    volume_mm3: float
    voxels: int
    max_score: float
    mean_score: float
    p: float | None = None
    brighter: bool = True


@dataclass(frozen=True, slots=True)
class Normals:
    """What the z-scores of normal scans are like, against which a map is judged.

    Attributes
    ----------
    maxima
        Largest |z| of each normal scan, ascending.
    curve
        (threshold of |z|, findings per normal scan at it), thresholds ascending.
    threshold
        The model's own.
    """

    maxima: tuple[float, ...] = ()
    curve: tuple[tuple[float, float], ...] = ()
    threshold: float = 3.0

    @property
    def scans(self) -> int:
        """How many normal scans there were."""
        return len(self.maxima)

    def p_value(self, peak: float) -> float | None:
        """Chance of a |z| as large anywhere in a normal scan: split-conformal, over all voxels at once.

        Lei et al., "Distribution-free predictive inference for regression", JASA 2018, with the maximum statistic of
        Nichols and Holmes, Human Brain Mapping 2002. With n normal scans it is never below 1 / (n + 1); None without.
        """
        return (1 + sum(m >= peak for m in self.maxima)) / (1 + self.scans) if self.maxima else None

    def level(self, alpha: float) -> float | None:
        """|z| that a share ``alpha`` of normal scans exceeds anywhere, at most; None where they are too few to tell."""
        rank = math.ceil((1 - alpha) * (self.scans + 1) - 1e-9)
        return self.maxima[rank - 1] if 1 <= rank <= self.scans else None

    def expected_findings(self, threshold: float) -> float | None:
        """Give the findings per normal scan at a threshold of |z|, interpolated; None where that is not known."""
        if not self.curve:
            return None
        levels, counts = zip(*self.curve, strict=True)
        return float(np.interp(threshold, levels, counts))

    @classmethod
    def together(cls, several: Sequence[Self]) -> Self:
        """Judge the mean z of several models, on the safe side.

        A mean exceeds a threshold only where one of the z does: false findings add up, and maxima are matched in order.
        """
        scans = min(one.scans for one in several)
        maxima = np.mean([one.maxima[one.scans - scans :] for one in several], axis=0) if scans else ()
        levels = sorted({level for one in several for level, _ in one.curve})
        curve = tuple((level, sum(one.expected_findings(level) or 0.0 for one in several)) for level in levels)
        threshold = float(np.mean([one.threshold for one in several]))
        return cls(tuple(float(m) for m in maxima), curve, threshold)


@dataclass(frozen=True, slots=True, eq=False)
class AnomalyMap:
    """Z-scores on the scan's own grid.

    Attributes
    ----------
    volume
        float32 signed z-scores (slices, rows, columns), positive where the scan is brighter than expected; 0 outside
        the body.
    threshold
        |z| above which a voxel belongs to a finding.
    calibration
        One sentence: against what the z-scores were calibrated.
    provenance
        How the map was made.
    normals
        What normal scans are like.
    outside
        Sentences that say in what the scan is unlike the model's normal scans: z is not to be trusted then.
    """

    volume: Volume
    threshold: float
    calibration: str
    provenance: tuple[Provenance, ...] = ()
    normals: Normals = field(default_factory=Normals)
    outside: tuple[str, ...] = ()
    _found: list[tuple[Finding, ...]] = field(default_factory=list, init=False, repr=False)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Findings at the map's own threshold, looked for once."""
        if not self._found:
            self._found.append(self.findings_above(self.threshold))
        return self._found[0]

    def findings_above(self, threshold: float) -> tuple[Finding, ...]:
        """Look for findings at a threshold of |z|; outside the model's domain they have no p."""
        return findings(self.volume, threshold, normals=None if self.outside else self.normals)

    @property
    def p_value(self) -> float | None:
        """Chance that a normal scan shows as large a |z| anywhere; None outside the model's domain."""
        if self.outside or not self.normals.maxima:
            return None
        scores = self.volume.array
        return self.normals.p_value(float(max(scores.max(initial=0.0), -scores.min(initial=0.0))))


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """What one job gave for one series; parts that were not asked for are None.

    ``trust`` belongs to ``denoised``: who replaces that takes it away. ``findings`` were read from a report or a
    segmentation; those of a map follow from it.
    """

    original: Volume
    denoised: Volume | None = None
    anomaly_map: AnomalyMap | None = None
    trust: "TrustReport | None" = None
    findings: tuple[Finding, ...] = ()

    @property
    def provenance(self) -> tuple[Provenance, ...]:
        """All processing steps."""
        steps = () if self.denoised is None else self.denoised.provenance
        return steps if self.anomaly_map is None else (*steps, *self.anomaly_map.provenance)


def findings(
    scores: Volume,
    threshold: float,
    min_volume_mm3: float = DEFAULT_MIN_VOLUME_MM3,
    normals: Normals | None = None,
) -> tuple[Finding, ...]:
    """Give the connected regions (26 neighbours) where |z| is above ``threshold``, highest peak first.

    Parameters
    ----------
    scores
        Volume of z-scores.
    threshold
        Regions are where |z| is larger.
    min_volume_mm3
        Smaller regions are left out.
    normals
        For the p of each finding.
    """
    from scipy import ndimage

    signed = np.asarray(scores.array, dtype=np.float32)
    array = np.abs(signed)
    labels, count = ndimage.label(array > threshold, structure=np.ones((3, 3, 3)))
    if count == 0:
        return ()
    boxes, sizes = ndimage.find_objects(labels), np.bincount(labels.ravel())
    found = []
    for label, box in enumerate(boxes, start=1):
        voxels = int(sizes[label])
        volume_mm3 = voxels * scores.voxel_volume
        if volume_mm3 < min_volume_mm3 * (1 - 1e-9):  # the determinant of the affine is rounded
            continue
        region = labels[box] == label
        weights = np.where(region, array[box], 0.0)
        offset = np.array([side.start for side in box], dtype=float)
        center = offset + np.asarray(ndimage.center_of_mass(weights))
        brighter = bool(signed[box].flat[int(weights.argmax())] >= 0)
        peak = float(weights.max())
        found.append((peak, float(array[box][region].mean()), voxels, volume_mm3, center, box, brighter))
    found.sort(key=lambda item: (-item[0], -item[2]))
    return tuple(
        Finding(
            number=number,
            center_index=(round(center[0]), round(center[1]), round(center[2])),
            center_lps=tuple(float(x) for x in scores.to_lps(center)),  # type: ignore[arg-type]
            bounding_box=(
                (box[0].start, box[1].start, box[2].start),
                (box[0].stop, box[1].stop, box[2].stop),
            ),
            volume_mm3=volume_mm3,
            voxels=voxels,
            max_score=peak,
            mean_score=mean,
            p=None if normals is None else normals.p_value(peak),
            brighter=brighter,
        )
        for number, (peak, mean, voxels, volume_mm3, center, box, brighter) in enumerate(found, start=1)
    )


def finding_numbers(anomaly_map: AnomalyMap, chosen: Sequence[Finding]) -> NDArray[np.uint16]:
    """Give each voxel the number of its finding, 0 elsewhere and in findings not chosen: (slices, rows, columns)."""
    from scipy import ndimage

    above = np.abs(np.asarray(anomaly_map.volume.array, dtype=np.float32)) > anomaly_map.threshold
    numbers = np.zeros(above.shape, dtype=np.uint16)
    for finding in chosen:
        box = tuple(slice(start, stop) for start, stop in zip(*finding.bounding_box, strict=True))
        labels, _ = ndimage.label(above[box], structure=np.ones((3, 3, 3)))
        sizes = np.bincount(labels.ravel())
        sizes[0] = 0
        region = labels == np.flatnonzero(sizes == finding.voxels)[0]
        numbers[box][region] = finding.number
    return numbers


def blend(original: Volume, denoised: Volume, strength: float) -> Volume:
    """Original plus ``strength`` times what denoising changed, in the stored dtype.

    Strength 0 gives the original's values bit for bit, 1 the denoised volume. The provenance of the denoising
    tells the strength that was blended.
    """
    if strength == 1.0:
        return denoised
    if strength == 0.0:
        array = original.array
    else:
        values = original.values()
        values += np.float32(strength) * (denoised.values() - values)
        array, _ = original.to_stored(values)
    *earlier, last = denoised.provenance or (None,)
    if last is None:
        return denoised.with_array(array)
    step = replace(last, options={**last.options, "strength": strength})
    return replace(denoised, array=array, provenance=(*earlier, step))


def adjusted(result: Result, strength: float = 1.0, threshold: float | None = None) -> Result:
    """Keep a share of the denoising, and judge the anomaly map by another threshold.

    What was measured of the denoising holds for the full strength; whoever needs it for another measures anew.

    Parameters
    ----------
    result
        As it was computed.
    strength
        0 keeps the original's values, 1 the denoised ones.
    threshold
        |z| above which a voxel belongs to a finding; None for the map's own.
    """
    if result.denoised is not None and strength != 1.0:
        result = replace(result, denoised=blend(result.original, result.denoised, strength), trust=None)
    if result.anomaly_map is not None and threshold not in (None, result.anomaly_map.threshold):
        result = replace(result, anomaly_map=replace(result.anomaly_map, threshold=threshold))
    return result
