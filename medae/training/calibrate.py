"""Calibrate an anomaly model: what its scores look like on scans without anomalies."""

import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import compress
from pathlib import Path
from typing import Any, Self

import numpy as np

from medae.errors import SettingsError
from medae.inference.familiar import Familiar
from medae.inference.mapping import Prepared, Scored, Scorer
from medae.inference.normal import LEVELS, Calibration, Mask, NormalScan, Sample
from medae.inference.scores import Map
from medae.networks import Network
from medae.progress import Report, part
from medae.results import ACCEPTED, DEFAULT_MIN_VOLUME_MM3, findings
from medae.training.cache import PHANTOM, Scan
from medae.volume import Volume

MIXES: Mapping[str, Mapping[str, float]] = {"MR": {"residual": 1.0, "intensity": 1.0}, "CT": {"lesions": 1.0}}
"""Weights of the scores by modality. In MR the intensity itself counts, too: on real lesions it adds to the residual,
and lesions that the network tells take away from it. In CT bone and contrast medium are brighter than any lesion, and
edges that are restored badly hide more in the residual. Structure and features made both worse."""
RESIDUAL: Mapping[str, float] = {"residual": 1.0}
"""Weights where there are no others, or the network tells no lesions."""
RARE: Mapping[str, Any] = {"high": 99.9, "one_tail": True}
"""How scores are told in CT (`medae.inference.normal.Calibration.fit`), where much of the chest looks like a lesion now
and then: vessels, hila and the domes of the diaphragm by so much more than fat and muscle that spreads have to be those
of what is rare, or lesions in muscle count no more than a vessel. In MR it found no more."""

FOLDS = 5
"""Parts of the normal scans: each is judged by what scores are like in the others, as a new scan is by all. A scan that
was fitted to has helped to tell what is rare, and is less strange than an equally normal new one (as in cross-conformal
prediction: Vovk, Annals of Mathematics and Artificial Intelligence 2015)."""
RESTORED = 12
"""Scans learnt from, patients in turn, that tell how badly a scan may be restored; each takes as long as its map."""


def mix_for(modality: str, network: Network) -> Mapping[str, float]:
    """Give the weights of the scores for a modality and a network."""
    mix = MIXES.get(modality, RESIDUAL)
    return RESIDUAL if "lesions" in mix and network.outputs == 1 else mix


@dataclass(frozen=True, slots=True)
class Normal:
    """A normal scan.

    Attributes
    ----------
    prepared
        On the model's grid.
    trusted
        (slices, rows, columns): False where something is not normal, such as lesions; None where all is.
    patient
        Key that all scans of a patient share.
    """

    prepared: Prepared
    trusted: Mask | None = None
    patient: str = ""

    @property
    def is_phantom(self) -> bool:
        """Whether no patient was scanned."""
        return self.patient.startswith(PHANTOM)

    @classmethod
    def of(cls, scan: Scan) -> Self:
        """Take a scan of a recipe."""
        return cls(Prepared(scan.images, scan.body, scan.spacing), scan.trusted, scan.patient)


def calibrate(
    scorer: Scorer,
    normals: Sequence[Normal],
    report: Report,
    known: Sequence[Normal] = (),
    noisy: Sequence[Normal] = (),
    odd: Sequence[Normal] = (),
    *,
    mix: Mapping[str, float],
    modality: str,
    spreads_within: float | None = None,
    dark_weight: float = 1.0,
    accepted_findings: float = ACCEPTED,
) -> tuple[dict[str, object], dict[str, object]]:
    """Measure the scores of normal scans.

    Parameters
    ----------
    scorer
        The model.
    normals
        Where possible scans that were not trained on. Phantoms among them are all alike and restored better than any
        patient: together they count as much as the patients do.
    report
        Progress; may raise `Cancelled`.
    known
        Further scans that the model has seen: they tell what is familiar and, patients only, how badly a scan may be
        restored (at most `RESTORED` of them), not what is normal.
    noisy
        Scans as noisy as may be: familiar, but no measure of how far normal scans are from each other.
    odd
        Scans with disease that were not trained on: familiar, and they tell how badly a real scan may be restored.
    mix
        Weight of each score (`medae.inference.scores`) in z.
    modality
        Of the model: Hounsfield units are alike in all scans, and how much air is in one tells no contrast.
    spreads_within
        Slice spacing in mm up to which normal scans tell the spreads of scores, if there are any; those with slices
        further apart tell thresholds only. None: all tell both.
    dark_weight
        What z of darker places is multiplied by.
    accepted_findings
        False findings per normal scan, on average, at the threshold.

    Returns
    -------
    settings, metrics
        ``"calibration"`` and ``"familiar"`` for the bundle's settings, and what to print in the model card.

    Raises
    ------
    SettingsError
        If no scan shows anything of a patient.
    """
    with tempfile.TemporaryDirectory(prefix="medae-calibrate-") as folder:
        stored, samples, seen = [], [], []
        within = [spreads_within is None or normal.prepared.spacing[0] <= spreads_within for normal in normals]
        telling = within if any(within) else [True] * len(normals)
        share = _share_of_phantoms(list(compress(normals, telling)))
        chosen = _to_restore(known)
        learnt_from = [known[n] for n in chosen]
        count = len(normals) + len(odd) + len(learnt_from)
        for n, normal in enumerate((*normals, *odd, *learnt_from)):
            inner = part(report, 0.9 * n / count, 0.9 * (n + 1) / count)
            scored = scorer.score(normal.prepared, inner, normal.trusted)
            if not scored.mask.any():
                continue
            seen.append((scored.code, scored.residual, normal))
            if n < len(normals):
                stored.append((_store(Path(folder) / str(n), scored), normal))
                if telling[n]:
                    counted = share if normal.is_phantom else 1.0
                    samples.append((Sample.of(scored.scores, scored.restored, scored.mask, counted), normal.patient))
        if not samples:
            raise SettingsError("no normal scan shows anything to calibrate on; name a folder of normal scans")
        how: dict[str, Any] = {name: getattr(scorer, name) for name in ("views", "draws", "coarse_noise")}
        how |= {"dark_weight": dark_weight, "accepted_findings": accepted_findings}
        how |= RARE if modality == "CT" else {}
        calibration = Calibration.fit([sample for sample, _ in samples], mix, **how)
        of_others = _of_others(samples, mix, how, report)
        mapped = []
        for n, (path, normal) in enumerate(stored):
            report(0.9 + 0.1 * n / len(stored), f"Judging normal scan {n + 1} of {len(stored)}")
            scores, restored, mask = _stored(path)
            z, _ = of_others.get(normal.patient, calibration).z_scores(scores, restored, mask)
            mapped.append(_mapped(z, normal.prepared.spacing))
    judged = calibration.judged(mapped)
    seen += [(scorer.code(one.prepared), 0.0, one) for n, one in enumerate(known) if n not in chosen]
    codes, residuals, scans = zip(*seen, strict=True)
    familiar = Familiar.fit(
        codes,
        residuals,
        [scan.patient for scan in scans],
        [scorer.code(one.prepared) for one in noisy],
        [scan.is_phantom for scan in scans],
    )
    if modality == "CT":
        familiar = familiar.model_copy(update={"furthest_values": 0.0})
    metrics: dict[str, object] = {
        "calibration_scans": len(stored),
        "threshold_z": judged.threshold,
        "false_findings_per_normal_scan": round(judged.normals.expected_findings(judged.threshold) or 0.0, 3),
        "largest_z_of_normal_scans": [round(m, 1) for m in judged.maxima],
    }
    return {"calibration": judged.model_dump(mode="json"), "familiar": familiar.model_dump(mode="json")}, metrics


def _of_others(
    samples: Sequence[tuple[Sample, str]], mix: Mapping[str, float], how: Mapping[str, Any], report: Report
) -> dict[str, Calibration]:
    """By patient, or phantom: what scores are like in scans of other `FOLDS`, which they are in by turns.

    Where there are fewer patients, or phantoms, they have none: the others would not tell what theirs are like.
    """
    different = dict.fromkeys(patient for _, patient in samples)
    alike = [[p for p in different if p.startswith(PHANTOM) == phantom] for phantom in (False, True)]
    folds = {p: n % FOLDS for group in alike if len(group) >= FOLDS for n, p in enumerate(group)}
    fitted = []
    for fold in range(FOLDS if folds else 0):
        report(0.9, f"Fitting to normal scans, part {fold + 1} of {FOLDS}")
        others = [sample for sample, patient in samples if folds.get(patient) != fold]
        fitted.append(Calibration.fit(others, mix, **how))
    return {patient: fitted[fold] for patient, fold in folds.items()}


def _to_restore(known: Sequence[Normal]) -> list[int]:
    """Give the places of `RESTORED` scans at most: the first of each patient, then the second ones, and so on."""
    turns: list[tuple[int, int]] = []
    before: Counter[str] = Counter()
    for n, one in enumerate(known):
        if not one.is_phantom:
            turns.append((before[one.patient], n))
            before[one.patient] += 1
    return [n for _, n in sorted(turns)[:RESTORED]]


def _share_of_phantoms(normals: Sequence[Normal]) -> float:
    """Voxels of a phantom that count, relative to those of a patient."""
    phantoms = sum(normal.is_phantom for normal in normals)
    return min(1.0, (len(normals) - phantoms) / phantoms) if 0 < phantoms < len(normals) else 1.0


def _store(path: Path, scored: Scored) -> Path:
    """Keep the scores of a scan on disk, in half precision."""
    half = {name: score.astype(np.float16) for name, score in scored.scores.items()}
    np.savez(path, restored=scored.restored, mask=scored.mask, **half)  # type: ignore[arg-type]
    return path.with_suffix(".npz")


def _stored(path: Path) -> tuple[dict[str, Map], Map, Mask]:
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files}
    restored, mask = arrays.pop("restored"), arrays.pop("mask")
    return {name: score.astype(np.float32) for name, score in arrays.items()}, restored, mask


def _mapped(z: Map, spacing: tuple[float, float, float]) -> NormalScan:
    """Count the findings at each of `LEVELS`; none is counted where the whole scan stays below."""
    volume = Volume(array=z, affine=np.diag([*spacing, 1.0]))
    top = round(float(np.abs(z).max()), 4)
    counts = tuple(len(findings(volume, level, DEFAULT_MIN_VOLUME_MM3)) if level < top else 0 for level in LEVELS)
    return NormalScan(slice_spacing=round(spacing[0], 4), largest=top, findings=counts)
