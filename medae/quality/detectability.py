"""How well a known signal can be detected in noise: the channelised Hotelling observer.

A linear observer sees an image through a few channels and weighs them by the inverse of their covariance (Myers &
Barrett, J Opt Soc Am A 1987). Laguerre–Gauss channels approximate the ideal linear observer for round signals, dense
difference-of-Gaussian channels the human one (Abbey & Barrett, J Opt Soc Am A 2001).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Images = NDArray[np.float32]
Array = NDArray[np.float64]

DRAWS = 400
"""Bootstrap draws of the confidence interval."""


@dataclass(frozen=True, slots=True)
class Detectability:
    """What an observer achieves.

    Attributes
    ----------
    auc
        Area under the ROC curve: 0.5 for guessing, 1 for never erring.
    low, high
        95 % confidence interval by bootstrap over the images.
    snr
        Observer's signal-to-noise ratio (d').
    scores_present, scores_absent
        Scores of the images with and without the signal, in the order given, for paired comparisons.
    """

    auc: float
    low: float
    high: float
    snr: float
    scores_present: Array
    scores_absent: Array


def laguerre_gauss(size: int, width: float, count: int = 6) -> Array:
    """Laguerre–Gauss channels (count, size²): exp(-πr²/a²) Lⱼ(2πr²/a²), each of norm 1.

    Parameters
    ----------
    size
        Side of the images in pixels; the signal lies in the middle.
    width
        The a of the formula, pixels: for a Gaussian signal of standard deviation s, sqrt(2π) s matches the first
        channel.
    count
        How many.
    """
    from scipy import special

    axis = np.arange(size) - (size - 1) / 2
    area = 2 * np.pi * (axis[:, None] ** 2 + axis[None, :] ** 2).ravel() / width**2
    channels = np.stack([np.exp(-area / 2) * special.eval_laguerre(j, area) for j in range(count)])
    return np.asarray(channels / np.linalg.norm(channels, axis=1, keepdims=True))


def difference_of_gaussians(size: int, count: int = 10) -> Array:
    """Dense difference-of-Gaussian channels (count, size²), each of norm 1.

    Radial profiles exp(-(f/Qσⱼ)²/2) - exp(-(f/σⱼ)²/2) with σⱼ = 0.005 · 1.4ʲ cycles per pixel and Q = 1.67 (Abbey &
    Barrett 2001), turned into the image domain around its middle.
    """
    frequency = np.fft.fftfreq(size)
    square = frequency[:, None] ** 2 + frequency[None, :] ** 2
    middle = np.exp(-2j * np.pi * frequency * (size - 1) / 2)
    found = []
    for j in range(1, count + 1):
        sigma = 0.005 * 1.4**j
        profile = np.exp(-0.5 * square / (1.67 * sigma) ** 2) - np.exp(-0.5 * square / sigma**2)
        found.append(np.fft.ifft2(profile * middle[:, None] * middle[None, :]).real.ravel())
    channels = np.stack(found)
    return np.asarray(channels / np.linalg.norm(channels, axis=1, keepdims=True))


def channelised_hotelling(present: Images, absent: Images, channels: Array, seed: int = 0) -> Detectability:
    """Train and test the observer on halves of the images, then the other way round, so that it never sees its test.

    Parameters
    ----------
    present, absent
        (n, size, size) images with and without the signal, of one unit; n at least 4 times the number of channels.
    channels
        (count, size²) from `laguerre_gauss` or `difference_of_gaussians`.
    seed
        Of the bootstrap.

    Raises
    ------
    ValueError
        If there are too few images to estimate the covariance.
    """
    if min(len(present), len(absent)) < 4 * len(channels):
        raise ValueError(f"{len(channels)} channels need at least {4 * len(channels)} images of each kind")
    with_signal, without = (
        images.reshape(len(images), -1).astype(np.float64) @ channels.T for images in (present, absent)
    )
    scores = np.empty(len(present)), np.empty(len(absent))
    separations = []
    for half in (0, 1):
        template = _template(with_signal[half::2], without[half::2])
        tests = slice(1 - half, None, 2)
        first, second = with_signal[tests] @ template, without[tests] @ template
        spread = np.sqrt((first.var(ddof=1) + second.var(ddof=1)) / 2)
        scale = spread if spread > 0 else 1.0
        separations.append((first.mean() - second.mean()) / scale)
        scores[0][tests], scores[1][tests] = first / scale, second / scale
    auc, low, high = auc_interval(scores[0], scores[1], seed)
    return Detectability(auc, low, high, float(np.mean(separations)), *scores)


def _template(present: Array, absent: Array) -> Array:
    """Hotelling template (channels,): inverse mean covariance times the difference of the means."""
    covariance = (np.cov(present.T) + np.cov(absent.T)) / 2
    covariance = covariance + 1e-9 * np.trace(covariance) / len(covariance) * np.eye(len(covariance))
    difference = present.mean(axis=0) - absent.mean(axis=0)
    if not np.trace(covariance) > 0:
        return np.asarray(difference)
    return np.asarray(np.linalg.solve(covariance, difference))


def area_under_curve(present: Array, absent: Array) -> float:
    """Probability that a score with signal exceeds one without, ties counted half (Wilcoxon–Mann–Whitney)."""
    from scipy import stats

    ranks = stats.rankdata(np.concatenate([present, absent]))
    n, m = len(present), len(absent)
    return float((ranks[:n].sum() - n * (n + 1) / 2) / (n * m))


def auc_interval(present: Array, absent: Array, seed: int = 0) -> tuple[float, float, float]:
    """Area under the curve of two sets of scores, with its 95 % confidence interval by bootstrap."""
    random = np.random.default_rng(seed)
    draws = [
        area_under_curve(random.choice(present, len(present)), random.choice(absent, len(absent))) for _ in range(DRAWS)
    ]
    low, high = np.percentile(draws, (2.5, 97.5))
    return area_under_curve(present, absent), float(low), float(high)


def auc_gain(after: Detectability, before: Detectability, seed: int = 0) -> tuple[float, float, float]:
    """Difference of the areas, after minus before, of the same images, with its paired 95 % confidence interval."""
    random = np.random.default_rng(seed)
    n, m = len(before.scores_present), len(before.scores_absent)
    draws = []
    for _ in range(DRAWS):
        one, other = random.integers(n, size=n), random.integers(m, size=m)
        areas = [area_under_curve(d.scores_present[one], d.scores_absent[other]) for d in (after, before)]
        draws.append(areas[0] - areas[1])
    low, high = np.percentile(draws, (2.5, 97.5))
    return after.auc - before.auc, float(low), float(high)
