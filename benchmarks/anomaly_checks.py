"""Checks of anomaly maps that need no real lesions: normal scans, phantom lesions, domain, stability, time."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, stats

import medae
from benchmarks.report import SHARED
from medae import phantom
from medae.results import DEFAULT_MIN_VOLUME_MM3, AnomalyMap, findings
from medae.training.cache import with_noise
from medae.volume import Volume

HEADS = {"FLAIR": 490.0, "T1": 880.0, "T2": 390.0}
"""Contrasts, and the value of white matter in the phantom, where lesions are placed."""
NOISE = 0.02
"""Noise of phantoms: of the 99.9th percentile, in CT of 1000 HU (20 HU)."""
FIRST_SEED = 5000
"""Seeds of training and calibration are below."""
UNSEEN_SEED, UNSEEN = 5900, 8
"""First seed and number of phantoms of each kind that no weights, scores or thresholds were chosen by; models that are
chosen after a look at them need others."""
DIAMETERS, CONTRASTS = (6.0, 10.0, 14.0), (3.0, 6.0, 12.0, 24.0)
"""Of phantom lesions, in mm and in standard deviations of the noise."""


def normal_phantom(kind: str, seed: int) -> phantom.Phantom:
    """Give a phantom without lesions and noise: ``"chest"``, or a head of that contrast."""
    if kind == "chest":
        return phantom.thorax(shape=(40, 256, 256), spacing=(4.0, 1.5, 1.5), seed=seed)
    return phantom.head(kind, shape=(52, 208, 176), spacing=(3.0, 1.0, 1.0), seed=seed)  # type: ignore[arg-type]


def sigma(volume: Volume) -> float:
    """Give the standard deviation of the noise that `with_noise` adds at `NOISE`."""
    return NOISE * (1000.0 if volume.modality == "CT" else float(np.percentile(volume.values(), 99.9)))


def model_for(kind: str) -> str:
    """Give the shipped model."""
    return "ct-anomaly" if kind == "chest" else f"mr-{kind.lower()}-anomaly"


def places(clean: phantom.Phantom, kind: str, diameter: float, count: int, seed: int) -> list[NDArray[np.float64]]:
    """Centres (LPS) with uniform tissue all around: white matter, or soft tissue of the chest."""
    values = clean.volume.values()
    if kind == "chest":
        tissue = (values > 20) & (values < 80)
    else:
        low, high = 0.9 * HEADS[kind], 1.1 * HEADS[kind]
        tissue = (values > low) & (values < high)
    spacing = clean.volume.spacing
    deep = ndimage.distance_transform_edt(tissue, sampling=spacing) > diameter / 2 + 1
    middle = np.zeros_like(deep)
    middle[len(deep) // 3 : -len(deep) // 4, 40:-40, 40:-40] = True
    inside = np.argwhere(deep & middle)
    random, chosen = np.random.default_rng(seed), []
    for index in random.permutation(len(inside)):
        center = clean.volume.to_lps(inside[index])
        if all(np.linalg.norm(center - other) > 4 * diameter for other in chosen):
            chosen.append(center)
        if len(chosen) == count:
            break
    return chosen


def lesion_rows(
    kinds: tuple[str, ...],
    phantoms: int,
    first_seed: int = FIRST_SEED,
    diameters: tuple[float, ...] = DIAMETERS,
    contrasts: tuple[float, ...] = CONTRASTS,
) -> Iterator[tuple[str, float, float, int, int, int]]:
    """Yield kind, diameter, contrast in σ, lesions, lesions found, false findings, at the shipped threshold.

    Lesions are bright and dark in turn.
    """
    for kind in kinds:
        counts = {(d, c): np.zeros(3, int) for d in diameters for c in contrasts}
        for n in range(phantoms):
            clean = normal_phantom(kind, first_seed + n)
            step = sigma(clean.volume)
            for diameter, contrast in counts:
                sick = clean
                for m, center in enumerate(places(clean, kind, diameter, 3, n)):
                    signed = contrast * step * (-1) ** (n + m)
                    sick = phantom.place_lesion(sick, tuple(center), diameter, signed)
                result = medae.detect(with_noise(sick.volume, NOISE, seed=n), model=model_for(kind))
                hit, wrong, lesions = judged(result, sick.lesions)
                counts[diameter, contrast] += (lesions, hit, wrong)
        for (diameter, contrast), (lesions, found, false) in counts.items():
            yield kind, diameter, contrast, int(lesions), int(found), int(false)


def judged(result: AnomalyMap, truth: NDArray[np.bool_]) -> tuple[int, int, int]:
    """Count lesions that a finding touches, findings that touch none, and lesions."""
    corners = np.ones((3, 3, 3))
    above, number = ndimage.label(np.abs(result.volume.array) > result.threshold, corners)
    lesions, count = ndimage.label(truth, corners)
    sizes = np.bincount(above.ravel(), minlength=number + 1) * result.volume.voxel_volume
    kept = [n for n in range(1, number + 1) if sizes[n] >= DEFAULT_MIN_VOLUME_MM3]
    right = set(np.unique(above[truth]).tolist())
    hit = set(np.unique(lesions[np.isin(above, kept)]).tolist()) - {0}
    return len(hit), sum(n not in right for n in kept), count


CHANGES: dict[str, Callable[[Volume], tuple[Volume, Callable[[NDArray[np.float32]], NDArray[np.float32]]]]] = {}
"""By name: a change of a scan, and what brings a map of the changed scan back to the grid of the original."""


def _change(name: str) -> Callable[[Callable], Callable]:
    def register(change: Callable) -> Callable:
        CHANGES[name] = change
        return change

    return register


def _same(array: NDArray[np.float32]) -> NDArray[np.float32]:
    return array


@_change("denoised")
def _denoised(volume: Volume):
    return medae.denoise(volume), _same


@_change("shifted by 3 voxels")
def _shifted(volume: Volume):
    array = np.roll(volume.array, (0, 3, 3), (0, 1, 2))
    return replace(volume, array=array), lambda z: np.roll(z, (0, -3, -3), (0, 1, 2))


@_change("mirrored left to right")
def _mirrored(volume: Volume):
    return replace(volume, array=volume.array[..., ::-1].copy()), lambda z: z[..., ::-1]


@_change("sampled 1.5 × finer")
def _finer(volume: Volume):
    return _resampled(volume, 1.5)


@_change("sampled 1.5 × coarser")
def _coarser(volume: Volume):
    return _resampled(volume, 1 / 1.5)


@_change("values doubled")
def _doubled(volume: Volume):
    return Volume(array=volume.values() * 2, affine=volume.affine, modality=volume.modality), _same


def _resampled(volume: Volume, factor: float):
    factors = (1.0, factor, factor)
    array = ndimage.zoom(volume.values(), factors, order=1, grid_mode=True, mode="nearest")
    affine = volume.affine.copy()
    for axis in (1, 2):
        step = affine[:3, axis] * volume.shape[axis] / array.shape[axis]
        affine[:3, 3] += (step - affine[:3, axis]) / 2
        affine[:3, axis] = step
    changed = Volume(array=array, affine=affine, modality=volume.modality)
    back = [n / m for n, m in zip(volume.shape, array.shape, strict=True)]
    return changed, lambda z: ndimage.zoom(z, back, order=1, grid_mode=True, mode="nearest")


def stability_rows(scans: dict[str, tuple[Volume, str]]) -> Iterator[tuple[str, str, float, float]]:
    """Yield scan, change, rank correlation of z and of |z| inside the body."""
    for name, (volume, model) in scans.items():
        first = np.asarray(medae.detect(volume, model=model).volume.array)
        for title, change in CHANGES.items():
            if title == "values doubled" and volume.modality == "CT":
                continue
            changed, back = change(volume)
            again = back(np.asarray(medae.detect(changed, model=model).volume.array))
            inside = (first != 0) & (again != 0)
            yield (
                name,
                title,
                float(stats.spearmanr(first[inside], again[inside]).statistic),
                float(stats.spearmanr(np.abs(first[inside]), np.abs(again[inside])).statistic),
            )


def normal_scans(count: int) -> Iterator[tuple[str, str, Volume, NDArray[np.bool_] | None]]:
    """Yield group, model, scan and trusted voxels of scans without lesions that no model was made with."""
    for kind in ("FLAIR", "T1", "T2", "chest"):
        for n in range(count):
            clean = normal_phantom(kind, FIRST_SEED + 100 + n)
            share = 0.005 * 6 ** (n / max(count - 1, 1))
            yield f"phantoms, {kind}", model_for(kind), with_noise(clean.volume, share, seed=n), None
    yield "sag-anon, T1", "mr-t1-anomaly", medae.open(SHARED / "mr" / "sag-anon"), None


def normal_rows(count: int, alpha: float = 0.10) -> Iterator[tuple[str, int, int, float, list[str]]]:
    """Yield group, scans, scans called abnormal at ``alpha``, findings per scan, and how many were outside the domain.

    Outside the domain none is called abnormal.
    """
    groups: dict[str, list[tuple[bool, int, bool]]] = {}
    for group, model, volume, _ in normal_scans(count):
        result = medae.detect(volume, model=model)
        p = result.p_value
        found = len(findings(result.volume, result.threshold))
        groups.setdefault(group, []).append((p is not None and p <= alpha, found, bool(result.outside)))
    for group, judgements in groups.items():
        abnormal, found, outside = (list(part) for part in zip(*judgements, strict=True))
        yield group, len(abnormal), sum(abnormal), float(np.mean(found)), [f"{sum(outside)} outside"]


def seconds() -> float:
    """Time a map of a 200 × 256 × 256 volume, the engine's first measurement left out."""
    volume = phantom.head("FLAIR", shape=(200, 256, 256), spacing=(0.9, 0.9, 0.9)).volume
    noisy = with_noise(volume, NOISE, seed=0)
    medae.detect(noisy, model="mr-flair-anomaly")
    clock = time.perf_counter()
    medae.detect(noisy, model="mr-flair-anomaly")
    return time.perf_counter() - clock
