"""Scans unlike those that a model has seen are called so."""

from dataclasses import replace

import numpy as np
import pytest

from medae import phantom
from medae.inference import denoise
from medae.inference.domain import Domain, outside_domain, outside_sampling
from medae.inference.transforms import sampling
from medae.volume import Volume

SEEN = {"pixel_spacing": [0.5, 1.2], "slice_spacing": [1.0, 6.0]}


def volume(
    stored: np.ndarray, modality: str = "MR", spacing: tuple[float, ...] = (3, 1, 1), **fields: object
) -> Volume:
    return Volume(array=stored, affine=np.diag([*spacing, 1.0]), modality=modality, **fields)


@pytest.fixture
def scan() -> Volume:
    return volume(np.random.default_rng(0).integers(1, 900, (3, 24, 24)).astype(np.int16))


def test_a_scan_like_the_models_own_is_not_remarked_upon(tiny_bundle, scan: Volume) -> None:
    assert outside_domain(scan, tiny_bundle(domain=SEEN)) == []
    assert "domain" not in denoise(scan, model="tiny").provenance[-1].notes


@pytest.mark.parametrize(
    ("spacing", "words"),
    [
        ((3, 2, 2), ["pixels are 2 mm apart", "0.5 to 1.2 mm"]),
        ((3, 0.25, 1), ["pixels are 0.25 and 1 mm apart"]),
        ((8, 1, 1), ["slices are 8 mm apart", "1 to 6 mm"]),
    ],
)
def test_other_spacings_are_said_in_the_record(
    tiny_bundle, scan: Volume, spacing: tuple[float, ...], words: list[str]
) -> None:
    tiny_bundle(domain=SEEN)
    result = denoise(replace(scan, affine=np.diag([*spacing, 1.0])), model="tiny")
    (sentence,) = result.provenance[-1].notes["domain"]
    assert all(word in sentence for word in words)


def test_one_slice_has_no_slice_spacing(tiny_bundle, scan: Volume) -> None:
    single = replace(scan, array=scan.array[:1], rescale_slope=np.ones(1), rescale_intercept=np.zeros(1))
    assert outside_domain(replace(single, affine=np.diag([50, 1, 1, 1.0])), tiny_bundle(domain=SEEN)) == []


@pytest.mark.parametrize("stated", [None, {}, {"pixel_spacing": "wide"}, [1, 2]])
def test_a_bundle_that_states_no_domain_has_none(stated: object) -> None:
    assert Domain.of({"domain": stated} if stated is not None else {}) is None


def test_negative_mr_values_are_remarked_upon(tiny_bundle) -> None:
    stored = np.full((1, 10, 10), 50, np.int16)
    stored[0, 0, :3] = -4
    (sentence,) = outside_domain(volume(stored), tiny_bundle())
    assert "3.00% of the values are negative" in sentence


def test_ct_whose_values_are_no_hounsfield_units(tiny_bundle) -> None:
    info = tiny_bundle(modality="CT")
    thorax = phantom.thorax(shape=(3, 64, 64), spacing=(40, 6, 6)).volume
    assert outside_domain(thorax, info) == []
    without_rescale = thorax.values() + 1024
    assert "may not be" in outside_domain(volume(without_rescale, "CT"), info)[0]
    spoilt = thorax.values()
    spoilt[0, 0, 0], spoilt[0, 0, 1] = -32768, 40000
    low, high = outside_domain(volume(spoilt, "CT"), info)
    assert "-32768" in low
    assert "40000" in high


def test_padding_does_not_count(tiny_bundle) -> None:
    info = tiny_bundle(modality="CT")
    stored = np.full((1, 16, 16), -1000, np.int16)
    stored[0, 4:12, 4:12] = 40
    stored[0, 0] = -32768
    assert outside_domain(volume(stored, "CT", padding=(-32768.0, -32768.0)), info) == []
    assert outside_domain(volume(np.full((1, 4, 4), -5, np.int16), "CT", padding=(-5.0, -5.0)), info) == []


@pytest.mark.parametrize(
    ("spacing", "words"),
    [
        ((5.0, 1.5, 1.5), []),
        ((6.0, 2.0, 0.2), []),
        ((6.5, 1.0, 1.0), ["slices are 6.5 mm apart; those of its normal scans 5 mm at most"]),
        ((3.0, 1.0, 2.5), ["pixels are 2.5 mm apart, the model's 1 mm"]),
        ((9.0, 4.0, 4.0), ["pixels are 4 mm", "slices are 9 mm"]),
    ],
)
def test_scans_coarser_than_an_anomaly_model_knows_are_outside(
    spacing: tuple[float, float, float], words: list[str]
) -> None:
    sentences = outside_sampling(spacing, 1.0, [2.0, 5.0])
    assert len(sentences) == len(words)
    assert all(word in sentence for word, sentence in zip(words, sentences, strict=True))


def test_a_model_that_resamples_nothing_and_knows_no_spacing_takes_all() -> None:
    assert outside_sampling((20.0, 9.0, 9.0), None, []) == []


def test_slices_of_a_sagittal_head_are_columns_of_axial_slices() -> None:
    sagittal = np.diag([1.0, 1.0, 1.0, 1.0])
    sagittal[:3, :3] = np.array([[5.0, 0, 0], [0, 0, 1.0], [0, -0.9, 0]])  # slices to the left, rows down, columns back
    assert sampling(sagittal, "brain") == pytest.approx((0.9, 1.0, 5.0))
    assert sampling(sagittal, "body") == pytest.approx((5.0, 0.9, 1.0))
