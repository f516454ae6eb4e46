"""Starting the window."""

from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from medae.gui import app, system_libraries
from medae.gui.main_window import MainWindow


def test_no_display_is_said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(app, "window_problem", lambda: "There is no display.")
    assert app.run() == 1
    assert "There is no display." in capsys.readouterr().err


def test_paths_of_the_command_line_are_shown(qapp: QApplication, phantom_folder: Path) -> None:
    assert system_libraries.window_problem() is None
    seen: list[Path] = []

    def look() -> None:
        windows = [widget for widget in qapp.topLevelWidgets() if isinstance(widget, MainWindow) and widget.isVisible()]
        if windows and windows[0].session.current is not None:
            seen.extend(windows[0].session.series[0].source.paths)
            windows[0].close()
            qapp.quit()
        else:
            QTimer.singleShot(50, look)

    QTimer.singleShot(50, look)
    assert app.run([phantom_folder / "series"]) == 0
    assert len(seen) == 6
