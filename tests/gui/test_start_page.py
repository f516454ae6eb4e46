"""The empty state."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QToolButton
from pytestqt.qtbot import QtBot

from medae.gui.start_page import StartPage


def test_buttons_and_samples(qtbot: QtBot) -> None:
    page = StartPage()
    qtbot.addWidget(page)
    buttons = {button.text(): button for button in page.findChildren(QPushButton)}
    with qtbot.waitSignal(page.open_files):
        qtbot.mouseClick(buttons["Open files…"], Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(page.open_folder):
        qtbot.mouseClick(buttons["Open folder…"], Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(page.open_sample) as caught:
        qtbot.mouseClick(page.findChild(QToolButton, "sample_chest-ct"), Qt.MouseButton.LeftButton)
    assert caught.args == ["chest-ct"]


def test_recent_paths(qtbot: QtBot, tmp_path: Path) -> None:
    page = StartPage()
    qtbot.addWidget(page)
    page.set_recent([tmp_path])
    with qtbot.waitSignal(page.open_recent) as caught:
        page._recent.itemActivated.emit(page._recent.item(0))
    assert caught.args == [tmp_path]
