"""Pixels, voxels and millimetres."""

import pytest

from medae.gui.screen import Screen


def test_a_slice_is_fitted_with_its_true_shape() -> None:
    screen = Screen(400, 400, size=(10, 40), spacing=(5.0, 1.0))
    assert screen.scale == 8.0
    assert screen.to_pixel(0, 0) == (40.0, 0.0)
    assert screen.to_pixel(10, 40) == (360.0, 400.0)


def test_zoom_and_pan_both_ways() -> None:
    screen = Screen(300, 200, size=(20, 30), spacing=(1.0, 1.0), zoom=3.0, pan=(2.0, -1.0))
    assert screen.to_voxel(*screen.to_pixel(4.25, 7.5)) == pytest.approx((4.25, 7.5))
    assert screen.to_millimetres(150, 100) == (2.0, -1.0)
    left, top, width, height = screen.visible()
    assert (left + width / 2, top + height / 2) == pytest.approx((17.0, 9.0))


def test_big_images_in_small_panes_skip_pixels() -> None:
    assert Screen(500, 500, size=(3000, 2500), spacing=(0.1, 0.1)).step() == 6
    assert Screen(500, 500, size=(3000, 2500), spacing=(0.1, 0.1), zoom=10).step() == 1


@pytest.mark.parametrize("slant", [-0.3, 0.3])
def test_a_sheared_grid_is_a_parallelogram_with_true_lengths(slant: float) -> None:
    screen = Screen(400, 300, size=(20, 30), spacing=(2.0, 1.0), slant=slant)
    rise = (1 - slant**2) ** 0.5
    corners = [screen.to_pixel(row, column) for row in (0, 20) for column in (0, 30)]
    assert min(x for x, _ in corners) >= 0
    assert max(x for x, _ in corners) <= 400
    (x0, y0), (x1, y1) = screen.to_pixel(0, 0), screen.to_pixel(20, 0)
    assert ((x1 - x0) / screen.scale, (y1 - y0) / screen.scale) == pytest.approx((40 * slant, 40 * rise))
    assert screen.to_voxel(*screen.to_pixel(4.25, 7.5)) == pytest.approx((4.25, 7.5))
    assert screen.x_of(7.5, screen.to_pixel(4.25, 7.5)[1]) == pytest.approx(screen.to_pixel(4.25, 7.5)[0])
