import numpy as np

from medae.phantom import head


def test_sinuses_are_air_inside_the_head_and_orbits_hold_fat():
    values = head("CT", (1, 192, 160), (3.0, 1.0, 1.0), seed=1).volume.values()
    assert (values > 20).mean() > 0.3
    low = head("CT", (24, 96, 80), (6.0, 2.0, 2.0), seed=1).volume.values()[:9]
    middle = low[:, 8:40, 25:55]
    assert (middle < -700).sum() > 60
    assert ((low > -130) & (low < -60)).mean() > 0.01
    assert np.isfinite(low).all()
