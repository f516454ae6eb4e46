"""About box and shortcuts."""

from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from medae.gui.about import AboutBox, ShortcutsSheet


def text_of(widget: QWidget) -> str:
    return " ".join(label.text() for label in widget.findChildren(QLabel))


def test_about_names_licence_and_limits(qtbot: QtBot) -> None:
    box = AboutBox()
    qtbot.addWidget(box)
    assert "Apache License" in text_of(box)
    assert "not for diagnosis" in text_of(box)


def test_the_sheet_names_the_main_keys(qtbot: QtBot) -> None:
    sheet = ShortcutsSheet()
    qtbot.addWidget(sheet)
    for key in ("Ctrl+D", "Ctrl+T", "Ctrl+E", "Wheel"):
        assert key in text_of(sheet)
