import numpy as np
import pytest

from medae.phantom.grid import Grid, draw_pose, render
from medae.phantom.vessels import Segment, draw_tree, grow_tree


def test_a_tree_is_connected_and_fills_its_region():
    rng = np.random.default_rng(0)
    tree = grow_tree(rng, (0, 0, 0), lambda p: np.linalg.norm(p, axis=1) < 50, ((-50, -50, -50), (50, 50, 50)), 80, 5.0)
    starts, stops = {s.start for s in tree}, {s.stop for s in tree}
    assert len(tree) == 2 * 80 - 1
    assert starts <= stops | {(0.0, 0.0, 0.0)}
    tips = np.array([s.stop for s in tree if s.stop not in starts])
    assert len(tips) == 80
    assert all(((np.sign(tips) == corner).all(1)).any() for corner in ((1, 1, 1), (-1, -1, -1), (1, -1, 1)))
    assert max(max(s.radii) for s in tree) == 5


def test_thin_rods_are_faint_and_bronchi_hollow():
    pose = draw_pose(np.random.default_rng(0), (0, 0, 0), size_spread=0, tilt_degrees=0, warp_mm=0)
    grid = Grid((1, 41, 41), (2.0, 1.0, 1.0))
    palette = {"air": -1000.0, "muscle": 50.0}

    def draw(radius, hollow):
        rod = (Segment((0, 0, -9), (0, 0, 9), (radius, radius)),)
        return render(grid, pose, palette, "muscle", lambda canvas: draw_tree(canvas, rod, "muscle", hollow))[0][0]

    assert draw(4.0, None)[20, 20] == pytest.approx(50)
    assert -990 < draw(0.2, None)[20, 20] < -500
    assert draw(6.0, "air")[20, 20] == pytest.approx(-1000)
    assert draw(6.0, "air").max() > -400
