"""``python -m benchmarks.anomaly``: the shipped anomaly map against real lesions, beside intensity thresholds.

p26 was used neither for training nor for calibration. Figures are over the brain: AUROC, average precision, best Dice
over all thresholds, Dice at the shipped threshold, and findings at it.
"""

import time

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

import medae
from benchmarks.report import SHARED, publish


def average_precision(score: NDArray[np.float32], truth: NDArray[np.bool_]) -> tuple[float, float, float]:
    """Area under the ROC curve, average precision and best Dice of one score."""
    order = np.argsort(-score, kind="stable")
    hit = truth[order].astype(np.float64)
    true_positives = np.cumsum(hit)
    count, positives = np.arange(1, hit.size + 1), hit.sum()
    precision = true_positives / count
    ranks = np.empty(hit.size)
    ranks[order] = np.arange(hit.size, 0, -1)
    auroc = (ranks[truth].sum() - positives * (positives + 1) / 2) / (positives * (hit.size - positives))
    dice = 2 * true_positives / (count + positives)
    return float(auroc), float((precision * hit).sum() / positives), float(dice.max())


def main() -> None:
    """Measure and write."""
    folder = SHARED / "mr" / "open-ms-mni-p26"
    truth = medae.open(folder / "p26_gt.nii.gz").array > 0
    lines = [
        "| scan | score | AUROC | AP | best Dice | Dice at threshold | findings | seconds |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for contrast in ("FLAIR", "T1", "T2"):
        volume = medae.open(folder / f"p26_{contrast}.nii.gz", modality="MR")
        values = volume.values()
        brain = values > 0.05 * np.percentile(values, 99.9)
        clock = time.perf_counter()
        found = medae.detect(volume)
        seconds = time.perf_counter() - clock
        z = np.asarray(found.volume.array, np.float32)
        above = z > found.threshold
        dice = 2 * (above & truth).sum() / (above.sum() + truth.sum())
        for name, score, tail in (
            ("MedAE", z, f"{dice:.3f} (z > {found.threshold:g}) | {len(found.findings)} | {seconds:.1f}"),
            ("intensity", values, "| | "),
            ("intensity, smoothed by 1 mm", ndimage.gaussian_filter(values, 1.0), "| | "),
        ):
            figures = average_precision(score[brain], truth[brain])
            lines.append(f"| p26 {contrast} | {name} | " + " | ".join(f"{f:.3f}" for f in figures) + f" | {tail} |")
    publish("Anomaly maps on real MS lesions", lines)


if __name__ == "__main__":
    main()
