import numpy as np
import pytest
from scipy import ndimage

from medae.phantom import thorax
from medae.phantom.thorax import draw_patient

SMALL = {"shape": (8, 96, 96), "spacing": (20.0, 4.0, 4.0)}


def test_thorax_is_stored_as_scanners_do():
    volume = thorax(**SMALL).volume
    assert volume.modality == "CT"
    assert volume.unit == "[hnsf'U]"
    assert volume.array.dtype == np.int16
    assert set(volume.rescale_intercept) == {-1024.0}
    assert volume.array.min() >= 0
    assert [w.name for w in volume.windows] == ["MEDIASTINUM", "LUNG"]


def test_thorax_holds_air_lung_fat_soft_tissue_and_bone():
    values = thorax(seed=1, **SMALL).volume.values()
    for low, high, part in (
        (-1100, -950, 0.2),
        (-920, -780, 0.08),
        (-130, -70, 0.02),
        (20, 80, 0.08),
        (300, 3000, 0.004),
    ):
        assert ((values > low) & (values < high)).mean() > part, (low, high)


def test_there_are_two_lungs():
    values = thorax(seed=1, **SMALL).volume.values()
    lungs = (values > -920) & (values < -700)
    middle = lungs[4]
    labels, count = ndimage.label(ndimage.binary_opening(middle, iterations=2))
    sizes = np.sort(ndimage.sum_labels(middle, labels, np.arange(1, count + 1)))[::-1]
    assert sizes[1] > 0.5 * sizes[0]


def test_same_seed_same_patient_and_another_seed_another():
    first, again, other = (thorax(seed=s, **SMALL).volume.array for s in (0, 0, 7))
    assert np.array_equal(first, again)
    assert np.mean(first != other) > 0.3


def test_vessels_branch_and_thin_out():
    _, anatomy = draw_patient(0)
    ends = np.array([s.radii[1] for s in anatomy.vessels])
    assert len(anatomy.vessels) > 800
    assert ends.max() > 4
    assert np.median(ends) < 1.5


def test_nodules_lie_in_the_lung_and_are_dense():
    options = {"shape": (30, 128, 128), "spacing": (5.0, 3.0, 3.0), "seed": 2}
    normal, ill = thorax(**options), thorax(lesions=4, **options)
    assert ill.lesions.any()
    assert np.median(normal.volume.values()[ill.lesions]) < -700
    assert ill.volume.values()[ill.lesions].mean() > -450


@pytest.mark.parametrize("shape", [(3, 64, 64), (1, 2, 3)])
def test_small_shapes_work(shape):
    assert thorax(shape=shape, lesions=1).volume.shape == shape
