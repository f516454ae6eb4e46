import numpy as np
from scipy import ndimage

from medae.phantom import thorax
from medae.phantom.skeleton import cage_depth


def test_the_cage_narrows_towards_the_top():
    y = np.zeros(3, dtype=np.float32)
    depth = cage_depth(np.full(3, 70, np.float32), y, np.array([-40, 40, 108], np.float32))
    assert depth[0] > depth[1] > 0 > depth[2]


def test_one_slice_cuts_several_ribs_on_each_side():
    values = thorax((1, 256, 256), (1.5, 1.5, 1.5), seed=1).volume.values()[0]
    for half in (values[:, :100], values[:, 156:]):
        labels, count = ndimage.label(half > 180)
        sizes = ndimage.sum_labels(half > 180, labels, np.arange(1, count + 1))
        assert (sizes > 12).sum() >= 3
