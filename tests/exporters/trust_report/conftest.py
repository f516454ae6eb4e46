"""A small noisy phantom, denoised, with a trust report whose figures are known."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from medae.phantom import head
from medae.results import Result
from medae.volume import Source
from tests.exporters.conftest import STEP
from tests.quality.test_summary import TRUST


@pytest.fixture(scope="session")
def denoised() -> Result:
    """FLAIR with noise of deviation 20, most of it removed; measured by nobody yet."""
    scan = head("FLAIR", (5, 64, 56), (20.0, 3.5, 3.5)).volume
    values = scan.values()
    noisy = values + np.random.default_rng(0).normal(0, 20, scan.shape).astype(np.float32)
    original = scan.with_array(scan.to_stored(noisy)[0])
    source = Source(
        paths=(Path("/archive/anna/scan.nii.gz"),),
        series_instance_uid="1.2.840.99.7",
        study_instance_uid="1.2.840.99.8",
        description="Müller^Anna head",
        patient="d41d8cd98f",
    )
    original = replace(original, source=source)
    better = original.to_stored(values + 0.25 * (noisy - values))[0]
    return Result(original, original.with_array(better, STEP))


@pytest.fixture
def measured(denoised: Result) -> Result:
    """The same, with the figures of `TRUST` (of a CT, which does not matter here)."""
    return replace(denoised, trust=TRUST)
