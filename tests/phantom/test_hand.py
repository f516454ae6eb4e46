import numpy as np
from scipy import ndimage

from medae.phantom.hand import draw_hand


def test_the_finger_bones_are_apart_and_inside_the_flesh():
    axis = np.arange(-100, 150, 0.5, dtype=np.float32)
    u, v = np.meshgrid(axis, axis[::-1])
    paths = draw_hand(u, v, np.random.default_rng(1))
    fingers = (paths.cortex + paths.marrow > 0.5) & (v > 12)
    _, count = ndimage.label(ndimage.binary_opening(fingers))
    assert count == 18  # all but the thumb's metacarpal
    assert (paths.soft[fingers & (v < 120)] > 0).all()
    assert paths.cortex.min() >= 0
    assert paths.soft.max() < 60
