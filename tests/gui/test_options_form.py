"""Forms made from options classes."""

import re
from typing import Literal

import pytest
from pydantic import BaseModel, Field
from PySide6.QtWidgets import QCheckBox, QComboBox, QLineEdit
from pytestqt.qtbot import QtBot

from medae.families import FAMILIES
from medae.gui.options_form import OptionsForm, as_text, fields


class Options(BaseModel):
    spatial_dims: Literal[2, 3] = Field(2, description="2: slices, 3: blocks")
    channels: int = Field(16, ge=4, le=256, description="Channels of the first layer")
    weight: float = Field(1e-4, gt=0, description="Weight of the penalty")
    features: tuple[int, ...] = Field((32, 64), min_length=1)
    residual: bool = True
    latent: int | None = Field(None, ge=1)
    kind: Literal["kl", "l1"] = "kl"


@pytest.fixture
def form(qtbot: QtBot) -> OptionsForm:
    made = OptionsForm()
    qtbot.addWidget(made)
    made.set_schema(Options.model_json_schema())
    return made


def line(form: OptionsForm, name: str) -> QLineEdit:
    found = form.findChild(QLineEdit, f"option_{name}")
    assert found is not None
    return found


def test_fields_are_read_from_the_schema() -> None:
    found = {field.name: field for field in fields(Options.model_json_schema())}
    assert [field.kind for field in found.values()] == [
        "choice", "integer", "number", "list", "boolean", "integer", "choice",
    ]  # fmt: skip
    assert found["channels"].hint == "Channels of the first layer\nAt least 4, at most 256\nDefault: 16"
    assert found["features"].whole
    assert found["latent"].optional
    assert found["kind"].choices == ("kl", "l1")
    assert found["weight"].above == 0


def test_untouched_form_has_no_values(form: OptionsForm) -> None:
    assert form.values() == {}


def test_values_that_differ_make_valid_options(qtbot: QtBot, form: OptionsForm) -> None:
    with qtbot.waitSignal(form.changed):
        line(form, "channels").setText("24")
    line(form, "weight").setText("2e-3")
    line(form, "features").setText("8 16, 32")
    line(form, "latent").setText("12")
    box, combo = form.findChild(QCheckBox), form.findChild(QComboBox, "option_spatial_dims")
    assert box is not None
    assert combo is not None
    box.setChecked(False)
    combo.setCurrentIndex(1)
    values = form.values()
    assert values == {
        "spatial_dims": 3, "channels": 24, "weight": 0.002, "features": [8, 16, 32], "residual": False, "latent": 12,
    }  # fmt: skip
    assert Options.model_validate(values).features == (8, 16, 32)


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("channels", "3", "Channels must be at least 4."),
        ("channels", "300", "Channels must be at most 256."),
        ("channels", "many", "Channels: 'many' is not a whole number."),
        ("weight", "0", "Weight must be above 0."),
        ("weight", "", "Weight: 'nothing' is not a number."),
        ("features", " , ", "Features: give numbers separated by commas, at least 1."),
    ],
)
def test_what_cannot_be_used_is_a_sentence(form: OptionsForm, name: str, text: str, sentence: str) -> None:
    line(form, name).setText(text)
    with pytest.raises(ValueError, match=re.escape(sentence)):
        form.values()


def test_another_schema_replaces_the_fields(form: OptionsForm) -> None:
    class Other(BaseModel):
        depth: int = 3

    form.set_schema(Other.model_json_schema())
    line(form, "depth").setText("4")
    assert form.values() == {"depth": 4}


@pytest.mark.parametrize("key", FAMILIES)
def test_every_family_has_a_form(qtbot: QtBot, key: str) -> None:
    """Each option has an editor, a description, and a default that can be typed."""
    schema = FAMILIES[key].Options.model_json_schema()
    form = OptionsForm()
    qtbot.addWidget(form)
    form.set_schema(schema)
    assert form.values() == {}
    for field in fields(schema):
        assert field.description, field.name
        if field.kind in ("integer", "number", "list"):
            assert field.parse(as_text(field.default)) == field.default


def test_words_and_titles() -> None:
    (words,) = fields({"properties": {"ae_titles": {"type": "array", "items": {"type": "string"}, "default": ["A"]}}})
    assert (words.kind, words.title) == ("words", "AE titles")
    assert words.parse("ONE, TWO,, ") == ["ONE", "TWO"]
    assert words.parse("") == []
