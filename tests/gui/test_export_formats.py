"""The formats of an export and their options."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QLineEdit
from pytestqt.qtbot import QtBot

from medae.gui.export_formats import ExportFormats
from medae.jobs.export_offer import Choice

SPEED = {
    "properties": {"speed": {"type": "number", "default": 10.0, "exclusiveMinimum": 0, "title": "Slices a second"}}
}
CHOICES = (
    Choice("derived-series", "Denoised series", None),
    Choice("animation", "Moving pictures", None, schema=SPEED),
    Choice("nifti", "NIfTI", "there is nothing yet", schema=SPEED),
)


def formats_in(qtbot: QtBot) -> ExportFormats:
    formats = ExportFormats(CHOICES)
    qtbot.addWidget(formats)
    return formats


def test_only_formats_that_can_be_used_have_options(qtbot: QtBot) -> None:
    formats = formats_in(qtbot)
    assert formats.chosen() == ("derived-series",)
    assert list(formats.forms) == list(formats.unfolders) == ["animation"]
    assert not formats.boxes["nifti"].isEnabled()


def test_options_are_unfolded_and_count_where_the_format_is_chosen(qtbot: QtBot) -> None:
    formats = formats_in(qtbot)
    form = formats.forms["animation"]
    assert not form.isVisibleTo(formats)
    qtbot.mouseClick(formats.unfolders["animation"], Qt.MouseButton.LeftButton)
    assert form.isVisibleTo(formats)
    with qtbot.waitSignal(formats.changed):
        form.findChild(QLineEdit, "option_speed").setText("4")
    assert formats.options() == {}
    with qtbot.waitSignal(formats.changed):
        formats.boxes["animation"].setChecked(True)
    assert formats.options() == {"animation": {"speed": 4.0}}
    form.findChild(QLineEdit, "option_speed").setText("fast")
    with pytest.raises(ValueError, match=r"Moving pictures: Slices a second: 'fast' is not a number"):
        formats.options()


def test_the_box_tells_why_not(qtbot: QtBot) -> None:
    formats = formats_in(qtbot)
    assert formats.boxes["nifti"].toolTip() == "there is nothing yet"
    assert "There is nothing yet" in [label.text() for label in formats.findChildren(QLabel)]
