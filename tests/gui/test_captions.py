"""Texts on the panes."""

import pytest

from medae.gui import captions
from medae.gui.viewer_model import ViewerModel
from medae.volume import HOUNSFIELD
from tests.gui.viewer_scans import full_model, scan, signed_model


@pytest.mark.parametrize(
    ("value", "text"),
    [(-1000.0, "−1000 HU"), (43.0, "43 HU"), (43.26, "43.3 HU"), (0.01234, "0.0123 HU"), (float("nan"), "padding HU")],
)
def test_numbers(value: float, text: str) -> None:
    assert captions.number(value, HOUNSFIELD) in (text, text.removesuffix(" HU"))


def test_titles_follow_the_model() -> None:
    model = full_model()
    assert captions.title(model, "denoised") == "Denoised"
    model.strength = 0.5
    assert captions.title(model, "denoised") == "Denoised · 50 %"
    model.flicker = "original"
    assert captions.title(model, "denoised").startswith("Original")


def test_slice_and_position() -> None:
    model = full_model()
    assert captions.slice_lines(model) == ("3 / 5", "Axial")
    assert captions.position(model) == "H 6.0 mm"
    model.set_original(scan(modality="DX"))
    assert captions.position(model) == ""


def test_probe_names_all_results() -> None:
    model = full_model()
    assert "Point at" in captions.probe_text(model)
    model.probe = (2, 12, 12)
    text = captions.probe_text(model)
    assert "denoised 40 HU" in text
    assert "z +6.0" in text
    assert captions.probe_text(ViewerModel()) == ""


def test_an_activity_has_its_uptake_value_beside_it() -> None:
    model = ViewerModel()
    model.set_original(scan(modality="PT", unit="Bq/ml", suv_factor=0.5))
    model.probe = (2, 3, 4)
    value = float(scan().array[2, 3, 4])
    assert f"original {value:.0f} Bq/ml (SUV {captions.number(value / 2)})" in captions.probe_text(model)


def test_the_probe_tells_darker_from_brighter() -> None:
    model = signed_model()
    model.probe = (2, 27, 35)
    assert "z −8.0" in captions.probe_text(model)


def test_expected_false_regions_follow_the_threshold() -> None:
    model = signed_model()
    assert captions.expected(model) == "5.0 false regions per normal scan"
    model.heatmap_threshold = 5.0
    assert captions.expected(model).startswith("0.5 ")
    model.heatmap_threshold = 1.0
    assert captions.expected(model).startswith("more than 9.0 ")
    assert captions.expected(full_model()).startswith("— ")


@pytest.mark.parametrize(
    ("p", "scans", "text"),
    [(0.05, 19, "≤ 0.05"), (0.1, 19, "0.1"), (1 / 27, 26, "≤ 0.038"), (2 / 27, 26, "0.075"), (None, 0, "—")],
)
def test_p_is_never_finer_than_the_normal_scans(p: float | None, scans: int, text: str) -> None:
    assert captions.p_text(p, scans) == text


def test_the_scan_has_a_p_of_its_own() -> None:
    assert captions.scan_line(signed_model()) == "Whole scan: p ≤ 0.05 against 19 normal scans"
    assert captions.scan_line(full_model()) == ""
    model = signed_model()
    model.scan_p = 0.2
    assert "p = 0.2 " in captions.scan_line(model)


def test_the_domain_is_named_where_the_scan_lies_outside() -> None:
    model = signed_model(("it is CT", "its contrast is unlike"))
    assert captions.outside(model) == "Outside the model's domain: it is CT; its contrast is unlike"
    assert captions.scan_line(model) == "", "p means nothing then"
    assert captions.outside(signed_model()) == ""
    model.heatmap_signed = True
    assert captions.title(model, "heatmap") == "Heatmap"
    model = signed_model()
    model.heatmap_signed = True
    assert captions.title(model, "heatmap") == "Heatmap · signed"
