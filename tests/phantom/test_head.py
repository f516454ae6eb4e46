import time

import numpy as np
import pytest
from scipy import ndimage

from medae.phantom import head

SMALL = {"shape": (6, 96, 80), "spacing": (18.0, 2.0, 2.0)}


@pytest.mark.parametrize(("contrast", "modality", "dtype"), [("T1", "MR", np.uint16), ("CT", "CT", np.int16)])
def test_head_is_a_volume_of_its_modality_centred_on_the_patient(contrast, modality, dtype):
    volume = head(contrast, **SMALL).volume
    assert (volume.modality, volume.array.dtype, volume.shape) == (modality, dtype, (6, 96, 80))
    assert volume.spacing == pytest.approx((18, 2, 2))
    assert volume.to_lps((2.5, 47.5, 39.5)) == pytest.approx((0, 0, 0))
    assert volume.windows


def test_same_seed_same_patient_and_another_seed_another():
    first, again, other = (head("T1", seed=s, **SMALL).volume.array for s in (3, 3, 4))
    assert np.array_equal(first, again)
    assert np.mean(first != other) > 0.3


def test_tissues_have_the_order_of_their_contrast():
    """Cerebrospinal fluid is dark in T1 and FLAIR and bright in T2; bone is bright only in CT."""
    options = {"shape": (8, 128, 112), "spacing": (3.0, 1.6, 1.6), "seed": 2}
    ct = head("CT", **options).volume.values()
    fluid = ndimage.binary_erosion((ct > 0) & (ct < 12), np.ones((1, 3, 3)))
    brain, bone = (ct > 22) & (ct < 42), ct > 900
    mean = {c: head(c, bias_field=0, **options).volume.values() for c in ("T1", "T2", "FLAIR")}
    for contrast, bright in (("T1", False), ("T2", True), ("FLAIR", False)):
        values = mean[contrast]
        assert bool(np.median(values[fluid]) > np.median(values[brain])) == bright
        assert np.median(values[bone]) < np.median(values[brain]) / 2
    assert ct.min() == -1000


def test_same_patient_at_another_resolution():
    coarse = head("CT", shape=(1, 48, 40), spacing=(3.0, 4.0, 4.0)).volume.values()
    fine = head("CT", shape=(1, 192, 160), spacing=(3.0, 1.0, 1.0)).volume.values()
    averaged = fine.reshape(1, 48, 4, 40, 4).mean((2, 4))
    assert np.corrcoef(coarse.ravel(), averaged.ravel())[0, 1] > 0.93


def test_large_phantoms_are_drawn_in_slabs_that_fit_together(monkeypatch):
    whole = head("T1", **SMALL).volume.array
    monkeypatch.setattr("medae.phantom.grid.SLAB_VOXELS", 1)
    assert np.abs(head("T1", **SMALL).volume.array.astype(int) - whole).max() <= 1


@pytest.mark.parametrize("shape", [(3, 64, 64), (1, 1, 1), (2, 33, 17)])
def test_small_shapes_work(shape):
    assert head("FLAIR", shape=shape, lesions=2).volume.shape == shape


def test_lesions_change_only_where_they_lie_and_are_bright_in_flair():
    options = {"shape": (12, 128, 112), "spacing": (4.0, 1.6, 1.6), "seed": 5, "bias_field": 0}
    normal, ill = head("FLAIR", **options), head("FLAIR", lesions=6, **options)
    difference = ill.volume.values() - normal.volume.values()
    assert not normal.lesions.any()
    assert ill.lesions.any()
    assert difference[ill.lesions].mean() > 150
    near = ill.lesions.copy()
    for axis in range(3):
        near |= np.roll(near, 1, axis) | np.roll(near, -1, axis)
    for axis in range(3):
        near |= np.roll(near, 1, axis) | np.roll(near, -1, axis)
    assert np.abs(difference[~near]).max() == 0


def test_wrong_wishes_are_named():
    with pytest.raises(ValueError, match="contrast is one of T1, T2, FLAIR, CT"):
        head("PD")
    with pytest.raises(ValueError, match="three positive sizes"):
        head(shape=(0, 4, 4))
    with pytest.raises(ValueError, match="three positive spacings"):
        head(spacing=(1.0, -1.0, 1.0))


def test_default_head_is_quick():
    started = time.process_time()
    head("T1")
    assert time.process_time() - started < 20
