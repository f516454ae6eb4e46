"""Calibration on normal scans."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from medae.errors import SettingsError
from medae.families import FAMILIES
from medae.inference.device import Device
from medae.inference.familiar import Familiar
from medae.inference.mapping import Prepared, Scored, Scorer
from medae.inference.normal import LEVELS, Calibration
from medae.networks import LesionUNet, ResidualUNet
from medae.progress import silent
from medae.results import ACCEPTED
from medae.training.cache import PHANTOM
from medae.training.calibrate import FOLDS, RESTORED, Normal, calibrate, mix_for

MIX = {"residual": 1.0, "intensity": 1.0}


def normal(seed: int) -> Normal:
    images = np.random.default_rng(seed).uniform(0.3, 0.7, (3, 48, 48)).astype(np.float32)
    return Normal(Prepared(images, np.ones(images.shape, bool), (3.0, 1.0, 1.0)), None, f"patient {seed}")


def scorer(*, zero: bool = False) -> Scorer:
    torch.manual_seed(0)
    network = ResidualUNet(in_channels=1, features=(8, 16), blocks=1).eval()
    for parameter in network.parameters() if zero else ():
        parameter.data.zero_()
    return Scorer(network, FAMILIES["denoising"], Device("cpu", "test"))


def test_normal_scans_show_few_regions_at_the_threshold() -> None:
    settings, metrics = calibrate(
        scorer(), [normal(seed) for seed in range(3)], silent, [normal(9)], mix=MIX, modality="MR"
    )
    calibration = Calibration.model_validate(settings["calibration"])
    assert calibration.normals.scans == 3
    assert len(Familiar.model_validate(settings["familiar"]).signatures) == 4
    assert calibration.threshold in LEVELS
    assert metrics["calibration_scans"] == 3
    assert metrics["false_findings_per_normal_scan"] <= ACCEPTED


def _bright(scan: Normal) -> Normal:
    scan.prepared.images[1, 10:38, 10:38] *= 2
    return scan


def _thick(scan: Normal) -> Normal:
    return replace(scan, prepared=replace(scan.prepared, spacing=(5.0, 1.0, 1.0)))


def _largest(normals: list[Normal], judged_by: list[Normal], within: float | None = None) -> tuple[float, float]:
    """Give the largest |z| of the last normal scan, as calibration tells it and as that of other scans would.

    Scores are kept in half precision between; judged by all it is some 4.5, by others some 20.
    """
    model = scorer(zero=True)
    told, others = (
        Calibration.model_validate(
            calibrate(model, scans, silent, mix={"intensity": 1.0}, modality="MR", spreads_within=within)[0][
                "calibration"
            ]
        )
        for scans in (normals, judged_by)
    )
    scored = model.score(normals[-1].prepared, silent)
    z, _ = others.z_scores(scored.scores, scored.restored, scored.mask)
    return told.scans[-1].largest, pytest.approx(np.abs(z).max(), rel=0.05)


def test_a_normal_scan_is_judged_by_what_other_patients_are_like() -> None:
    others = [normal(seed) for seed in range(FOLDS - 1)]
    visits = [replace(_bright(normal(seed)), patient="patient 90") for seed in (90, 91)]
    largest, expected = _largest([*others, *visits], others)
    assert largest == expected


def test_a_scan_that_shows_nothing_is_no_further_patient() -> None:
    normals = [normal(seed) for seed in range(FOLDS - 1)]
    normals[-1] = _bright(normals[-1])
    empty = Normal(replace(normal(9).prepared, body=np.zeros((3, 48, 48), bool)), None, "patient 9")
    largest, expected = _largest([empty, *normals], normals)
    assert largest == expected


def test_few_patients_are_judged_by_what_all_scans_are_like_and_phantoms_by_what_the_others_are() -> None:
    patient = _bright(normal(0))
    phantoms = [replace(normal(seed), patient=f"{PHANTOM}head-{seed}") for seed in range(1, FOLDS + 1)]
    largest, expected = _largest([*phantoms, patient], [*phantoms, patient])
    assert largest == expected
    phantoms[-1] = _bright(phantoms[-1])
    largest, expected = _largest([patient, *phantoms], [patient, *phantoms[:-1]])
    assert largest == expected


def test_the_only_patient_who_tells_spreads_is_judged_by_these() -> None:
    thick = [_thick(normal(seed)) for seed in range(FOLDS)]
    thin = _bright(normal(9))
    largest, expected = _largest([*thick, thin], [*thick, thin], within=4.0)
    assert largest == expected


@pytest.mark.parametrize("use", ["odd", "known"])
def test_scans_with_disease_or_learnt_from_tell_how_badly_scans_are_restored_but_not_what_is_normal(use: str) -> None:
    normals = [normal(seed) for seed in range(3)]
    bright = replace(normal(9), prepared=replace(normals[0].prepared, images=2 * normal(9).prepared.images))
    plain, _ = calibrate(scorer(), normals, silent, mix=MIX, modality="MR")
    settings, metrics = calibrate(scorer(), normals, silent, **{use: [bright]}, mix=MIX, modality="MR")
    assert settings["calibration"] == plain["calibration"]
    assert metrics["calibration_scans"] == 3
    before, after = (Familiar.model_validate(s["familiar"]) for s in (plain, settings))
    assert before.residual > 0
    assert after.residual == pytest.approx(2 * before.residual, rel=0.1)
    assert len(after.signatures) == 4


def test_of_many_scans_learnt_from_one_of_each_patient_is_restored_and_no_phantom(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    restored, score = [], Scorer.score

    def noted(self: Scorer, prepared: Prepared, *rest: Any) -> Scored:
        restored.append(prepared)
        return score(self, prepared, *rest)

    monkeypatch.setattr(Scorer, "score", noted)
    scans = [normal(seed) for seed in range(10, 11 + 2 * RESTORED)]
    known = [replace(scan, patient=f"patient {n // 2}") for n, scan in enumerate(scans)]
    phantom = replace(normal(9), patient=f"{PHANTOM}9")
    settings, _ = calibrate(scorer(), [normal(0)], silent, [phantom, *known], mix=MIX, modality="MR")
    expected = [normal(0).prepared, *(scan.prepared for scan in known[: 2 * RESTORED : 2])]
    assert [p.images.sum() for p in restored] == [p.images.sum() for p in expected]
    assert len(Familiar.model_validate(settings["familiar"]).signatures) == 1 + 1 + len(known)


@pytest.mark.parametrize(("modality", "told"), [("MR", True), ("CT", False)])
def test_how_values_are_spread_tells_contrasts_but_nothing_in_hounsfield_units(modality: str, told: bool) -> None:
    settings, _ = calibrate(
        scorer(), [normal(seed) for seed in range(3)], silent, mix={"residual": 1.0}, modality=modality
    )
    assert (Familiar.model_validate(settings["familiar"]).furthest_values > 0) == told


def test_what_is_not_trusted_does_not_count() -> None:
    odd = normal(1)
    odd.prepared.images[1, 20:26, 20:26] += 3
    trusted = np.ones(odd.prepared.images.shape, bool)
    trusted[:, 8:38, 8:38] = False
    spreads = []
    for mask in (None, trusted):
        normals = [normal(0), Normal(odd.prepared, mask, "odd")]
        settings, _ = calibrate(scorer(zero=True), normals, silent, mix=MIX, modality="MR")
        spreads.append(Calibration.model_validate(settings["calibration"]).tables["intensity"].above[0][0])
    assert spreads[1] < 0.5 * spreads[0]


def test_scans_without_a_patient_are_no_normals() -> None:
    empty = Normal(Prepared(np.zeros((2, 32, 32), np.float32), np.zeros((2, 32, 32), bool), (1.0, 1.0, 1.0)))
    with pytest.raises(SettingsError, match="folder of normal scans"):
        calibrate(scorer(), [empty], silent, mix=MIX, modality="MR")


def test_phantoms_together_count_as_much_as_the_patients() -> None:
    patient, phantoms = normal(0), [replace(normal(seed), patient=f"phantom-head-{seed}") for seed in range(1, 4)]
    brighter = replace(patient, prepared=replace(patient.prepared, images=patient.prepared.images + np.float32(0.5)))

    def median(normals: list[Normal]) -> float:
        settings, _ = calibrate(scorer(zero=True), normals, silent, mix={"intensity": 1.0}, modality="MR")
        return Calibration.model_validate(settings["calibration"]).tables["intensity"].middle[0][0]

    alone, among = median([brighter]), median([brighter, *phantoms])
    others = median(phantoms)
    assert others < among < alone
    three = median([replace(one, patient="someone") for one in (brighter, *phantoms)])
    assert three < among  # a quarter of the voxels instead of half of them


def test_thick_slices_can_tell_thresholds_without_telling_spreads() -> None:
    thin = [normal(seed) for seed in range(3)]
    images = thin[0].prepared.images * np.float32(3)
    thick = Normal(replace(thin[0].prepared, images=images, spacing=(5.0, 1.0, 1.0)), None, "patient 9")

    def calibration(*normals: Normal, within: float | None = None) -> Calibration:
        settings, metrics = calibrate(
            scorer(zero=True), normals, silent, mix={"intensity": 1.0}, modality="MR", spreads_within=within
        )
        assert metrics["calibration_scans"] == len(normals)
        return Calibration.model_validate(settings["calibration"])

    without, limited, together = calibration(*thin), calibration(*thin, thick, within=4.0), calibration(*thin, thick)
    assert limited.tables == without.tables != together.tables
    assert sorted(scan.slice_spacing for scan in limited.scans) == [3.0, 3.0, 3.0, 5.0]
    assert limited.maxima[-1] > without.maxima[-1]
    assert calibration(*thin, thick, within=2.0).tables == together.tables  # as all are thicker


def test_thick_phantoms_that_tell_no_spreads_take_none_of_the_weight_of_others() -> None:
    phantoms = [replace(normal(seed), patient=f"phantom-head-{seed}") for seed in range(1, 3)]
    thick = [replace(one, prepared=replace(one.prepared, spacing=(5.0, 1.0, 1.0))) for one in phantoms * 2]

    def tables(*normals: Normal) -> object:
        how = {"mix": {"intensity": 1.0}, "modality": "MR", "spreads_within": 4.0}
        settings, _ = calibrate(scorer(zero=True), normals, silent, **how)
        return Calibration.model_validate(settings["calibration"]).tables

    assert tables(normal(0), *phantoms, *thick) == tables(normal(0), *phantoms)


def test_what_counts_depends_on_modality_and_network() -> None:
    plain, telling = ResidualUNet(in_channels=1, features=(8, 16), blocks=1), LesionUNet(features=(4, 8))
    assert mix_for("MR", plain) == mix_for("MR", telling) == {"residual": 1.0, "intensity": 1.0}
    assert mix_for("CT", telling) == {"lesions": 1.0}
    assert mix_for("CT", plain) == mix_for("PT", telling) == {"residual": 1.0}


def test_darker_places_tell_fewer_of_the_false_findings_where_they_count_less() -> None:
    def findings(weight: float) -> int:
        settings, _ = calibrate(
            scorer(zero=True),
            [normal(seed) for seed in range(3)],
            silent,
            mix={"intensity": 1.0},
            modality="MR",
            dark_weight=weight,
        )
        made = Calibration.model_validate(settings["calibration"])
        assert made.dark_weight == weight
        return sum(sum(scan.findings) for scan in made.scans)

    assert findings(0.01) < findings(1.0)
