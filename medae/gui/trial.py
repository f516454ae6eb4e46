"""Open and close the window on no screen, to see whether that works here."""

import os
import tempfile
import time


def open_and_close() -> tuple[float, tuple[int, int]]:
    """Open the main window with Qt's offscreen platform and close it again; to be called in a process of its own.

    Nothing of the user's settings is read or changed, and the worker process is not started.

    Returns
    -------
    tuple
        Seconds until the window was painted, and its width and height in pixels.

    Raises
    ------
    RuntimeError
        If it stays hidden or empty.
    """
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    with tempfile.TemporaryDirectory(prefix="medae-window-") as home:
        os.environ["MEDAE_HOME"] = home
        started = time.perf_counter()
        from PySide6.QtWidgets import QApplication

        from medae.gui import theme
        from medae.gui.main_window import MainWindow

        application = QApplication(["medae"])
        theme.apply(application)
        window = MainWindow()
        window.show()
        application.processEvents()
        picture = window.grab().toImage()
        seconds = time.perf_counter() - started
        colours = {picture.pixel(x, y) for x in range(0, picture.width(), 16) for y in range(0, picture.height(), 16)}
        if not window.isVisible() or len(colours) < 2:
            raise RuntimeError("the window stays hidden or empty")
        window.close()
        application.processEvents()
        return seconds, (picture.width(), picture.height())
