"""Windows and colours."""

import numpy as np
import pytest

from medae.volume import HOUNSFIELD, Volume, Window
from medae.windowing import (
    PRESETS,
    SIGNED_COLORMAP,
    UNTRUSTED_COLORMAP,
    apply_window,
    auto_window,
    color_table,
    default_window,
    difference_maximum,
    difference_rgba,
    heatmap_rgba,
    presets,
)


def ct(array: np.ndarray, **changes: object) -> Volume:
    return Volume(array, np.eye(4), "CT", HOUNSFIELD, **changes)  # type: ignore[arg-type]


def test_window_maps_its_ends_to_black_and_white() -> None:
    grey = apply_window(np.array([-5000, -160, 40, 240, 5000]), 40, 400)
    assert grey.dtype == np.uint8
    assert grey.tolist() == [0, 0, 128, 255, 255]


def test_inverted_window_shows_low_values_bright() -> None:
    values = np.linspace(-300, 500, 101)
    assert apply_window(values, 40, 400, inverted=True)[0] == 255
    total = apply_window(values, 40, 400).astype(int) + apply_window(values, 40, 400, inverted=True)
    assert np.abs(total - 255).max() <= 1


@pytest.mark.parametrize("inverted", [False, True])
def test_values_that_are_not_finite_are_black(inverted: bool) -> None:
    assert apply_window(np.array([np.nan, np.inf, -np.inf]), 0, 10, inverted).tolist() == [0, 0, 0]


def test_a_curve_bends_the_grey_within_the_window() -> None:
    values = np.array([-50, 0, 25, 50, 75, 100, 150, np.nan, np.inf])
    bent = apply_window(values, 50, 100, curve=(0.0, 0.2, 1.0))
    np.testing.assert_allclose(bent, [0, 0, 25.5, 51, 153, 255, 255, 0, 0], atol=1)
    np.testing.assert_array_equal(apply_window(values, 50, 100, curve=(0.0, 1.0)), apply_window(values, 50, 100))


def test_window_of_width_zero_is_a_step() -> None:
    assert apply_window(np.array([9.0, 11.0]), 10, 0).tolist() == [0, 255]


def test_heatmap_is_transparent_up_to_the_threshold() -> None:
    rgba = heatmap_rgba(np.array([[-1.0, 3.0, 3.1], [-9.0, np.nan, 50.0]]), threshold=3.0, opacity=0.5)
    assert rgba.shape == (2, 3, 4)
    assert rgba[..., 3].tolist() == [[0, 0, 128], [128, 0, 128]]


def test_heatmap_colours_the_size_of_z_unless_it_is_signed() -> None:
    scores = np.array([-7.0, 7.0, -20.0, 20.0])
    absolute = heatmap_rgba(scores, 3.0).astype(int)
    assert absolute[0].tolist() == absolute[1].tolist()
    darker, brighter, *beyond = heatmap_rgba(scores, 3.0, colormap=SIGNED_COLORMAP).astype(int)
    assert darker[2] > darker[0] + 40, "blue is darker"
    assert brighter[0] > brighter[2] + 40, "red is brighter"
    ends = color_table(SIGNED_COLORMAP)[[0, -1], :3]
    np.testing.assert_array_equal(np.array(beyond)[:, :3], ends)


def test_an_untrusted_heatmap_has_no_colour() -> None:
    rgba = heatmap_rgba(np.linspace(-12, 12, 100), 2.0, colormap=UNTRUSTED_COLORMAP).astype(int)
    assert np.ptp(rgba[:, :3], axis=1).max() <= 1
    assert np.ptp(rgba[rgba[:, 3] > 0][:, 0]) > 100


def test_heatmap_colours_do_not_depend_on_image_or_threshold() -> None:
    alone = heatmap_rgba(np.array([5.0]), threshold=1.0)
    among = heatmap_rgba(np.array([5.0, 40.0, 2.0]), threshold=4.0)
    assert alone[0].tolist() == among[0].tolist()


def test_heatmap_colours_can_be_told_from_grey() -> None:
    colors = heatmap_rgba(np.linspace(0.01, 10, 200), threshold=0.0)[:, :3].astype(int)
    assert (colors.max(axis=1) - colors.min(axis=1)).min() > 80


def test_difference_is_symmetric_and_dark_in_the_middle() -> None:
    rgba = difference_rgba(np.array([-20.0, 0.0, 20.0, np.nan]), maximum=10.0).astype(int)
    assert rgba[:, 3].tolist() == [255] * 4
    assert rgba[1, :3].max() < 40
    assert rgba[0, :3].max() > 200
    assert rgba[2, :3].max() > 200
    assert rgba[0, 2] > rgba[0, 0]
    assert rgba[2, 0] > rgba[2, 2]
    assert rgba[3].tolist() == [0, 0, 0, 255]


@pytest.mark.parametrize(("top", "expected"), [(0.0, 1.0), (0.234, 0.3), (7.0, 7.0), (41.0, 50.0)])
def test_difference_scale_ends_at_a_round_number(top: float, expected: float) -> None:
    assert difference_maximum(np.full((4, 4), -top)) == pytest.approx(expected)


def test_presets_put_the_files_windows_first() -> None:
    own = Window(500, 2000, "")
    volume = ct(np.zeros((2, 3, 4), np.int16), windows=(Window(0, 0), Window(float("nan"), 3), own))
    assert presets(volume) == (Window(500, 2000, "File window 1"), *PRESETS)
    assert presets(Volume(np.zeros((2, 3, 4), np.int16), np.eye(4), "MR")) == ()


def test_default_window_is_the_files_own() -> None:
    volume = ct(np.random.default_rng(0).integers(-1000, 1000, (4, 32, 32), np.int16), windows=(Window(40, 350),))
    assert default_window(volume)[:2] == (40, 350)


def test_a_file_window_that_shows_nothing_is_passed_over() -> None:
    array = np.random.default_rng(0).integers(0, 200, (4, 32, 32)).astype(np.int16)
    center, width = default_window(ct(array, windows=(Window(30000, 10),)))[:2]
    assert center - width / 2 < 40
    assert center + width / 2 > 160


def test_default_window_leaves_out_air_padding_and_outliers() -> None:
    rng = np.random.default_rng(0)
    stored = np.full((20, 64, 64), -1000, np.int16)
    stored[:, 16:48, 16:48] = rng.integers(0, 101, (20, 32, 32))
    stored[:, :4] = -2000
    stored[0, 20, 20] = 30000
    center, width = default_window(ct(stored, padding=(-2000, -2000)))[:2]
    assert center == pytest.approx(50, abs=10)
    assert 60 < width < 120


def test_default_window_uses_the_rescale_of_each_slice() -> None:
    stored = np.random.default_rng(0).integers(0, 1000, (3, 40, 40)).astype(np.uint16)
    volume = Volume(stored, np.eye(4), "PT", rescale_slope=np.array([1.0, 1.0, 10.0]))
    assert default_window(volume).width > 5000


@pytest.mark.parametrize("value", [0, 7])
def test_default_window_of_a_constant_volume_has_a_width(value: int) -> None:
    window = default_window(Volume(np.full((1, 5, 5), value, np.uint8), np.eye(4)))
    assert window.width > 0
    assert window.center - window.width / 2 <= value <= window.center + window.width / 2


def test_auto_window_of_nothing_is_usable() -> None:
    assert auto_window(np.array([np.nan])).width > 0
