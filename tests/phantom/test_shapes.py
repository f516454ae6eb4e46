import numpy as np
import pytest

from medae.phantom.shapes import SmoothNoise, capsule, coverage, ellipsoid, smooth_min, tube


def point(x, y, z):
    return tuple(np.array([v], dtype=np.float32) for v in (x, y, z))


@pytest.mark.parametrize(("x", "depth"), [(8.0, 2.0), (10.0, 0.0), (12.0, -2.0)])
def test_depth_of_a_sphere_is_distance_to_its_surface(x, depth):
    assert ellipsoid(*point(x, 0, 0), (0, 0, 0), (10, 10, 10)) == pytest.approx(depth, abs=1e-4)


def test_depth_of_a_rod_with_two_radii():
    assert capsule(*point(0, 1, 5), (0, 0, 0), (0, 0, 10), (2, 4)) == pytest.approx(2)
    assert tube(*point(0, 0, 15), [(0, 0, 0), (0, 0, 10), (0, 0, 20)], [1, 1, 3]) == pytest.approx(2)


def test_coverage_and_smooth_min():
    assert coverage(np.array([-1, 0, 0.25, 1], dtype=np.float32), 1.0) == pytest.approx([0, 0.5, 0.75, 1])
    a, b = np.float32([3, 1]), np.float32([3, 9])
    assert smooth_min(a, b, 4)[0] < 3
    assert smooth_min(a, b, 4)[1] == 1


def test_noise_is_a_function_of_position_alone_with_unit_deviation():
    noise = SmoothNoise(np.random.default_rng(0), 3.0)
    axis = np.arange(0, 90, 1.5, dtype=np.float32)
    whole = noise.on_grid(axis, axis, axis)
    assert noise.on_grid(axis[5:6], axis[::2], axis) == pytest.approx(whole[5:6, ::2], abs=1e-5)
    assert whole.std() == pytest.approx(1, abs=0.1)
    assert np.abs(np.diff(whole, axis=0)).max() < 4
