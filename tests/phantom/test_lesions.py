import numpy as np
import pytest

from medae.phantom import head, place_lesion


def test_a_lesion_has_the_place_size_and_contrast_asked_for():
    phantom = head("CT", shape=(31, 61, 61), spacing=(1.0, 1.0, 1.0))
    ill = place_lesion(phantom, (5.0, -3.0, 2.0), 12.0, 40.0)
    voxels = np.argwhere(ill.lesions)
    assert ill.volume.to_lps(voxels.mean(0)) == pytest.approx((5, -3, 2), abs=0.1)
    assert ill.lesions.sum() == pytest.approx(np.pi / 6 * 12**3, rel=0.05)
    difference = ill.volume.values() - phantom.volume.values()
    assert np.median(difference[ill.lesions]) == 40
    assert difference.sum() == pytest.approx(40 * np.pi / 6 * 12**3, rel=0.03)
    assert not phantom.lesions.any()


def test_a_small_lesion_in_thick_slices_is_faint():
    phantom = head("CT", shape=(5, 61, 61), spacing=(8.0, 1.0, 1.0))
    ill = place_lesion(phantom, (0.0, 0.0, 0.0), 3.0, 100.0)
    difference = ill.volume.values() - phantom.volume.values()
    assert 10 < difference.max() < 50
