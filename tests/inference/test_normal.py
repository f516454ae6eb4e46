"""z-scores against normal scans."""

import numpy as np
import pytest

from medae.inference.normal import ENOUGH, LEVELS, Calibration, NormalScan, Sample, robust_spread
from medae.results import ACCEPTED

SHAPE = (4, 64, 64)
MASK = np.ones(SHAPE, bool)


def scan(seed: int, size: float = 1.0) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Residuals whose spread trebles above an intensity of 0.5, and the restored scan."""
    random = np.random.default_rng(seed)
    restored = np.repeat(random.uniform(0, 1, (4, 64, 1)), 64, axis=2).astype(np.float32)
    residual = (random.normal(size=SHAPE) * size * (0.01 + 0.02 * (restored > 0.5))).astype(np.float32)
    return {"residual": residual, "intensity": restored + residual}, restored


def fitted(mix: dict[str, float] | None = None) -> Calibration:
    samples = [Sample.of(*scan(seed), MASK) for seed in range(3)]
    return Calibration.fit(samples, mix or {"residual": 1.0})


def test_normal_scans_have_unit_spread_at_every_intensity() -> None:
    scores, restored = scan(7)
    z, own = fitted().z_scores(scores, restored, MASK)
    assert own == pytest.approx(1, abs=0.1)
    for part in (restored < 0.35, restored > 0.65):
        assert z[part].std() == pytest.approx(1.0, rel=0.15)
        assert abs(z[part].mean()) < 0.15


def test_z_has_the_sign_of_the_difference() -> None:
    scores, restored = scan(7)
    scores["residual"][1, 20:24, 20:24] += 0.3
    scores["residual"][2, 20:24, 20:24] -= 0.3
    z, _ = fitted().z_scores(scores, restored, MASK)
    assert z[1, 20:24, 20:24].min() > 5
    assert z[2, 20:24, 20:24].max() < -5


def test_darker_places_count_less_where_disease_is_bright() -> None:
    scores, restored = scan(7)
    samples = [Sample.of(*scan(seed), MASK) for seed in range(3)]
    alike, _ = Calibration.fit(samples, {"residual": 1.0}).z_scores(scores, restored, MASK)
    bright, own = Calibration.fit(samples, {"residual": 1.0}, dark_weight=0.5).z_scores(scores, restored, MASK)
    assert np.array_equal(bright[alike > 0], alike[alike > 0])
    np.testing.assert_allclose(bright[alike < 0], 0.5 * alike[alike < 0], rtol=1e-6)
    assert own == pytest.approx(1, abs=0.1)


def test_a_scan_that_is_stranger_all_over_is_judged_by_its_own_spread() -> None:
    scores, restored = scan(7, size=4.0)
    z, own = fitted().z_scores(scores, restored, MASK)
    assert own == pytest.approx(4, rel=0.15)
    assert robust_spread(z) == pytest.approx(1, rel=0.05)


def test_noise_that_normal_scans_have_too_divides_nothing() -> None:
    samples = [Sample.of(*scan(seed, size=size), MASK) for seed, size in enumerate((1.0, 1.0, 2.0))]
    calibration = Calibration.fit(samples, {"residual": 1.0})
    spreads = [robust_spread(calibration.z_scores(*scan(7, size=size), MASK)[0]) for size in (0.5, 1.0, 2.0, 4.0)]
    assert spreads[1] == pytest.approx(2 * spreads[0], rel=0.1)
    assert spreads[2] == pytest.approx(2 * spreads[1], rel=0.1)
    assert spreads[3] == pytest.approx(spreads[2], rel=0.1)


def test_what_is_seldom_in_one_tissue_hides_nothing_in_another_where_spreads_are_of_what_is_rare() -> None:
    def told(seed: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
        scores, restored = scan(seed)
        vessels = (restored > 0.5) & (np.random.default_rng(seed + 50).random(SHAPE) < 0.008)
        even = scores["residual"] / (0.01 + 0.02 * (restored > 0.5)) * 0.01
        return {"lesions": (even + 0.3 * vessels).astype(np.float32)}, restored

    samples = [Sample.of(*told(seed), MASK) for seed in range(10, 40)]
    scores, restored = told(7)
    scores["lesions"][1:3, 20:24][restored[1:3, 20:24] < 0.5] = 0.15
    place = np.zeros_like(MASK)
    place[1:3, 20:24] = restored[1:3, 20:24] < 0.5
    usual, rare = (
        Calibration.fit(samples, {"lesions": 1.0}, high=high).z_scores(scores, restored, MASK)[0]
        for high in (99.0, 99.9)
    )
    assert place.any()
    assert np.median(rare[place]) > np.quantile(rare[~place], 0.9999)
    assert np.median(usual[place]) < np.quantile(usual[~place], 0.9999)


def test_one_tail_tells_bright_and_dark_by_the_same_measure() -> None:
    samples = []
    for seed in range(3):
        scores, restored = scan(seed)
        odd = np.random.default_rng(seed + 50).random(SHAPE) < 0.003
        samples.append(
            Sample.of({"residual": np.where(odd, -0.5, scores["residual"]).astype(np.float32)}, restored, MASK)
        )
    scores, restored = scan(7)
    scores["residual"][1, 20:24, 20:24] = 0.3
    scores["residual"][2, 20:24, 20:24] = -0.3
    one, two = (
        Calibration.fit(samples, {"residual": 1.0}, one_tail=alike).z_scores(scores, restored, MASK)[0]
        for alike in (True, False)
    )
    bright, dark = np.s_[1, 20:24, 20:24], np.s_[2, 20:24, 20:24]
    assert np.median(one[bright]) == pytest.approx(-np.median(one[dark]), rel=0.2)
    assert np.median(two[bright]) > -1.5 * np.median(two[dark])


def test_distances_take_the_sign_of_the_residual_and_absent_scores_are_left_out() -> None:
    samples = []
    for seed in range(3):
        scores, restored = scan(seed)
        scores["structure"] = np.abs(scores["residual"])
        samples.append(Sample.of(scores, restored, MASK))
    calibration = Calibration.fit(samples, {"residual": 1.0, "structure": 1.0, "features": 1.0})
    assert set(calibration.mix) == {"residual", "structure"}
    scores, restored = scan(7)
    scores["residual"][1, 20, 20] = -0.5
    scores["structure"] = np.abs(scores["residual"])
    z, _ = calibration.z_scores(scores, restored, MASK)
    assert z[1, 20, 20] < -5


def test_outside_the_mask_z_is_0() -> None:
    scores, restored = scan(7)
    mask = MASK.copy()
    mask[0] = False
    z, _ = fitted().z_scores(scores, restored, mask)
    assert not z[0].any()
    assert z[1].any()


def test_a_calibration_survives_json() -> None:
    calibration = fitted({"residual": 1.0, "intensity": 0.5})
    again = Calibration.model_validate_json(calibration.model_dump_json())
    scores, restored = scan(7)
    assert np.array_equal(again.z_scores(scores, restored, MASK)[0], calibration.z_scores(scores, restored, MASK)[0])


def mapped(slice_spacing: float, largest: float, findings: list[int] | None = None) -> NormalScan:
    return NormalScan(slice_spacing=slice_spacing, largest=largest, findings=tuple(findings or [0] * len(LEVELS)))


def test_a_scan_is_judged_by_normal_scans_whose_slices_are_as_far_apart() -> None:
    thick = [mapped(5.0, 9.0, [4] * 20 + [0] * (len(LEVELS) - 20)) for _ in range(ENOUGH)]
    thin = [mapped(2.0 + 0.01 * n, 4.0 + n) for n in range(ENOUGH)]
    calibration = fitted().judged(thick + thin)
    assert calibration.normals.scans == 2 * ENOUGH
    near = calibration.normals_like(1.9)
    assert near.maxima == tuple(scan.largest for scan in thin)
    assert near.threshold == LEVELS[0]
    assert calibration.normals_like(5.5).maxima == (9.0,) * ENOUGH
    assert calibration.normals_like(5.5).threshold > LEVELS[19]


def test_where_few_normal_scans_are_alike_the_most_alike_count() -> None:
    calibration = fitted().judged([mapped(1.0 + n, float(n)) for n in range(2 * ENOUGH)])
    assert calibration.normals_like(1.0).maxima == tuple(range(ENOUGH))
    few = fitted().judged([mapped(1.0, 3.0), mapped(5.0, 4.0)])
    assert few.normals_like(0.4).maxima == (3.0, 4.0)
    older = few.model_copy(update={"scans": ()})
    assert older.normals_like(0.4) == few.normals


@pytest.mark.parametrize("accepted", [0.3, ACCEPTED])
def test_the_threshold_is_the_least_with_few_enough_regions(accepted: float) -> None:
    counts = [[max(0, 8 - n) for n in range(len(LEVELS))], [0] * len(LEVELS)]
    scans = [mapped(5.0, largest, found) for largest, found in zip([5.0, 3.0], counts, strict=True)]
    judged = fitted().model_copy(update={"accepted_findings": accepted}).judged(scans)
    expected = judged.normals.expected_findings(judged.threshold)
    assert expected is not None
    assert expected <= accepted
    assert judged.normals.expected_findings(judged.threshold - 0.1) > accepted
    assert judged.normals_like(5.0).threshold == judged.threshold
    assert judged.normals.maxima == (3.0, 5.0)


def test_heavy_tails_on_one_side_do_not_hide_the_other() -> None:
    def normal(seed: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
        scores, restored = scan(seed)
        badly = np.random.default_rng(seed + 50).random(SHAPE) < 0.003
        scores["residual"] = np.where(badly, -0.5, scores["residual"]).astype(np.float32)
        return scores, restored

    calibration = Calibration.fit([Sample.of(*normal(seed), MASK) for seed in range(3)], {"residual": 1.0})
    scores, restored = normal(7)
    scores["residual"][1, 20:24, 20:24] = 0.3
    scores["residual"][2, 20:24, 20:24] = -0.3
    z, _ = calibration.z_scores(scores, restored, MASK)
    assert z[1, 20:24, 20:24].min() > 5
    assert z[2, 20:24, 20:24].min() > -4


def test_calibrations_of_older_models_have_one_tail_for_both_sides() -> None:
    stored = fitted().model_dump(mode="json")
    del stored["tail_below"]
    older = Calibration.model_validate(stored)
    scores, restored = scan(7)
    z, _ = older.z_scores(scores, restored, MASK)
    turned, _ = older.model_copy(update={"tail_below": older.tail}).z_scores(scores, restored, MASK)
    assert np.array_equal(z, turned)
