import numpy as np
import pytest

from medae.phantom.grid import Canvas, Grid, draw_pose, render

PALETTE = {"air": 0.0, "thing": 10.0}


def ball(canvas: Canvas) -> None:
    depth = 20 - np.sqrt(canvas.x**2 + canvas.y**2 + canvas.z**2)
    box = canvas.box((0, 0, 0), 24)
    assert box is not None
    canvas.paint(depth[box], "thing", box)


def test_a_ball_keeps_its_volume_on_any_grid():
    pose = draw_pose(np.random.default_rng(0), (0, 0, 0), size_spread=0, tilt_degrees=4, warp_mm=0)
    for shape, spacing in (((60, 60, 60), (1.0, 1.0, 1.0)), ((10, 40, 30), (6.0, 1.5, 2.0))):
        grid = Grid(shape, spacing)
        values, site = render(grid, pose, PALETTE, "thing", ball)
        voxel = np.prod(spacing)
        assert values.sum() / 10 * voxel == pytest.approx(4 / 3 * np.pi * 20**3, rel=0.03)
        assert 0.4 * 33510 < site.sum() * voxel < 33510
        assert values[0, 0, 0] == 0


def test_the_middle_of_the_grid_is_the_origin():
    grid = Grid((3, 5, 7), (4.0, 2.0, 1.0))
    assert grid.affine() @ (1, 2, 3, 1) == pytest.approx((0, 0, 0, 1))
    assert grid.axis(0) == pytest.approx([-4, 0, 4])


def test_what_lies_off_the_canvas_has_no_box():
    pose = draw_pose(np.random.default_rng(0), (0, 0, 0))
    axis = np.arange(5, dtype=np.float32)
    assert Canvas(axis, axis, axis, 1.0, pose, PALETTE, "thing").box((300, 0, 0), 10) is None
