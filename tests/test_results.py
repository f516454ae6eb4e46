"""Results: findings and blending."""

from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest

from medae.provenance import Provenance
from medae.results import AnomalyMap, Normals, Result, adjusted, blend, findings
from medae.volume import Volume

AFFINE = np.array([[0.0, 0, 2, -10], [0, 2, 0, -20], [2, 0, 0, 5], [0, 0, 0, 1]])  # 2 mm, 8 mm³ per voxel


def scores(*regions: tuple[tuple[slice, slice, slice], float]) -> Volume:
    array = np.zeros((10, 20, 20), np.float32)
    for box, value in regions:
        array[box] = value
    return Volume(array, AFFINE, "MR")


FIRST = (slice(2, 4), slice(3, 6), slice(5, 7))
SECOND = (slice(7, 9), slice(10, 12), slice(10, 12))


def test_findings_come_highest_first_with_place_and_size() -> None:
    found = findings(scores((FIRST, 4.0), (SECOND, 6.0)), 3.0)
    assert [item.number for item in found] == [1, 2]
    assert [item.max_score for item in found] == [6.0, 4.0]
    second = found[1]
    assert second.bounding_box == ((2, 3, 5), (4, 6, 7))
    assert second.voxels == 12
    assert second.volume_mm3 == pytest.approx(96.0)
    assert second.mean_score == pytest.approx(4.0)
    assert second.center_lps == pytest.approx((5.5 * 2 - 10, 4 * 2 - 20, 2.5 * 2 + 5))
    assert found[0].center_lps == pytest.approx((10.5 * 2 - 10, 10.5 * 2 - 20, 7.5 * 2 + 5))


def test_the_centre_leans_to_the_high_scores() -> None:
    volume = scores((FIRST, 4.0))
    array = volume.array.copy()
    array[3, 5, 6] = 400.0
    (found,) = findings(volume.with_array(array), 3.0)
    assert found.center_index == (3, 5, 6)
    assert found.max_score == 400.0


def test_small_regions_are_left_out() -> None:
    tiny = (slice(0, 1), slice(0, 1), slice(0, 2))  # 16 mm³
    volume = scores((tiny, 9.0), (FIRST, 4.0))
    assert len(findings(volume, 3.0)) == 1
    assert len(findings(volume, 3.0, min_volume_mm3=16.0)) == 2


def test_regions_that_touch_at_a_corner_are_one() -> None:
    volume = scores((FIRST, 4.0), ((slice(4, 6), slice(6, 8), slice(7, 9)), 5.0))
    assert len(findings(volume, 3.0)) == 1


def test_only_what_is_above_the_threshold() -> None:
    volume = scores((FIRST, 4.0))
    assert findings(volume, 4.0) == ()
    assert findings(scores(), 0.5) == ()
    anomaly_map = AnomalyMap(volume, 3.0, "none")
    assert len(anomaly_map.findings) == 1


def test_neighbours_in_one_box_are_not_mixed_up() -> None:
    volume = scores((FIRST, 4.0))
    array = volume.array.copy()
    array[2, 3, 5] = 0.0
    array[0, 0, 0] = 50.0  # alone and too small
    (found,) = findings(volume.with_array(array), 3.0)
    assert found.voxels == 11
    assert found.max_score == 4.0


def pair(dtype: type = np.int16) -> tuple[Volume, Volume]:
    rng = np.random.default_rng(3)
    array = rng.integers(0, 2000, (4, 6, 6)).astype(dtype)
    array[0, 0, 0] = 0
    original = Volume(array, AFFINE, "CT", rescale_intercept=np.array([-1024.0]), padding=(0, 0))
    changed = np.where(array == 0, array, array + 100).astype(dtype)
    return original, original.with_array(changed)


def test_the_ends_of_a_blend_are_exact() -> None:
    original, denoised = pair()
    np.testing.assert_array_equal(blend(original, denoised, 0.0).array, original.array)
    assert blend(original, denoised, 1.0) is denoised


@pytest.mark.parametrize("dtype", [np.int16, np.uint16, np.float32])
def test_a_blend_lies_in_between(dtype: type) -> None:
    original, denoised = pair(dtype)
    mixed = blend(original, denoised, 0.3)
    assert mixed.array.dtype == dtype
    inside = original.array != 0
    np.testing.assert_allclose(mixed.array[inside], original.array[inside] + 30, atol=1e-2)
    assert mixed.array[0, 0, 0] == 0, "padding stays"


def test_a_result_tells_all_steps() -> None:
    from datetime import UTC, datetime

    from medae.provenance import Provenance

    first, second = (
        Provenance(task, "m", "1", "", {}, "0", "CPU", datetime(2026, 1, 1, tzinfo=UTC), 0.0)
        for task in ("denoise", "detect")
    )
    original = scores()
    assert Result(original).provenance == ()
    denoised = original.with_array(original.array, first)
    result = Result(original, denoised, AnomalyMap(original, 3.0, "none", (second,)))
    assert result.provenance == (first, second)


def test_a_blend_tells_its_strength() -> None:
    step = Provenance("denoise", "m", "1", "0" * 64, {"strength": 1.0}, "0", "CPU", datetime.now().astimezone(), 1.0)
    original = Volume(array=np.zeros((1, 2, 2), np.int16), affine=np.eye(4))
    denoised = original.with_array(np.full((1, 2, 2), 10, np.int16), step)
    assert blend(original, denoised, 0.5).provenance[-1].options["strength"] == 0.5
    assert denoised.provenance[-1].options["strength"] == 1.0


NORMALS = Normals((2.0, 3.0, 4.0, 5.0), ((2.0, 8.0), (3.0, 2.0), (4.0, 0.0)), 3.5)


def test_p_is_never_finer_than_the_number_of_normal_scans_allows() -> None:
    assert NORMALS.p_value(100.0) == 1 / 5
    assert NORMALS.p_value(3.5) == 3 / 5
    assert NORMALS.p_value(0.0) == 1.0
    assert Normals().p_value(9.0) is None


def test_a_level_is_exceeded_by_no_more_normal_scans_than_it_says() -> None:
    for alpha in (0.2, 0.4, 0.6):
        level = NORMALS.level(alpha)
        assert level is not None
        assert NORMALS.p_value(level + 1e-9) <= alpha + 1e-9
    assert NORMALS.level(0.1) is None


def test_false_findings_are_interpolated() -> None:
    assert NORMALS.expected_findings(2.5) == 5.0
    assert NORMALS.expected_findings(9.0) == 0.0
    assert Normals().expected_findings(2.5) is None


def test_several_models_are_judged_on_the_safe_side() -> None:
    both = Normals.together([NORMALS, Normals((6.0, 8.0), ((2.0, 1.0),), 4.5)])
    assert both.scans == 2
    assert both.maxima == (5.0, 6.5)
    assert both.threshold == 4.0
    assert both.expected_findings(3.0) == 3.0


def test_findings_are_on_both_sides_and_say_which() -> None:
    array = np.zeros((8, 8, 8), np.float32)
    array[1:3, 1:3, 1:3] = 5.0
    array[5:7, 5:7, 5:7] = -9.0
    volume = Volume(array=array, affine=np.diag([4.0, 4.0, 4.0, 1.0]))
    first, second = findings(volume, 4.0, normals=NORMALS)
    assert (first.brighter, first.max_score, first.p) == (False, 9.0, 0.2)
    assert (second.brighter, second.max_score, second.p) == (True, 5.0, 0.4)
    found = AnomalyMap(volume, 4.0, "", normals=NORMALS)
    assert len(found.findings) == 2
    assert found.p_value == 0.2


def test_outside_the_domain_no_p_is_told() -> None:
    array = np.zeros((8, 8, 8), np.float32)
    array[1:3, 1:3, 1:3] = 5.0
    volume = Volume(array=array, affine=np.diag([4.0, 4.0, 4.0, 1.0]))
    found = AnomalyMap(volume, 4.0, "", normals=NORMALS, outside=("it is CT",))
    assert found.p_value is None
    assert [finding.p for finding in found.findings] == [None]
    assert [finding.p for finding in replace(found, outside=()).findings] == [0.4]


def test_findings_follow_the_threshold_of_each_map() -> None:
    array = np.zeros((8, 8, 8), np.float32)
    array[1:3, 1:3, 1:3] = 5.0
    found = AnomalyMap(Volume(array=array, affine=np.diag([4.0, 4.0, 4.0, 1.0])), 4.0, "")
    assert len(found.findings) == 1
    assert found.findings is found.findings
    assert replace(found, threshold=6.0).findings == ()


def test_an_adjusted_result_has_its_share_and_threshold() -> None:
    original = scores((FIRST, 100.0))
    denoised, found = original.with_array(original.array / 2), AnomalyMap(scores((FIRST, 4.0)), 3.0, "")
    result = Result(original, denoised, found)
    assert adjusted(result) is result
    half = adjusted(result, 0.5, 5.0)
    assert half.denoised is not None
    assert half.anomaly_map is not None
    assert half.denoised.array[FIRST].max() == pytest.approx(75.0)
    assert (half.anomaly_map.threshold, half.anomaly_map.findings) == (5.0, ())
    assert adjusted(result, threshold=3.0).anomaly_map is found  # its findings are known already
