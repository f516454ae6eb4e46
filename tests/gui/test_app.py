"""Starting the window."""

import subprocess
import sys
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from medae.gui import app
from medae.gui.main_window import MainWindow

LOOK = """
import sys
from pathlib import Path
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from medae.gui.app import run
from medae.gui.main_window import MainWindow

application = QApplication(["test"])

def look():
    window = next((w for w in application.topLevelWidgets() if isinstance(w, MainWindow)), None)
    if window is None or window.session.current is None:
        QTimer.singleShot(50, look)
        return
    print(len(window.session.series[0].source.paths), window.isVisible(), "torch" in sys.modules)
    window.close()

if __name__ == "__main__":
    QTimer.singleShot(50, look)
    sys.exit(run([Path(sys.argv[1])]))
"""


def test_no_display_is_said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(app, "window_problem", lambda: "There is no display.")
    assert app.run() == 1
    assert "There is no display." in capsys.readouterr().err


def test_paths_of_the_command_line_are_shown(phantom_folder: Path, tmp_path: Path) -> None:
    """In a process of its own, since the application's event loop runs only once."""
    script = tmp_path / "look.py"
    script.write_text(LOOK)
    command = [sys.executable, str(script), str(phantom_folder / "series")]
    seen = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert seen.stdout.split() == ["6", "True", "False"]


def test_a_window_that_runs_already_gets_the_paths(
    qapp: object, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    handed = []
    monkeypatch.setattr("medae.gui.single_instance.hand_over", lambda paths: handed.append(tuple(paths)) or True)
    monkeypatch.setattr("medae.gui.main_window.MainWindow", None)  # none is made
    assert app.run([tmp_path / "a.dcm", tmp_path / "b.dcm"]) == 0
    assert handed == [(tmp_path / "a.dcm", tmp_path / "b.dcm")]


def test_what_a_second_start_was_given_is_opened(qtbot: QtBot, window: MainWindow, phantom_folder: Path) -> None:
    window.showMinimized()
    with qtbot.waitSignal(window.session.shown, timeout=20_000):
        app.come_forward(window, [phantom_folder / "head.nii.gz"])
    assert not window.isMinimized()
