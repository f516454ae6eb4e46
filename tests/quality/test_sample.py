"""Which slices and which voxels are measured."""

import itertools

import numpy as np
import pytest

from medae.quality.noise import estimate_noise
from medae.quality.sample import MAX_SLICES, MAX_VOXELS, body_mask, near_body, spread, take_sample
from medae.volume import Volume
from tests.quality.conftest import white


def test_slices_are_few_and_come_in_pairs() -> None:
    for count in (2, 5, 17, 40, 300):
        found = spread((count, 64, 64))
        assert len(found) <= MAX_SLICES
        assert found[0] >= 0
        assert found[-1] < count
        assert any(b - a == 1 for a, b in itertools.pairwise(found))
    assert spread((300, 64, 64))[0] > 20
    assert spread((9, 64, 64)) == tuple(range(9))


def test_huge_slices_are_fewer() -> None:
    assert spread((50, 4096, 4096)) == (25,)
    assert len(spread((50, 1024, 1024))) * 1024**2 <= MAX_VOXELS


def test_padding_and_what_is_not_finite_do_not_count() -> None:
    values = 100 + white((3, 20, 20))
    values[0, 0, 0], values[1, 2, 2], values[2, :, 5] = np.nan, np.inf, -2000
    after = values.copy()
    after[0, 7, 7] = np.nan
    volume = Volume(values, np.eye(4), "CT", padding=(-2000, -2000))
    sample = take_sample(volume, volume.with_array(after))
    assert not sample.valid[0, 0, 0]
    assert not sample.valid[0, 7, 7]
    assert not sample.valid[2, :, 5].any()
    assert np.isfinite(sample.before).all()
    assert np.isfinite(sample.after).all()
    assert int((~sample.valid).sum()) == 23


def test_body_is_found_under_strong_noise(head: Volume, top: float) -> None:
    valid = np.ones(head.shape, bool)
    clean = body_mask(head.values(), valid, "MR")
    noisy = np.hypot(head.values() + 0.1 * top * white(head.shape, 1), 0.1 * top * white(head.shape, 2))
    found = body_mask(noisy.astype(np.float32), valid, "MR")
    assert 2 * (clean & found).sum() / (clean.sum() + found.sum()) > 0.95


def test_lungs_belong_to_the_body(chest: Volume) -> None:
    values = chest.values()
    body = body_mask(values, np.ones(values.shape, bool), "CT")
    lung = (values > -900) & (values < -800)
    assert body[lung].mean() > 0.8


def test_outside_of_a_round_field_of_view_is_neither_measured_nor_near_the_body() -> None:
    values = np.full((1, 64, 64), -1000, np.float32)
    values[:, 24:40, 24:40] = 50
    values[:, :, :20] = -2000
    sample = take_sample(Volume(values, np.eye(4), "CT"))
    near = near_body(sample)
    assert not sample.valid[:, :, :20].any()
    assert near[0, 32, 45]
    assert not near[0, 32, 60]
    assert not near[0, 32, 18]


@pytest.mark.parametrize(("modality", "fill"), [("CT", 0.0), ("CT", 60.0), ("DX", 300.0)])
def test_what_a_slice_is_filled_with_is_neither_patient_nor_measured(modality: str, fill: float) -> None:
    values = 100 + 20 * white((2, 96, 96))
    shown = np.hypot(*np.ogrid[-48:48, -48:48]) < 40
    values[:, ~shown] = fill
    volume = Volume(values, np.eye(4), modality)
    sample = take_sample(volume)
    assert not sample.valid[:, ~shown].any()
    assert not sample.body[:, ~shown].any()
    assert not sample.before[:, ~shown].any()
    assert sample.valid[:, shown].all()
    assert estimate_noise(volume).sigma == pytest.approx(20, rel=0.15)


def test_fill_is_looked_for_on_whole_slices() -> None:
    values = 100 + 20 * white((2, 96, 96))
    shown = np.hypot(*np.ogrid[-48:48, -48:48]) < 40
    values[:, ~shown] = 0
    sample = take_sample(Volume(values, np.eye(4), "CT"), plane=(slice(15, 81), slice(15, 81)))
    assert np.array_equal(sample.valid[0], shown[15:81, 15:81])
    assert not shown[15:81, 15:81].all()


def test_a_dark_background_of_one_value_is_air_around_the_patient() -> None:
    values = 100 + 5 * white((2, 96, 96))
    values[:, np.hypot(*np.ogrid[-48:48, -48:48]) >= 40] = 5
    sample = take_sample(Volume(values, np.eye(4), "MR"))
    assert sample.valid.all()  # the patient's own edge is there
