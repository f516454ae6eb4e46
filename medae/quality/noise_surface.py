"""A surface that varies slowly over the body, fitted to the levels of tiles, of which some are too high."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

ORDER = 4
"""Highest number of half waves across the image."""
TILES_PER_TERM = 6
"""Tiles that each cosine asks for; fewer tiles give a simpler surface."""
STIFFNESS = 3e-4
ROUNDS = 12


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """exp of a sum of cosines over the unit cube.

    Attributes
    ----------
    terms
        (n, 3) half waves along (slices, rows, columns).
    weights
        (n,) of the cosines.
    low, high
        Values outside this range are clipped: where nothing was measured, cosines run away.
    """

    terms: NDArray[np.intp]
    weights: Array
    low: float
    high: float

    def at(self, places: Array) -> Array:
        """Values at (n, 3) places, each from 0 to 1 along (slices, rows, columns)."""
        found = np.exp(_cosines(places, self.terms) @ self.weights)
        return np.clip(found, self.low, self.high)

    def on(self, slices: Array, rows: Array, columns: Array) -> NDArray[np.float32]:
        """Values on a grid of places from 0 to 1: (slices, rows, columns) float32."""
        total = np.zeros((len(slices), len(rows), len(columns)), np.float32)
        for (p, q, r), weight in zip(self.terms, self.weights, strict=True):
            waves = (np.cos(np.pi * n * axis).astype(np.float32) for n, axis in ((p, slices), (q, rows), (r, columns)))
            first, second, third = waves
            total += np.float32(weight) * first[:, None, None] * second[:, None] * third
        return np.clip(np.exp(total, out=total), self.low, self.high).astype(np.float32)


FLAT_ZERO = Surface(np.zeros((0, 3), np.intp), np.zeros(0), 0.0, 0.0)
"""No noise anywhere."""


def fit_surface(places: Array, levels: Array, weights: Array) -> Surface:
    """Fit a surface to positive levels by least squares on their logarithm, again and again without what sticks out.

    Structure makes some tiles too high and none too low, so that only tiles above the surface lose their weight
    (iteratively reweighted least squares with Tukey's biweight on that side).

    Parameters
    ----------
    places
        (n, 3) middles of the tiles, each from 0 to 1 along (slices, rows, columns).
    levels
        (n,) positive.
    weights
        (n,) how far each is to be trusted, positive.
    """
    terms = _terms(len(levels), several=bool(np.ptp(places[:, 0]) > 0))
    waves, wanted = _cosines(places, terms), np.log(levels)
    stiffness = np.diag(STIFFNESS * (terms.sum(axis=1) ** 4).astype(np.float64))
    start = float(np.quantile(wanted, 0.3))
    trust = weights * (np.abs(wanted - start) < 1.0)
    if not trust.any():
        trust = weights.copy()
    solution = np.zeros(len(terms))
    for _ in range(ROUNDS):
        gram = (waves * trust[:, None]).T @ waves + (stiffness + 1e-9 * np.eye(len(terms))) * trust.sum()
        solution = np.linalg.solve(gram, waves.T @ (trust * wanted))
        above = wanted - waves @ solution
        below = np.abs(above[above <= 0])
        spread = max(1.4826 * float(np.median(below)) if below.size else 0.0, 0.05)
        trust = weights * np.where(above > 0, np.clip(1 - (above / (3 * spread)) ** 2, 0, 1) ** 2, 1.0)
    fitted = waves @ solution
    kept = fitted[trust > 0.1 * weights]
    low, high = np.percentile(kept if kept.size else fitted, (1, 99))
    return Surface(terms, solution, float(np.exp(low)), float(np.exp(high)))


def _terms(tiles: int, *, several: bool) -> NDArray[np.intp]:
    """Half waves along (slices, rows, columns), as many as the number of tiles allows."""
    for order in range(ORDER, -1, -1):
        found = [(0, q, r) for q in range(order + 1) for r in range(order + 1 - q)]
        if several and order >= 2:
            found += [(1, 0, 0), (2, 0, 0)]
        if len(found) * TILES_PER_TERM <= tiles:
            return np.array(found, np.intp)
    return np.zeros((1, 3), np.intp)


def _cosines(places: Array, terms: NDArray[np.intp]) -> Array:
    return np.cos(np.pi * places[:, None, :] * terms[None]).prod(axis=2)
