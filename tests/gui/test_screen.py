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
