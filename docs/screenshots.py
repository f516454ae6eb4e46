"""Make the pictures in ``docs/images``: ``python docs/screenshots.py [--scan PATH]`` (no display needed).

Opens the real window with the real worker process and the installed models, clicks through one session,
and saves each view at 1280×800 and 1920×1080.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SIZES = ((1280, 800), (1920, 1080))
PATIENCE = 900.0

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(ROOT))

from PySide6.QtWidgets import QApplication, QWidget  # noqa: E402, TID253

from medae.gui import theme  # noqa: E402
from medae.gui.main_window import MainWindow  # noqa: E402
from medae.jobs.sample_scans import make_sample  # noqa: E402


class Photographer:
    """Waits for the window, and saves pictures of it."""

    def __init__(self, application: QApplication, window: MainWindow, folder: Path) -> None:
        self.application, self.window, self.folder = application, window, folder

    def wait(self, until: Callable[[], bool]) -> None:
        """Let the window live until something is true; ends the program if it never is."""
        end = time.monotonic() + PATIENCE
        while not until():
            if time.monotonic() > end:
                sys.exit(f"Waited too long; the window says: {self.window.message_bar.text or 'nothing'}")
            self.rest(0.02)
        self.rest(0.5)

    def rest(self, seconds: float) -> None:
        """Let the window live for some seconds."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.application.processEvents()
            time.sleep(0.005)

    def shoot(self, name: str, widget: QWidget | None = None) -> None:
        """Save a picture at each size; a dialog has its own size and gets one."""
        if widget is not None:
            widget.grab().save(str(self.folder / f"{name}.png"))
            return
        for width, height in SIZES:
            self.window.resize(width, height)
            self.rest(0.4)
            self.window.grab().save(str(self.folder / f"{name}-{width}x{height}.png"))

    def run(self, command: Callable[[], None]) -> None:
        """Give a command and wait for its job; ends the program if that fails."""
        command()
        records = self.window.jobs.records
        self.wait(lambda: bool(records) and not records[-1].is_active)
        if records[-1].state != "done":
            sys.exit(f"{records[-1].title}: {records[-1].message}")


def main() -> None:
    """Click through a session."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scan", type=Path, help="what to open instead of the sample head (FLAIR)")
    parser.add_argument("--slice", type=int, help="slice to show, from 0; the first finding's where left out")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    application = QApplication(["medae"])
    theme.apply(application)
    window = MainWindow()
    window.show()
    camera = Photographer(application, window, given.out)
    camera.rest(0.5)
    camera.shoot("start-page")
    window.open_paths([given.scan or make_sample("head-flair")])
    camera.wait(lambda: window.session.current is not None)
    camera.rest(3.0)  # thumbnails
    actions, model = window.actions_, window.model
    camera.run(actions.denoise.trigger)
    camera.run(actions.detect.trigger)
    camera.rest(2.0)  # findings
    model.go_to_finding(0)
    if given.slice is not None:
        model.set_slice(given.slice)
    camera.shoot("viewer")
    results, trust = window.docks[1], window.docks[3]
    trust.raise_()
    camera.wait(lambda: not window.trust.panel.noise_map.is_empty)
    camera.shoot("trust")
    results.raise_()
    model.toggle_layout("difference")
    camera.shoot("difference")
    model.toggle_layout("swipe")
    camera.shoot("swipe")
    model.toggle_layout("swipe")
    actions.export.trigger()
    camera.wait(lambda: window.exporting.dialog is not None)
    assert window.exporting.dialog is not None
    window.exporting.dialog.folder.setText("/home/me/export")
    camera.shoot("export-dialog", window.exporting.dialog)
    window.exporting.dialog.reject()
    window.close()


if __name__ == "__main__":
    main()
