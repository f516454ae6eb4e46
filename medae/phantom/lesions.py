"""Lesions of known place, size and contrast."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from medae.phantom.grid import Grid, Phantom
from medae.phantom.shapes import Array, SmoothNoise, coverage
from medae.volume import Volume


@dataclass(frozen=True, slots=True)
class LesionLook:
    """How lesions of one modality look.

    Attributes
    ----------
    value
        Value in their middle, in the unit of the volume.
    diameters_mm
        Smallest and largest diameter.
    irregular
        Standard deviation of the outline, as a part of the radius.
    added
        True when ``value`` is added to what lies there, as in a projection; else it takes its place.
    """

    value: float
    diameters_mm: tuple[float, float]
    irregular: float = 0.22
    added: bool = False


def add_lesions(
    values: Array, site: NDArray[np.bool_], grid: Grid, look: LesionLook, number: int, rng: np.random.Generator
) -> tuple[Array, NDArray[np.bool_]]:
    """Put ``number`` irregular lesions where ``site`` allows; fewer where there is no room left.

    Returns
    -------
    values, mask
        (slices, rows, columns): with lesions, and True where a voxel is at least half lesion.
    """
    mask = np.zeros(grid.shape, dtype=bool)
    free = site.copy()
    for _ in range(number):
        diameter = rng.uniform(*look.diameters_mm)
        places = np.flatnonzero(free)
        if places.size == 0:
            break
        center = np.array(np.unravel_index(places[rng.integers(places.size)], grid.shape), dtype=float)
        outline = SmoothNoise(rng, max(diameter / 3, 1.5))
        part = _blob(grid.shape, grid.spacing, center, diameter, (outline, look.irregular))
        part *= np.float32(rng.uniform(0.85, 1.0))
        values = values + part * (np.float32(look.value) - (0 if look.added else values))
        mask |= part >= 0.42
        free &= _distance(grid.shape, grid.spacing, center) > 1.5 * look.diameters_mm[1]
    return values, mask


def place_lesion(
    phantom: Phantom, center_lps: tuple[float, float, float], diameter_mm: float, contrast: float
) -> Phantom:
    """Add one round lesion that differs from what lies there by ``contrast``.

    Parameters
    ----------
    phantom
        Where to put it.
    center_lps
        LPS millimetres.
    diameter_mm
        Diameter of the sphere.
    contrast
        What is added to the rescaled values (HU in CT), weighted by the part of each voxel inside the sphere.

    Returns
    -------
    Phantom
        The same grid; the lesion is added to the mask.
    """
    volume: Volume = phantom.volume
    part = _blob(volume.shape, volume.spacing, volume.to_index(center_lps), diameter_mm)
    array, _ = volume.to_stored(volume.values() + np.float32(contrast) * part)
    return replace(phantom, volume=volume.with_array(array), lesions=phantom.lesions | (part >= 0.5))


def _distance(shape: tuple[int, int, int], spacing: tuple[float, float, float], center: NDArray[np.float64]) -> Array:
    """(slices, rows, columns) distance in mm to a fractional index."""
    z, y, x = ((np.arange(n) - c) * s for n, c, s in zip(shape, center, spacing, strict=True))
    return np.sqrt(z[:, None, None] ** 2 + y[None, :, None] ** 2 + x[None, None, :] ** 2).astype(np.float32)


def _blob(
    shape: tuple[int, int, int],
    spacing: tuple[float, float, float],
    center: NDArray[np.float64],
    diameter_mm: float,
    irregular: tuple[SmoothNoise, float] | None = None,
) -> Array:
    """Part of each voxel inside a sphere, its outline moved by noise if given; thick slices are averaged."""
    parts = max(1, min(5, int(np.ceil(spacing[0] / 1.5))))
    total = np.zeros(shape, dtype=np.float32)
    edge = max(0.5, min(spacing[1:]))
    for offset in (np.arange(parts) + 0.5) / parts - 0.5:
        depth = diameter_mm / 2 - _distance(shape, spacing, center + np.array([offset, 0, 0]))
        if irregular is not None:
            noise, amount = irregular
            axes = [((np.arange(n) - c) * s).astype(np.float32) for n, c, s in zip(shape, center, spacing, strict=True)]
            depth += np.float32(amount * diameter_mm / 2) * np.clip(noise.on_grid(*axes), -2, 2)
        total += coverage(depth, edge)
    return total / np.float32(parts)
