"""The slow surface through the levels of tiles."""

import numpy as np

from medae.quality.noise_surface import FLAT_ZERO, fit_surface


def tiles(count: int = 400) -> np.ndarray:
    """Places in the unit cube."""
    return np.random.default_rng(0).uniform(size=(count, 3))


def test_outliers_above_do_not_lift_the_surface() -> None:
    places = tiles()
    truth = 5 * np.exp(0.4 * np.cos(np.pi * places[:, 1]) - 0.3 * np.cos(2 * np.pi * places[:, 2]))
    levels = truth * np.exp(0.05 * np.random.default_rng(1).standard_normal(len(places)))
    levels[::4] *= 4
    found = fit_surface(places, levels, np.ones(len(places)))
    error = found.at(places) / truth
    assert 0.95 < np.median(error) < 1.05
    assert np.percentile(np.abs(error - 1), 90) < 0.12


def test_grid_and_places_agree() -> None:
    places = tiles(60)
    found = fit_surface(places, 1 + places[:, 1], np.ones(60))
    axes = np.array([0.2]), np.array([0.1, 0.6]), np.array([0.3, 0.9, 0.5])
    grid = found.on(*axes)
    assert grid.shape == (1, 2, 3)
    assert np.isclose(grid[0, 1, 2], found.at(np.array([[0.2, 0.6, 0.5]]))[0], rtol=1e-5)


def test_few_tiles_give_a_constant() -> None:
    found = fit_surface(tiles(3), np.array([2.0, 2.1, 1.9]), np.ones(3))
    assert len(found.terms) == 1
    assert np.allclose(found.at(tiles(5)), 2.0, rtol=0.1)


def test_clipped_to_what_was_measured() -> None:
    places = tiles() * (1, 0.3, 0.3)
    found = fit_surface(places, np.exp(3 * places[:, 1]), np.ones(len(places)))
    far = found.at(np.array([[0.5, 1.0, 1.0]]))[0]
    assert 1 <= far <= np.exp(0.9)


def test_nothing_is_zero_everywhere() -> None:
    assert not FLAT_ZERO.on(np.zeros(1), np.zeros(2), np.zeros(2)).any()
