import numpy as np

from medae.phantom.grid import Grid
from medae.phantom.store import store_ct, store_mr
from medae.volume import Window

GRID = Grid((1, 1, 4), (1.0, 1.0, 1.0))


def test_ct_is_clipped_to_twelve_bits_and_comes_back_in_hounsfield_units():
    volume = store_ct(np.array([[[-2000, -1000, 40.4, 5000]]], dtype=np.float32), GRID, "x", ("BRAIN", 40, 80))
    assert volume.values().ravel().tolist() == [-1024, -1000, 40, 3071]
    assert volume.windows == (Window(40, 80, "BRAIN"),)


def test_mr_is_positive_and_white_matter_lies_within_the_window():
    volume = store_mr(np.array([[[-5, 0, 880, 9000]]], dtype=np.float32), GRID, "x", 880)
    assert volume.array.ravel().tolist() == [0, 0, 880, 4095]
    window = volume.windows[0]
    assert window.center < 880 < window.center + window.width / 2
