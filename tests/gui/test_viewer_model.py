"""The viewer's model, without Qt."""

import time
from dataclasses import replace

import numpy as np
import pytest

from medae.gui.viewer_model import THRESHOLD_MAXIMUM, ViewerModel
from medae.results import AnomalyMap, findings
from medae.volume import HOUNSFIELD, Volume, Window

AFFINE = np.array([[0, 0, 1.0, 0], [0, 2.0, 0, 0], [3.0, 0, 0, 0], [0, 0, 0, 1]])


def scan(value: int | None = None) -> Volume:
    shape = (4, 10, 12)
    array = np.random.default_rng(0).integers(0, 100, shape) if value is None else np.full(shape, value)
    return Volume(array.astype(np.int16), AFFINE, "CT", HOUNSFIELD, windows=(Window(50, 100, "Own"),))


@pytest.fixture
def model() -> ViewerModel:
    made = ViewerModel()
    made.set_original(scan())
    return made


def score_map() -> AnomalyMap:
    scores = np.zeros((4, 10, 12), np.float32)
    scores[0, 1:4, 1:4] = 5.0
    scores[3, 6:9, 6:9] = 7.0
    return AnomalyMap(Volume(scores, AFFINE), 4.0, "made up")


def test_original_starts_in_the_middle_with_its_own_window(model: ViewerModel) -> None:
    assert model.slice_index == 2
    assert (model.window_center, model.window_width) == (50, 100)
    assert model.slice_count == 4


def test_strength_half_lies_between(model: ViewerModel) -> None:
    model.set_denoised(scan(40))
    original = model.shown("original")
    model.strength = 0.5
    assert original is not None
    np.testing.assert_allclose(model.shown("denoised"), original + 0.5 * (40 - original))
    np.testing.assert_allclose(model.shown("difference"), 0.5 * (40 - original))
    model.strength = 0.0
    np.testing.assert_array_equal(model.shown("denoised"), original)


def test_changes_are_announced_once(model: ViewerModel) -> None:
    seen: list[str] = []
    model.events.connect(lambda event: seen.append(event.signal.name))
    model.strength = 0.25
    model.strength = 0.25
    model.set_slice(99)
    assert seen == ["strength", "cursor"]
    assert model.slice_index == 3


def test_slices_arrive_one_by_one(model: ViewerModel) -> None:
    refreshed: list[int] = []
    model.slice_refreshed.connect(refreshed.append)
    model.set_denoised(scan(40), done=())
    assert np.all(model.pending())
    np.testing.assert_array_equal(model.shown("denoised"), model.shown("original"))
    model.refresh_slice(2)
    assert refreshed == [2]
    assert model.pending() is None
    np.testing.assert_array_equal(model.shown("denoised"), 40)
    coronal = model.shown("difference", "coronal", 3)
    assert coronal is not None
    assert np.isnan(coronal).all(axis=1).tolist() == [True, False, True, True]
    model.set_denoised(model.denoised)
    assert not np.isnan(model.shown("difference", "coronal", 3)).any()


def test_result_of_another_shape_is_refused(model: ViewerModel) -> None:
    other = Volume(np.zeros((4, 5, 6), np.int16), AFFINE)
    with pytest.raises(ValueError, match="grid"):
        model.set_denoised(other)


def test_a_new_original_takes_the_results_away(model: ViewerModel) -> None:
    model.set_denoised(scan(1))
    model.set_anomaly_map(score_map())
    model.toggle_layout("swipe")
    model.set_original(scan())
    assert model.denoised is None
    assert model.anomaly_map is None
    assert model.layout == "side-by-side"


def test_probe_reads_all_three_results(model: ViewerModel) -> None:
    model.set_denoised(scan(40))
    model.set_anomaly_map(score_map())
    model.strength = 0.5
    model.probe = (3, 7, 7)
    probe = model.probe_values()
    assert probe is not None
    assert model.original is not None
    original = float(model.original.array[3, 7, 7])  # type: ignore[arg-type]
    assert (probe.original, probe.denoised, probe.score) == (original, (original + 40) / 2, 7.0)
    assert probe.lps == (7.0, 14.0, 9.0)


def test_probe_follows_the_slice_under_a_resting_mouse(model: ViewerModel) -> None:
    model.probe = (2, 7, 8)
    model.step_slices(1)
    assert model.probe == (3, 7, 8)


def test_findings_are_stepped_through_and_round(model: ViewerModel) -> None:
    scores = score_map()
    model.set_anomaly_map(scores, findings(scores.volume, 4.0))
    assert model.heatmap_threshold == 4.0
    visited = []
    for _ in range(3):
        model.next_finding()
        visited.append(model.cursor)
    assert visited == [(3, 7, 7), (0, 2, 2), (3, 7, 7)]
    model.next_finding(-1)
    assert model.cursor == (0, 2, 2)


def test_previous_finding_first_gives_the_last(model: ViewerModel) -> None:
    scores = score_map()
    model.set_anomaly_map(scores, findings(scores.volume, 4.0))
    model.next_finding(-1)
    assert model.selected_finding == 1


def test_presets_and_automatic_window(model: ViewerModel) -> None:
    model.preset(2)
    assert (model.window_center, model.window_width) == (35, 110)
    model.preset(9)
    assert model.window_width == 110
    model.preset(0)
    assert (model.window_center, model.window_width) == (50, 100)


def test_the_curve_of_a_table_stays_until_another_window_is_taken(model: ViewerModel) -> None:
    model.set_original(replace(scan(), windows=(Window(50, 100, "Table", (0.0, 0.2, 1.0)),)))
    assert model.window_curve == (0.0, 0.2, 1.0)
    model.drag_window(10, 5)
    assert model.window_width > 100
    assert model.window_curve == (0.0, 0.2, 1.0)
    model.preset(2)
    assert model.window_curve == ()


def test_window_of_a_box_ignores_the_rest(model: ViewerModel) -> None:
    array = np.full((4, 10, 12), -1000, np.int16)
    array[:, 2:6, 2:6] = np.arange(100, 116).reshape(4, 4)
    model.set_original(Volume(array, AFFINE, "CT", HOUNSFIELD))
    model.auto_window_of((6, 2), (2, 6))
    assert 100 <= model.window_center <= 116
    assert model.window_width < 20


def test_dragging_right_widens_and_up_brightens(model: ViewerModel) -> None:
    center, width = model.window_center, model.window_width
    model.drag_window(30, 10)
    assert model.window_width > width
    assert model.window_center < center
    model.drag_window(-100000, 0)
    assert model.window_width > 0


def test_zoom_keeps_the_point_under_the_mouse(model: ViewerModel) -> None:
    model.zoom_by(2.0, about=(4.0, -2.0))
    assert model.pan == (2.0, -1.0)
    model.zoom_by(0.5, about=(4.0, -2.0))
    assert model.zoom == 1.0
    assert model.pan == pytest.approx((0.0, 0.0))


def test_layouts_that_compare_need_a_denoised_volume(model: ViewerModel) -> None:
    model.toggle_layout("difference")
    assert model.contents() == ("original", "denoised", "heatmap")
    model.set_denoised(scan(1))
    model.toggle_layout("difference")
    assert model.contents() == ("original", "denoised", "difference")
    model.toggle_maximized("difference")
    assert model.contents() == ("difference",)
    model.toggle_layout("difference")
    assert model.contents() == ("original", "denoised", "heatmap")


def test_an_empty_model_ignores_every_command() -> None:
    model = ViewerModel()
    model.go_to((1, 2, 3))
    model.step_slices(3)
    model.next_finding()
    model.preset(1)
    model.auto_window_of((0, 1), (0, 1))
    assert model.shown("original") is None
    assert model.probe_values() is None


def test_big_volumes_are_sliced_at_once() -> None:
    big = Volume(np.zeros((300, 512, 512), np.int16), AFFINE, "CT", HOUNSFIELD)
    model = ViewerModel()
    start = time.perf_counter()
    model.set_original(big)
    model.set_denoised(big)
    model.strength = 0.5
    for plane in ("acquisition", "coronal", "sagittal"):
        assert model.shown("denoised", plane) is not None  # type: ignore[arg-type]
    assert time.perf_counter() - start < 1.0  # a whole volume as float32 takes longer than that


def test_another_map_forgets_the_p_of_the_scan(model: ViewerModel) -> None:
    model.set_anomaly_map(score_map())
    model.scan_p = 0.1
    model.set_anomaly_map(score_map())
    assert model.scan_p is None


def test_the_threshold_stays_where_false_regions_are_counted(model: ViewerModel) -> None:
    model.change_threshold(99.0)
    assert model.heatmap_threshold == THRESHOLD_MAXIMUM
    model.change_threshold(-99.0)
    assert model.heatmap_threshold == 0.0
