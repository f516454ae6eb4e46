"""The line at the bottom."""

from PySide6.QtWidgets import QLabel, QProgressBar, QPushButton
from pytestqt.qtbot import QtBot

from medae.gui.status import StatusLine


def test_loading_and_ready(qtbot: QtBot) -> None:
    line = StatusLine()
    qtbot.addWidget(line)
    line.show()
    bar = line.findChild(QProgressBar)
    line.show_loading(0.5, "Reading…")
    assert bar.isVisible()
    assert bar.value() == 500
    line.show_ready()
    assert not bar.isVisible()
    line.show_device("CPU: no CUDA device found")
    assert any("no CUDA" in label.text() for label in line.findChildren(QLabel))
    assert "not for diagnosis" in line.findChild(QLabel, "research_use").text()


def test_loading_can_be_stopped(qtbot: QtBot) -> None:
    line = StatusLine()
    qtbot.addWidget(line)
    line.show()
    stop = line.findChild(QPushButton)
    assert not stop.isVisible()
    line.show_loading(0.5, "Reading…")
    with qtbot.waitSignal(line.stop):
        stop.click()
    line.show_ready()
    assert not stop.isVisible()
