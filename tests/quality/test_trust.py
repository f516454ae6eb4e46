"""The trust report: what it says about known changes, and that nothing makes it crash."""

import json
from datetime import datetime

import numpy as np
import pytest
from scipy import ndimage

from medae.progress import Cancelled
from medae.provenance import Provenance
from medae.quality import TrustReport, measure
from medae.quality.residual import STRUCTURE_LIMIT
from medae.training.noise import rician
from medae.volume import Volume
from tests.quality.conftest import Images, white


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
    assert any("7 values did not fit" in warning for warning in found.warnings)
    with pytest.raises(ValueError, match="different shapes"):
        measure(volume(before), volume(after[:1]))


def test_parts_that_cannot_be_measured_are_explained() -> None:
    before, _ = odd("tiny")
    found = measure(volume(before), volume(before))
    assert found.edges is None
    assert found.spectrum is None
    assert found.noise_before == 0
    text = " ".join(found.warnings)
    for part in ("Nothing was removed", "No noise could be measured", "Sharpness was not", "spectra were not"):
        assert part in text


def test_true_noise_removed_gives_no_warning(head: Volume, chest: Volume, top: float) -> None:
    clean = head.values()
    noisy = rician(clean, 0.04 * top, seed=1)
    found = measure(volume(noisy), volume(clean, values_clipped=0))
    assert found.warnings == ()
    assert found.noise_before == pytest.approx(0.04 * top, rel=0.1)
    assert found.noise_after < 0.1 * found.noise_before
    assert found.residual_std == pytest.approx(0.04 * top, rel=0.15)
    assert found.edges is not None
    assert found.edges.ratio == pytest.approx(1, abs=0.06)
    hounsfield = chest.values()
    ct = measure(volume(hounsfield + 20 * white(hounsfield.shape), "CT"), volume(hounsfield, "CT", values_clipped=0))
    assert ct.warnings == ()
    assert {tissue.name for tissue in ct.tissues} >= {"lung", "soft tissue", "bone"}


def test_over_smoothing_is_named(head: Volume, top: float) -> None:
    noisy = rician(head.values(), 0.03 * top, seed=1)
    found = measure(volume(noisy), volume(ndimage.gaussian_filter(noisy, (0, 1.2, 1.2)), values_clipped=0))
    text = " ".join(found.warnings)
    assert found.structure_score > STRUCTURE_LIMIT
    assert "follows the anatomy" in found.warnings[0]
    assert "More was removed" in text
    assert "% wider" in text
    assert found.spectrum is not None
    assert found.spectrum.removed[-1] > 0


def test_moved_means_are_named(chest: Volume) -> None:
    hounsfield = chest.values()
    moved = hounsfield - 3 * ((hounsfield > 0) & (hounsfield < 100))
    noisy = volume(hounsfield + 10 * white(hounsfield.shape), "CT")
    found = measure(noisy, volume(moved.astype(np.float32), "CT", values_clipped=0))
    assert [w for w in found.warnings if "moved" in w] == [
        f"The mean of soft tissue moved by {found.tissues[-2].bias:+.3g} HU: do not measure on this series."
    ]


def test_report_can_cancel(head: Volume) -> None:
    fractions: list[float] = []

    def report(fraction: float, _message: str = "", /) -> None:
        fractions.append(fraction)
        if fraction > 0.4:
            raise Cancelled

    with pytest.raises(Cancelled):
        measure(head, head, report)
    assert fractions == sorted(fractions)
