"""Starts the window."""

import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from medae.gui.system_libraries import window_problem
from medae.results import Result

if TYPE_CHECKING:
    from medae.gui.main_window import MainWindow


def run(paths: Sequence[Path] = (), result: Result | None = None, *, new_window: bool = False) -> int:
    """Open the window on ``paths``, or on a ``result``, and stay until it is closed.

    Where this user has a window on this screen already, it gets the paths, and this returns at once; not for a
    ``result``, nor with ``new_window``.

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

    signal.signal(signal.SIGINT, signal.SIG_DFL)
    existing = QApplication.instance()
    application = existing if isinstance(existing, QApplication) else QApplication(["medae"])
    application.setApplicationName("MedAE")
    application.setDesktopFileName("medae")
    application.setWindowIcon(theme.icon("medae"))
    alone = new_window or result is not None
    if not alone:
        from medae.gui.single_instance import SingleInstance, hand_over

        if hand_over(paths):
            return 0
    from medae.gui.main_window import MainWindow
    from medae.settings import Settings

    theme.apply(application)
    window = MainWindow(Settings.load())
    if not alone:
        instance = SingleInstance(parent=window)
        instance.received.connect(lambda paths: come_forward(window, paths))
        instance.listen()
    window.show()
    if result is not None:
        window.open_result(result)
    if paths:
        window.open_paths(paths)
    QTimer.singleShot(300, window.start_worker)
    return application.exec()


def come_forward(window: "MainWindow", paths: Sequence[Path]) -> None:
    """Bring the window in front of others and open what a second start of the program was given."""
    from PySide6.QtCore import Qt

    window.setWindowState(window.windowState() & ~Qt.WindowState.WindowMinimized)
    window.raise_()
    window.activateWindow()
    if paths:
        window.open_paths(paths)
