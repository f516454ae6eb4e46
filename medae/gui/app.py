"""Starts the window."""

import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from medae.gui.system_libraries import window_problem
from medae.results import Result


def run(paths: Sequence[Path] = (), result: Result | None = None) -> int:
    """Open the window on ``paths``, or on a ``result``, and stay until it is closed.

    Returns
    -------
    int
        Exit code; 1 where no window can open, after saying why on standard error.
    """
    problem = window_problem()
    if problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication

    from medae.gui import theme
    from medae.gui.main_window import MainWindow
    from medae.settings import Settings

    signal.signal(signal.SIGINT, signal.SIG_DFL)
    existing = QApplication.instance()
    application = existing if isinstance(existing, QApplication) else QApplication(["medae"])
    application.setApplicationName("MedAE")
    application.setDesktopFileName("medae")
    application.setWindowIcon(theme.icon("medae"))
    theme.apply(application)
    window = MainWindow(Settings.load())
    window.show()
    if result is not None:
        window.open_result(result)
    if paths:
        window.open_paths(paths)
    QTimer.singleShot(300, window.start_worker)
    return application.exec()
