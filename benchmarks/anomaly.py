"""``python -m benchmarks.anomaly``: the shipped anomaly maps against real lesions, phantoms and normal scans.

Real lesions: p26, used neither for training nor for calibration; figures are over the brain. Beside the shipped
map: the models of the other families, the ensemble, the plain intensity and the smoothed one. ``--only`` names parts.
"""

import argparse
import time
from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

import medae
from benchmarks.anomaly_checks import HEADS, UNSEEN, UNSEEN_SEED, lesion_rows, normal_rows, seconds, stability_rows
from benchmarks.anomaly_plots import plot_lesions
from benchmarks.report import SHARED, publish
from medae import bundle
from medae.results import DEFAULT_MIN_VOLUME_MM3

FAMILIES = ("plain", "sparse", "contractive", "convolutional", "variational")
"""Ends of the names of the models that are there to be compared with."""
FALSE = (1, 4, 8)
"""False regions per scan at which sensitivity is told."""


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


def sensitivity(score: NDArray[np.float32], truth: NDArray[np.bool_], voxel_mm3: float) -> list[float]:
    """Share of lesions touched, at the lowest threshold with at most `FALSE` regions that touch none."""
    corners = np.ones((3, 3, 3))
    lesions, count = ndimage.label(truth, corners)
    best = dict.fromkeys(FALSE, 0.0)
    for level in np.percentile(score[score != 0], [*np.linspace(90, 99, 19), *np.linspace(99.1, 99.95, 18)]):
        above, number = ndimage.label(score > level, corners)
        sizes = np.bincount(above.ravel(), minlength=number + 1) * voxel_mm3
        kept = np.flatnonzero(sizes >= DEFAULT_MIN_VOLUME_MM3)[1:]
        right = np.unique(above[truth])
        false = int((~np.isin(kept, right)).sum())
        touched = len(set(np.unique(lesions[np.isin(above, kept)]).tolist()) - {0}) / max(count, 1)
        for most in FALSE:
            if false <= most:
                best[most] = max(best[most], touched)
    return [best[most] for most in FALSE]


def real_lesions() -> list[str]:
    """Table of p26."""
    folder = SHARED / "mr" / "open-ms-mni-p26"
    truth = medae.open(folder / "p26_gt.nii.gz").array > 0
    lines = [
        "| scan | score | AUROC | AP | best Dice | Dice at threshold | sensitivity at 1 / 4 / 8 "
        "false regions | findings | outside the domain | seconds |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    families = [name for name in (f"mr-flair-{family}" for family in FAMILIES) if _is_there(name)]
    for contrast in HEADS:
        volume = medae.open(folder / f"p26_{contrast}.nii.gz", modality="MR")
        values = volume.values()
        brain = values > 0.05 * np.percentile(values, 99.9)
        bright = 1 if contrast != "T1" else -1  # lesions are dark in T1
        maps: list[tuple[str, str]] = [("MedAE, shipped", "auto"), ("all contrasts", "mr-anomaly")]
        if contrast == "FLAIR" and families:
            maps += [(name, name) for name in families] + [("ensemble of all", "+".join(["auto", *families]))]
        own = ""
        for title, model in maps:
            clock = time.perf_counter()
            found = medae.detect(volume, model=model.replace("auto", own) if own and "+" in model else model)
            took = time.perf_counter() - clock
            own = own or found.provenance[0].bundle
            z = bright * np.asarray(found.volume.array)
            above = np.abs(z) > found.threshold
            dice = 2 * (above & truth).sum() / (above.sum() + truth.sum())
            tail = f"{dice:.3f} (z {found.threshold:.3g})", _figures(sensitivity(z, truth, volume.voxel_volume), 2)
            outside = "yes" if found.outside else "no"
            row = (*tail, str(len(found.findings)), outside, f"{took:.1f}")
            title = f"{title} ({found.provenance[0].bundle})" if model == "auto" else title
            lines.append(_row(contrast, title, average_precision(z[brain], truth[brain]), row))
        for title, score in (
            ("intensity", values),
            ("intensity, smoothed by 1 mm", ndimage.gaussian_filter(values, 1.0)),
        ):
            score = bright * np.where(brain, score, 0)
            row = ("", _figures(sensitivity(score, truth, volume.voxel_volume), 2) if bright > 0 else "", "", "", "")
            lines.append(_row(contrast, title, average_precision(score[brain], truth[brain]), row))
    return lines


def _is_there(name: str) -> bool:
    return any(info.name == name for info in bundle.bundles())


def _figures(values: list[float], digits: int) -> str:
    return " / ".join(f"{v:.{digits}f}" for v in values)


def _row(contrast: str, title: str, figures: tuple[float, ...], rest: tuple[str, ...]) -> str:
    return f"| p26 {contrast} | {title} | " + " | ".join([*(f"{f:.3f}" for f in figures), *rest]) + " |"


def normals(count: int) -> list[str]:
    """Table of normal scans."""
    lines = ["| scans | number | called abnormal at 0.10 | findings per scan | |", "|---|---|---|---|---|"]
    for group, number, abnormal, found, notes in normal_rows(count):
        lines.append(f"| {group} | {number} | {abnormal} | {found:.2f} | {', '.join(notes)} |")
    return [*lines, "", "Outside the domain no p is told, and no scan called abnormal."]


def lesions(phantoms: int) -> list[str]:
    """Table of phantom lesions."""
    rows = list(lesion_rows((*HEADS, "chest"), phantoms))
    plot_lesions(rows)
    return [*_lesion_table(rows, phantoms), "", "![detectability](images/anomaly-lesions.png)"]


def unseen() -> list[str]:
    """Table of lesions of 10 mm at 3 σ in phantoms that nothing was chosen by."""
    return _lesion_table(lesion_rows((*HEADS, "chest"), UNSEEN, UNSEEN_SEED, (10.0,), (3.0,)), UNSEEN)


def _lesion_table(rows: Iterable[tuple[str, float, float, int, int, int]], phantoms: int) -> list[str]:
    lines = [
        "| phantom | diameter, mm | contrast, σ of the noise | found | false findings per scan |",
        "|---|---|---|---|---|",
    ]
    for kind, diameter, contrast, number, found, false in rows:
        lines.append(
            f"| {kind} | {diameter:g} | {contrast:g} | {found} of {number} ({found / max(number, 1):.2f}) "
            f"| {false / phantoms:.2f} |"
        )
    return lines


def domain() -> list[str]:
    """Table of scans that a model was not made for, and of some that it was made for."""
    folder = SHARED / "mr" / "open-ms-mni-p26"
    chest = medae.open(SHARED / "ct" / "acrin-flt-breast-001")
    t1, flair = (medae.open(folder / f"p26_{c}.nii.gz", modality="MR") for c in ("T1", "FLAIR"))
    lines = ["| scan | model | said to be outside the domain |", "|---|---|---|"]
    for title, volume, model in (
        ("chest CT", chest, "mr-flair-anomaly"),
        ("T1 of p26", t1, "mr-flair-anomaly"),
        ("FLAIR of p26", flair, "mr-t1-anomaly"),
        ("FLAIR of p26", flair, "mr-flair-anomaly"),
        ("T1 of p26", t1, "mr-t1-anomaly"),
    ):
        lines.append(f"| {title} | {model} | {'; '.join(medae.detect(volume, model=model).outside) or 'no'} |")
    return lines


def stability() -> list[str]:
    """Table of rank correlations."""
    folder = SHARED / "mr" / "open-ms-mni-p26"
    flair, t1, t2 = (medae.open(folder / f"p26_{c}.nii.gz", modality="MR") for c in ("FLAIR", "T1", "T2"))
    raw = medae.open(SHARED / "mr" / "open-ms" / "patient12_study1_FLAIR.nii.gz", modality="MR")
    chest = medae.open(SHARED / "ct" / "lung-dx-a0001-smooth")
    scans = {
        "FLAIR p26": (flair, "mr-flair-anomaly"),
        "FLAIR patient12": (raw, "mr-flair-anomaly"),
        "T1 p26": (t1, "mr-t1-anomaly"),
        "T2 p26": (t2, "mr-t2-anomaly"),
        "chest CT": (chest, "ct-anomaly"),
    }
    lines = ["| scan | change | rank correlation of z | of the absolute z |", "|---|---|---|---|"]
    lines += [f"| {scan} | {title} | {a:.3f} | {b:.3f} |" for scan, title, a, b in stability_rows(scans)]
    return lines


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", default=[], help="real, normals, lesions, unseen, domain, stability, time")
    parser.add_argument("--phantoms", type=int, default=4, help="phantoms of each kind")
    parser.add_argument("--no-write", action="store_true", help="leave RESULTS.md as it is")
    wanted = parser.parse_args()
    parts: dict[str, tuple[str, Callable[[], list[str]]]] = {
        "real": ("Anomaly maps on real MS lesions", real_lesions),
        "normals": ("Anomaly maps of normal scans", lambda: normals(3 * wanted.phantoms)),
        "lesions": ("Anomaly maps of phantom lesions", lambda: lesions(wanted.phantoms)),
        "unseen": ("Anomaly maps of phantom lesions that nothing was chosen by", unseen),
        "domain": ("Anomaly maps outside their domain", domain),
        "stability": ("Anomaly maps of changed scans", stability),
        "time": ("Anomaly maps, time", lambda: [f"A 200 × 256 × 256 volume took {seconds():.1f} s."]),
    }
    for name in wanted.only or parts:
        title, measure = parts[name]
        publish(title, measure(), write=not wanted.no_write)


if __name__ == "__main__":
    main()
