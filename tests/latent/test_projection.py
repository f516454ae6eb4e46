import numpy as np
import pytest

from medae.errors import SettingsError
from medae.latent import projection
from medae.latent.projection import principal_components, umap_points


def codes(n: int = 60, seed: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed)
    scale = np.array([5.0, 2.0, 1.0, 0.1, 0.1, 0.1])
    return (random.standard_normal((n, 6)) * scale + 3.0).astype(np.float32)


def test_directions_are_those_of_the_spread() -> None:
    found = principal_components(codes(4000), 3)
    assert np.allclose(np.abs(found.directions[:, :3]), np.eye(3), atol=0.1)
    assert np.allclose(found.deviation, [5, 2, 1], rtol=0.1)
    assert found.explained.sum() == pytest.approx(1.0, abs=0.01)
    assert np.allclose(found.points.std(axis=0, ddof=1), found.deviation)
    assert np.allclose(found.mean + found.points @ found.directions, codes(4000), atol=0.6)


def test_signs_do_not_depend_on_the_order() -> None:
    shuffled = np.random.default_rng(1).permutation(60)
    one, other = principal_components(codes()), principal_components(codes()[shuffled])
    assert np.allclose(one.points[shuffled], other.points, atol=1e-6)


def test_too_few_points_or_none_that_differ() -> None:
    with pytest.raises(SettingsError, match="at least 3"):
        principal_components(codes(2))
    with pytest.raises(SettingsError, match="same code"):
        principal_components(np.ones((9, 4), np.float32))


@pytest.mark.parametrize("count", [6, 40])
def test_umap_keeps_groups_apart(count: int) -> None:
    pytest.importorskip("umap")
    data = codes(count)
    data[: count // 2] += 100.0
    found = umap_points(data)
    assert found.shape == (count, 2)
    assert np.isfinite(found).all()
    assert np.array_equal(found, umap_points(data))
    if count == 40:
        spread = max(half.std(axis=0).max() for half in (found[:20], found[20:]))
        assert np.linalg.norm(found[:20].mean(0) - found[20:].mean(0)) > 2 * spread


def test_umap_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projection, "has_umap", lambda: True)
    with pytest.raises(SettingsError, match="at least 6"):
        umap_points(codes(5))
    monkeypatch.setattr(projection, "has_umap", lambda: False)
    with pytest.raises(SettingsError, match="pip install"):
        umap_points(codes())
