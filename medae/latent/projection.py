"""Two dimensions to look at: principal components, and UMAP where it is installed."""

import importlib.util
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medae.errors import SettingsError

COMPONENTS = 8
"""Principal directions that are kept to be looked at."""
LEAST_POINTS = 3
UMAP_NEIGHBOURS = 15
UMAP_DIMENSIONS = 50
"""Codes with more numbers are reduced to so many principal components first."""


@dataclass(frozen=True, slots=True, eq=False)
class Projection:
    """Principal components of codes.

    Attributes
    ----------
    points
        (n, k) coordinates, the widest direction first.
    mean
        (d,) code in the middle.
    directions
        (k, d) unit vectors; each is turned so that its largest number is positive.
    deviation
        (k,) standard deviation of the points along each direction.
    explained
        (k,) share of the variance.
    """

    points: NDArray[np.float64]
    mean: NDArray[np.float64]
    directions: NDArray[np.float64]
    deviation: NDArray[np.float64]
    explained: NDArray[np.float64]


def principal_components(codes: NDArray[np.float32], count: int = COMPONENTS) -> Projection:
    """Find the widest directions of (n, d) codes; the same for the same codes.

    Raises
    ------
    SettingsError
        With fewer than three points.
    """
    from sklearn.decomposition import PCA

    if len(codes) < LEAST_POINTS:
        raise SettingsError(
            f"a map needs at least {LEAST_POINTS} slices, here are {len(codes)}; open a series or a folder with more"
        )
    count = min(count, len(codes) - 1, codes.shape[1])
    data = codes.astype(np.float64)
    if not np.ptp(data, axis=0).any():
        raise SettingsError("the model gives every slice the same code; it has learnt nothing of these scans")
    found = PCA(count, random_state=0).fit(data)
    largest = np.abs(found.components_).argmax(axis=1)
    signs = np.sign(found.components_[np.arange(count), largest])
    directions = found.components_ * signs[:, None]
    return Projection(
        points=(data - found.mean_) @ directions.T,
        mean=found.mean_,
        directions=directions,
        deviation=np.sqrt(found.explained_variance_),
        explained=found.explained_variance_ratio_,
    )


def has_umap() -> bool:
    """Whether umap-learn is installed."""
    return importlib.util.find_spec("umap") is not None


def umap_points(codes: NDArray[np.float32], seed: int = 0) -> NDArray[np.float64]:
    """(n, 2) UMAP of (n, d) codes (McInnes et al., 2018); the same for the same codes and seed.

    Raises
    ------
    SettingsError
        Without umap-learn, or with too few points.
    """
    if not has_umap():
        raise SettingsError("UMAP is not installed; install it with: pip install 'medae[latent]', or use PCA")
    if len(codes) < 2 * LEAST_POINTS:
        raise SettingsError(f"UMAP needs at least {2 * LEAST_POINTS} slices, here are {len(codes)}; use PCA")
    from umap import UMAP

    data = reduced(codes)
    neighbours = min(UMAP_NEIGHBOURS, len(codes) - 1)
    found = UMAP(n_components=2, n_neighbors=neighbours, init="pca", random_state=seed, n_jobs=1).fit_transform(data)
    return np.asarray(found, np.float64)


def reduced(codes: NDArray[np.float32], most: int = UMAP_DIMENSIONS) -> NDArray[np.float64]:
    """(n, at most ``most``) principal components of (n, d) codes, for methods that look at distances."""
    if codes.shape[1] <= most:
        return codes.astype(np.float64)
    return principal_components(codes, most).points
