"""Texts on the panes."""

import pytest

from medae.gui import captions
from medae.gui.viewer_model import ViewerModel
from medae.volume import HOUNSFIELD
from tests.gui.viewer_scans import full_model, scan


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
    assert "z 6.0" in text
    assert captions.probe_text(ViewerModel()) == ""


def test_an_activity_has_its_uptake_value_beside_it() -> None:
    model = ViewerModel()
    model.set_original(scan(modality="PT", unit="Bq/ml", suv_factor=0.5))
    model.probe = (2, 3, 4)
    value = float(scan().array[2, 3, 4])
    assert f"original {value:.0f} Bq/ml (SUV {captions.number(value / 2)})" in captions.probe_text(model)
