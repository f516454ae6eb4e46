"""What stands on the page."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from medae.errors import Cancelled, UnsupportedVolume
from medae.exporters.trust_report.page import page
from medae.quality import measure
from medae.results import Result
from tests.exporters.conftest import STEP


def test_the_figures_are_those_of_the_report(measured: Result) -> None:
    made = page(measured)
    assert made.comparisons[0].before == "25 HU"
    assert made.removed[0].value == "0.04"
    assert [row[0] for row in made.tissues] == ["fat", "bone"]
    assert made.warnings == ()
    assert [len(chart.curves) for chart in made.charts] == [2, 1]


def test_what_was_not_measured_is_measured_now(denoised: Result) -> None:
    assert denoised.denoised is not None
    trust = measure(denoised.original, denoised.denoised)
    assert trust.residual_std > 5
    assert page(denoised).removed == page(replace(denoised, trust=trust)).removed


def test_the_scan_is_described_without_its_names(measured: Result) -> None:
    assert page(measured).scan == "MR, 5 slices of 64 × 56 pixels of 3.5 × 3.5 mm, 20 mm apart; values without a unit"


def test_how_it_was_made(measured: Result) -> None:
    assert measured.denoised is not None
    made = dict(page(measured).made)
    assert made["Model"] == "ct-denoise 0.1.0"
    assert made["SHA-256 of its weights"] == "ab" * 32
    assert made["Strength"] == "100 %"
    assert made["Adapted to this scan"] == "no"
    assert made["Computed by"] == "CPU"
    assert made["Denoised"] == "2026-01-01 00:00, in 1.0 s, by MedAE 0.1.0"
    assert "16 slices" in made["Measured on"]


@pytest.mark.parametrize(("notes", "said"), [({"kept": True}, "yes"), ({"kept": False}, "tried, not kept")])
def test_an_adapted_model_is_told(measured: Result, notes: dict[str, object], said: str) -> None:
    assert measured.denoised is not None
    step = replace(
        STEP,
        options={"strength": 0.6},
        notes={
            "adapted": notes,
            "engine": "OpenVINO",
            "engine_difference_in_noise": 0.0123,
            "memory": ["Tiles were halved."],
        },
        started=datetime(2026, 2, 3, tzinfo=UTC),
    )
    made = dict(page(replace(measured, denoised=replace(measured.denoised, provenance=(step,)))).made)
    assert made["Adapted to this scan"].startswith(said)
    assert made["Engine"] == "OpenVINO; within 0.012 of the noise of torch, on one tile"
    assert made["Memory"] == "Tiles were halved."
    assert made["Strength"] == "60 %"


def test_without_a_denoised_volume_there_is_no_page(denoised: Result) -> None:
    with pytest.raises(UnsupportedVolume, match="run denoise first"):
        page(Result(denoised.original))


def test_it_can_be_stopped(measured: Result) -> None:
    def stop(fraction: float, message: str = "", /) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        page(measured, stop)
