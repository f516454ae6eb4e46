import numpy as np
import pytest

from medae.errors import SettingsError
from medae.latent.clusters import hdbscan, k_means


def groups() -> np.ndarray:
    """30, 20 and 10 points around three places."""
    random = np.random.default_rng(0)
    centers = np.repeat([[0, 0, 0], [10, 0, 0], [0, 10, 5]], [30, 20, 10], axis=0)
    return (centers + 0.3 * random.standard_normal(centers.shape)).astype(np.float32)


@pytest.mark.parametrize("method", [lambda codes: k_means(codes, 3), hdbscan])
def test_groups_are_found_the_largest_first(method) -> None:
    found = method(groups())
    assert found.count == 3
    assert list(found.labels) == [0] * 30 + [1] * 20 + [2] * 10
    assert found.silhouette > 0.9


def test_what_belongs_to_no_group_is_left_out_by_hdbscan() -> None:
    data = np.concatenate([groups(), [[50.0, 50.0, 50.0]]]).astype(np.float32)
    assert hdbscan(data).labels[-1] == -1


def test_silhouette_of_overlapping_groups_is_low() -> None:
    data = np.random.default_rng(0).standard_normal((60, 3)).astype(np.float32)
    assert k_means(data, 3).silhouette < 0.5


def test_a_senseless_number() -> None:
    with pytest.raises(SettingsError, match="61 clusters of 60"):
        k_means(groups(), 61)
    with pytest.raises(SettingsError, match="at least 5"):
        hdbscan(groups()[:4])
