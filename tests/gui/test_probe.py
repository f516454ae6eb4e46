"""Values at one voxel."""

import numpy as np

from medae.gui.probe import probe
from tests.gui.viewer_scans import full_model, scan


def test_results_that_are_missing_are_none() -> None:
    values = probe((1, 2, 3), scan(), None, 1.0, None)
    assert (values.denoised, values.score) == (None, None)
    assert values.lps == (3.0, 2.0, 3.0)


def test_all_three_results() -> None:
    model = full_model()
    assert model.original is not None
    values = probe((2, 12, 12), model.original, model.denoised, 1.0, model.anomaly_map)
    assert (values.denoised, values.score) == (40.0, 6.0)


def test_padding_has_no_value() -> None:
    assert np.isnan(probe((0, 0, 0), scan(padding=(0, 200)), None, 1.0, None).original)
