"""Groups of slices that have similar codes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medae.errors import SettingsError
from medae.latent.projection import reduced

LEAST_CLUSTER = 5
"""Points that HDBSCAN takes for a cluster at least."""


@dataclass(frozen=True, slots=True, eq=False)
class Clusters:
    """Groups of points.

    Attributes
    ----------
    labels
        (n,) group of each point from 0, the largest group first; −1 belongs to none (HDBSCAN).
    count
        How many groups.
    silhouette
        Mean silhouette of the points that belong to a group (Rousseeuw 1987): 1 well apart, 0 overlapping;
        None where it is not defined (a single group).
    """

    labels: NDArray[np.intp]
    count: int
    silhouette: float | None


def k_means(codes: NDArray[np.float32], count: int) -> Clusters:
    """Split (n, d) codes into ``count`` groups (best of ten starts; the same for the same codes).

    Raises
    ------
    SettingsError
        If there are fewer points than groups.
    """
    from sklearn.cluster import KMeans

    if not 2 <= count <= len(codes):
        raise SettingsError(f"{count} clusters of {len(codes)} slices make no sense; give a number from 2 on")
    data = reduced(codes)
    return _clusters(data, KMeans(count, n_init=10, random_state=0).fit_predict(data))


def hdbscan(codes: NDArray[np.float32], least: int = LEAST_CLUSTER) -> Clusters:
    """Find dense groups of (n, d) codes (Campello et al., 2013); their number comes from the data.

    Raises
    ------
    SettingsError
        If there are fewer points than one group needs.
    """
    from sklearn.cluster import HDBSCAN

    if len(codes) < least:
        raise SettingsError(f"HDBSCAN needs at least {least} slices, here are {len(codes)}; use k-means")
    data = reduced(codes)
    return _clusters(data, HDBSCAN(min_cluster_size=least, copy=True).fit_predict(data))


def _clusters(data: NDArray[np.float64], found: NDArray[np.intp]) -> Clusters:
    from sklearn.metrics import silhouette_score

    names, sizes = np.unique(found[found >= 0], return_counts=True)
    labels = np.full(len(found), -1, np.intp)
    for label, name in enumerate(names[np.argsort(-sizes, kind="stable")]):
        labels[found == name] = label
    inside = labels >= 0
    silhouette = None
    if 2 <= len(names) < inside.sum():
        silhouette = float(silhouette_score(data[inside], labels[inside]))
    return Clusters(labels, len(names), silhouette)
