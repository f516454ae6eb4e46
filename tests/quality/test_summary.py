"""The trust report in words."""

from dataclasses import replace

import pytest

from medae.quality import EdgeSharpness, NoiseSpectrum, TissueBias, TrustReport
from medae.quality.summary import (
    bias_text,
    comparisons,
    number,
    percent,
    removed,
    tissue_rows,
    unit_text,
    verdict,
    warnings_and_notes,
)
from medae.quality.trust import gaps
from medae.volume import HOUNSFIELD

TRUST = TrustReport(
    modality="CT",
    unit=HOUNSFIELD,
    noise_before=25.0,
    noise_after=10.0,
    noise_map_low=20.0,
    noise_map_high=31.0,
    residual_std=22.5,
    structure_score=0.04,
    structure_blocks=0.012,
    autocorrelation=(1.0, 0.31, -0.02),
    tissues=(TissueBias("fat", 12_345, -101.25, -101.56, -0.31), TissueBias("bone", 99, 512.0, 513.5, 1.5)),
    edges=EdgeSharpness(120, 1.5, 1.62, 1.08),
    spectrum=NoiseSpectrum((0.1, 0.2), (4.0, 8.0), (3.0, 7.0), 0.2, 0.1),
    values_clipped=3,
    warnings=(),
    measured_slices=16,
    model="ct-denoise",
    version="0.1.0",
    sha256="ab" * 32,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (0.012345, "0.0123"), (-1234.5, "−1234"), (12.0, "12"), (9.999, "10"), (1e-12, "0"), (-1e-12, "0")],
)
def test_numbers_have_as_many_digits_as_mean_something(value: float, text: str) -> None:
    assert number(value) == text


def test_units_are_the_users() -> None:
    assert unit_text(HOUNSFIELD) == "HU"
    assert number(3.0, unit_text("1")) == "3"
    assert bias_text(0.31, "HU") == "+0.31 HU"
    assert bias_text(-2.0, "HU") == "−2 HU"
    assert percent(0.012) == "1.2 %"


def test_before_and_after() -> None:
    rows = {row.label: row for row in comparisons(TRUST)}
    noise = rows["Noise level"]
    assert (noise.before, noise.after) == ("25 HU", "10 HU")
    assert noise.meaning.startswith("60 % less")
    assert rows["Edge width"].meaning == "8 % wider; 10 to 90 % of the step, median of 120"
    assert rows["Noise power peak"].after == "0.1 /mm"


def test_what_could_not_be_measured_is_left_out() -> None:
    bare = replace(TRUST, edges=None, spectrum=None, autocorrelation=(), tissues=(), noise_before=0.0, noise_after=0.0)
    (noise,) = comparisons(bare)
    assert noise.meaning.startswith("unchanged")
    assert not any("Autocorrelation" in figure.label for figure in removed(bare))
    assert tissue_rows(bare) == ()


def test_what_was_removed() -> None:
    values = {figure.label: figure.value for figure in removed(TRUST)}
    assert values["Structure score"] == "0.04"
    assert values["Blocks with structure"] == "1.2 %"
    assert values["Noise map"] == "20 to 31 HU"
    assert values["Autocorrelation at 1 pixel"] == "0.31"
    assert values["Values clipped"] == "3"


def test_the_verdict_depends_on_the_score() -> None:
    assert "looks like noise" in verdict(TRUST)
    assert "details may be gone" in verdict(replace(TRUST, structure_score=0.9, structure_amplitude=12.0))
    assert "little beside the noise" in verdict(replace(TRUST, structure_score=0.9, structure_amplitude=0.0))
    assert verdict(replace(TRUST, residual_std=0.0)) == "Nothing was removed."


def test_what_could_not_be_measured_is_no_reason_to_doubt() -> None:
    bare = replace(TRUST, edges=None)
    (gap,) = gaps(bare)
    assert warnings_and_notes(replace(bare, warnings=("Edges are wider.", gap))) == (("Edges are wider.",), (gap,))


def test_tissues_line_up() -> None:
    fat, bone = tissue_rows(TRUST)
    assert fat == ("fat", "12,345", "−101.2", "−101.6", "−0.31 HU")
    assert bone == ("bone", "99", "512.0", "513.5", "+1.5 HU")
