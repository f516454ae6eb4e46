"""How much of the images survives in how few bits: the code of a model beside principal components of the pixels.

Every number of a code is rounded to one of 2^b levels, evenly spread over the range that this number has in *other*
slices (outliers are clipped to it). The rate is b · d bits for a slice or patch, without entropy coding: an upper
bound of what a coder would need. PCA of the pixels is fitted to the other slices, keeps as many coefficients as the
code has numbers (or as the other slices allow), and is rounded in the same way.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medae.errors import SettingsError
from medae.latent.codes import LatentSpace
from medae.latent.traversal import decode, why_not_decoded
from medae.progress import Report, part, silent

BITS = (1, 2, 3, 4, 6, 8)
"""Bits per number that are tried."""
MOST_JUDGED = 200
"""Slices that are judged, spread evenly; PCA is fitted to at most five times as many."""


@dataclass(frozen=True, slots=True)
class Rate:
    """One point of the figure.

    Attributes
    ----------
    method
        ``"model"`` or ``"pca"``.
    bits
        Per number of the code; 32: not rounded.
    numbers
        Of the code, or coefficients of PCA (mean over the two halves).
    bits_per_pixel
        bits · numbers / pixels.
    mse, psnr
        Mean squared error in network values, and 10 log₁₀(peak² / mse) in dB.
    """

    method: str
    bits: int
    numbers: float
    bits_per_pixel: float
    mse: float
    psnr: float


@dataclass(frozen=True, slots=True)
class Compression:
    """The whole figure: its points, the value that PSNR takes for the peak, and how it was measured."""

    rates: tuple[Rate, ...]
    peak: float
    slices: int
    sentence: str


def compression(space: LatentSpace, report: Report = silent, bits: Sequence[int] = BITS) -> Compression:
    """Compare rate and error of a model with those of PCA on the same slices.

    The slices are parted in two by patient or series where there are several, else alternately; each half is judged
    with ranges and principal components that were found in the other.

    Raises
    ------
    SettingsError
        If the model makes no images from codes, or there are fewer than eight slices.
    """
    if problem := why_not_decoded(space):
        raise SettingsError(problem)
    if len(space) < 8:
        raise SettingsError(f"this needs at least 8 slices, here are {len(space)}; open a folder with more")
    half, how = _halves(space)
    how += " The model may have learnt from some of these slices: for a fair figure open scans it has not seen."
    peak = float(np.percentile(space.images[:: max(1, len(space) // 200)].astype(np.float32), 99.9)) or 1.0
    squares: dict[tuple[str, int], list[NDArray[np.float64]]] = {}
    numbers: dict[str, list[int]] = {"model": [], "pca": []}
    slices = 0
    for n, side in enumerate((0, 1)):
        others = _some(np.flatnonzero(half != side), 5 * MOST_JUDGED)
        judged = _some(np.flatnonzero(half == side), MOST_JUDGED // 2)
        slices += len(judged)
        span = part(report, n / 2, (n + 1) / 2)
        images = space.images[judged].astype(np.float32)
        pca = _Pca(space.images[others].astype(np.float32), space.codes.shape[1])
        coefficients = pca.encode(images)
        numbers["model"].append(space.codes.shape[1])
        numbers["pca"].append(coefficients.shape[1])
        for m, b in enumerate((*bits, 32)):
            span(m / (len(bits) + 1), f"Rounding to {b} bits")
            rounded = _rounded(space.codes[judged], space.codes[others], b)
            restored = {
                "model": decode(space, rounded),
                "pca": pca.decode(_rounded(coefficients, pca.fitted, b)),
            }
            for method, result in restored.items():
                result = result[:, : images.shape[1], : images.shape[2]]
                squares.setdefault((method, b), []).append(((result - images).astype(np.float64) ** 2).mean((1, 2)))
    pixels = int(np.prod(space.images.shape[1:]))
    rates = [
        _rate(method, b, float(np.mean(numbers[method])), pixels, np.concatenate(found), peak)
        for (method, b), found in squares.items()
    ]
    rates.sort(key=lambda rate: (rate.method, rate.bits))
    return Compression(tuple(rates), peak, slices, how)


def _rate(method: str, bits: int, numbers: float, pixels: int, squares: NDArray[np.float64], peak: float) -> Rate:
    mse = float(squares.mean())
    psnr = 10 * float(np.log10(peak**2 / max(mse, 1e-12)))
    return Rate(method, bits, numbers, bits * numbers / pixels, mse, psnr)


def _halves(space: LatentSpace) -> tuple[NDArray[np.intp], str]:
    """(n,) 0 or 1 for each point, and a sentence about it."""
    groups = np.array([source.patient or f"series {n}" for n, source in enumerate(space.sources)])
    names, group = np.unique(groups, return_inverse=True)
    if len(names) > 1:
        sizes = np.bincount(group[space.series], minlength=len(names))
        sides, filled = np.zeros(len(names), np.intp), [0, 0]
        for name in np.argsort(-sizes, kind="stable"):
            sides[name] = int(filled[1] < filled[0])
            filled[sides[name]] += int(sizes[name])
        return (
            sides[group[space.series]],
            f"Ranges and PCA come from the other half of the {len(names)} patients or series.",
        )
    return np.arange(len(space)) % 2, (
        "Ranges and PCA come from every other slice of the same series, whose neighbours look alike: this favours PCA."
    )


def _some(indices: NDArray[np.intp], most: int) -> NDArray[np.intp]:
    """At most so many of the indices, spread evenly."""
    chosen = np.linspace(0, len(indices) - 1, min(most, len(indices))).round().astype(np.intp)
    return indices[chosen]


def _rounded(values: NDArray[np.floating], others: NDArray[np.floating], bits: int) -> NDArray[np.float64]:
    """(n, d) values rounded to 2^bits levels over the range of each column of ``others``."""
    exact = values.astype(np.float64)
    if bits >= 32:
        return exact
    low, high = others.min(axis=0).astype(np.float64), others.max(axis=0).astype(np.float64)
    step = np.maximum(high - low, 1e-12) / 2**bits
    level = np.clip(np.floor((exact - low) / step), 0, 2**bits - 1)
    return low + (level + 0.5) * step


class _Pca:
    """Principal components of images (n, rows, columns)."""

    def __init__(self, images: NDArray[np.float32], count: int) -> None:
        from sklearn.decomposition import PCA

        flat = images.reshape(len(images), -1)
        self._shape = images.shape[1:]
        self._found = PCA(min(count, len(flat) - 1, flat.shape[1]), random_state=0).fit(flat)
        self.fitted = self._found.transform(flat)

    def encode(self, images: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n, rows, columns) to (n, k) coefficients."""
        return self._found.transform(images.reshape(len(images), -1))

    def decode(self, coefficients: NDArray[np.floating]) -> NDArray[np.float32]:
        """(n, k) coefficients to (n, rows, columns)."""
        flat = self._found.inverse_transform(coefficients)
        return np.asarray(flat, np.float32).reshape(-1, *self._shape)
