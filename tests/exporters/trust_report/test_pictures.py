"""The pictures of the middle slice."""

import io
from dataclasses import replace

import numpy as np
from PIL import Image

from medae.exporters.trust_report.pictures import LONGEST_SIDE, pictures
from medae.results import Result


def test_four_pictures_of_the_slices_shape(denoised: Result) -> None:
    original, after, removed, noise = pictures(denoised)
    assert {picture.pixels.shape for picture in (original, after, removed, noise)} == {(400, 350)}
    assert max(original.pixels.shape) == LONGEST_SIDE
    assert original.scale is None
    assert np.abs(original.pixels.astype(int) - after.pixels).max() > 5


def test_what_was_removed_has_a_symmetric_scale_and_a_neutral_middle(denoised: Result) -> None:
    assert denoised.denoised is not None
    *_, removed, _ = pictures(denoised)
    assert removed.scale is not None
    assert removed.scale.low == f"−{removed.scale.high}"
    assert removed.scale.middle == "0"
    nothing = pictures(Result(denoised.original, denoised.original))[2]
    assert set(np.unique(nothing.pixels)) == {128}
    brighter = denoised.original.with_array(denoised.original.array - np.int16(5))
    assert pictures(Result(denoised.original, brighter))[2].pixels.min() > 200  # something positive was removed


def test_the_noise_map_starts_at_zero(denoised: Result) -> None:
    noise = pictures(denoised)[3]
    assert noise.scale is not None
    assert noise.scale.low == "0"
    assert float(noise.scale.high) > 0


def test_padding_is_black_and_no_difference(denoised: Result) -> None:
    array = denoised.original.array.copy()
    array[:, :, :20] = 60_000
    padded = replace(denoised.original, array=array, padding=(60_000.0, 60_000.0), stored_range=(0.0, 65_535.0))
    moved = array.copy()
    moved[:, :, :20] = 0
    original, _, removed, _ = pictures(Result(padded, padded.with_array(moved)))
    assert original.pixels[:, :100].max() == 0
    assert set(np.unique(removed.pixels[:, :100])) == {128}


def test_the_files_hold_the_colours(denoised: Result) -> None:
    removed = pictures(denoised)[2]
    image = Image.open(io.BytesIO(removed.png())).convert("RGB")
    assert image.size == (350, 400)
    np.testing.assert_array_equal(np.asarray(image), removed.colours[removed.pixels])
    bar = np.asarray(Image.open(io.BytesIO(removed.bar())).convert("RGB"))
    np.testing.assert_array_equal(bar[0], removed.colours)
