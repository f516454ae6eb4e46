"""The end of the difference scale."""

import numpy as np
import pytest

from medae.gui.difference_scale import scale_end
from tests.gui.viewer_scans import SHAPE, scan


def test_the_end_lies_above_the_differences_of_the_slices_that_are_done() -> None:
    original = scan()
    changed = original.array.copy()
    changed[1] += 30
    changed[3] -= 500
    denoised = original.with_array(changed)
    assert scale_end(original, denoised, np.array([0, 1])) == pytest.approx(30)
    assert scale_end(original, denoised, np.arange(SHAPE[0])) == pytest.approx(500)


def test_without_any_difference_it_is_1() -> None:
    assert scale_end(scan(), scan(), np.array([2])) == 1.0
