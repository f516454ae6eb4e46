"""Computed radiographs come out as they went in, but for their noise."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

import medae
from medae import bundle
from medae.volume import Volume

SIDE = 704
"""Pixels of the corner that is denoised: collimated border, direct exposure and patient."""


def _corner(volume: Volume) -> Volume:
    return replace(volume, array=volume.array[:, :SIDE, :SIDE])


@pytest.mark.shared
@pytest.mark.parametrize(("name", "bits"), [("RG1", 15), ("RG3", 10)])
def test_monochrome1_of_more_than_8_bit(shared_data: Path, name: str, bits: int) -> None:
    if "xr-denoise" not in {info.name for info in bundle.bundles()}:
        pytest.skip("the X-ray model is not installed")
    given = _corner(medae.open(shared_data / "xr" / f"{name}_J2KI.dcm"))
    denoised = medae.denoise(given, device="cpu")
    assert denoised.provenance[-1].bundle == "xr-denoise"
    assert denoised.provenance[-1].notes["values_clipped"] == 0
    assert denoised.inverted
    assert denoised.array.dtype == np.uint16
    assert denoised.stored_range == given.stored_range == (0, 2**bits - 1)
    assert len(np.unique(denoised.array)) > 256
    before, after = given.values()[0], denoised.values()[0]
    span = float(np.ptp(before))
    assert np.array_equal(after[before == 0], before[before == 0])  # what the detector did not see
    change = after - before
    assert change.any()
    assert abs(change.mean()) < 1e-3 * span
    assert np.percentile(np.abs(change), 99) < 0.03 * span
    coarse = ndimage.uniform_filter(change, 16)  # no region gets darker or brighter
    assert np.percentile(np.abs(coarse), 99.9) < 4e-3 * span
    assert before.min() - 0.01 * span <= after.min() <= after.max() <= before.max() + 0.01 * span
