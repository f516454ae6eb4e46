"""The trust report: what it says about known changes, and that nothing makes it crash."""

import json
from datetime import datetime

import numpy as np
import pytest
from numpy.typing import NDArray

from medae.provenance import Provenance
from medae.quality import TrustReport, measure
from medae.volume import Volume

Images = NDArray[np.float32]


def volume(values: Images, modality: str = "MR", **notes: object) -> Volume:
    """Wrap values (slices, rows, columns) as a volume that says it was denoised with these notes."""
    step = Provenance(
        "denoise", "mr-denoise", "1.2.3", "ab" * 32, {}, "0", "CPU", datetime.now().astimezone(), 0.1, notes
    )
    unit = "[hnsf'U]" if modality == "CT" else "1"
    return Volume(values, np.eye(4), modality, unit, provenance=(step,) if notes else ())


def odd(name: str) -> tuple[Images, Images]:
    """Inputs that have broken tools before: original and denoised."""
    rng = np.random.default_rng(5)
    shape = {"tiny": (1, 8, 8), "one pixel": (1, 1, 1), "one row": (3, 1, 40)}.get(name, (2, 48, 40))
    before = rng.normal(100, 10, shape).astype(np.float32)
    after = before.copy() if name == "nothing removed" else (before * 0 + 100).astype(np.float32)
    if name == "all zero":
        before, after = before * 0, after * 0
    if name == "constant":
        before = after
    if name == "all NaN":
        before = before * np.nan
    if name == "some NaN":
        before[0, 3:9] = np.nan
        after[1, 20:] = np.inf
    return before, after


@pytest.mark.parametrize(
    "name",
    ["tiny", "one pixel", "one row", "all zero", "constant", "nothing removed", "all NaN", "some NaN", "plain"],
)
@pytest.mark.parametrize("modality", ["CT", "MR", ""])
def test_odd_input_gives_finite_numbers(name: str, modality: str) -> None:
    before, after = odd(name)
    found = measure(volume(before, modality), volume(after, modality, values_clipped=0))
    assert isinstance(found, TrustReport)
    json.dumps(found.to_dict(), allow_nan=False)


def test_model_notes_and_shapes_are_taken_over() -> None:
    before, after = odd("plain")
    found = measure(volume(before), volume(after, values_clipped=7, domain=["The scan is unlike the training scans."]))
    assert (found.model, found.version, found.sha256, found.values_clipped) == ("mr-denoise", "1.2.3", "ab" * 32, 7)
    assert "The scan is unlike the training scans." in found.warnings
    with pytest.raises(ValueError, match="different shapes"):
        measure(volume(before), volume(after[:1]))
