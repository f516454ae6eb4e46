"""Windows on small phantoms, with the real worker process or with one played by the test."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from medae.gui import theme
from medae.gui.main_window import MainWindow
from medae.jobs.job import ExportJob, ProcessJob
from medae.jobs.messages import Message
from medae.phantom import head, write_dicom, write_nifti
from medae.results import Result

SHAPE = (6, 72, 64)
SPACING = (20.0, 3.0, 3.0)


class FakeWorker:
    """Notes what it is told; the test sends the messages by `tell`."""

    def __init__(self, on_message: Callable[[Message], None]) -> None:
        self.tell = on_message
        self.jobs: list[ProcessJob | ExportJob] = []
        self.given: list[Result | None] = []
        self.cancelled: list[int] = []
        self.is_warm = self.is_closed = False

    def start(self) -> None:
        self.is_warm = True

    def submit(self, job: ProcessJob | ExportJob, given: Result | None = None) -> int:
        self.jobs.append(job)
        self.given.append(given)
        return len(self.jobs)

    def cancel(self, number: int) -> None:
        self.cancelled.append(number)

    def close(self) -> None:
        self.is_closed = True


@pytest.fixture(scope="session", autouse=True)
def _style(qapp: QApplication) -> None:
    theme.apply(qapp)


@pytest.fixture(scope="session")
def phantom_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A FLAIR head as DICOM in ``series``, and as ``head.nii.gz``; not to be changed."""
    folder = tmp_path_factory.mktemp("phantoms")
    volume = head("FLAIR", SHAPE, SPACING, lesions=2).volume
    write_dicom(volume, folder / "series", description="Head FLAIR")
    write_nifti(volume, folder / "head.nii.gz")
    return folder


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[MainWindow]:
    """A window whose worker is a `FakeWorker`: ``window.jobs._worker``."""
    made = MainWindow(make_worker=FakeWorker)
    made.show()
    yield made
    made.close()
    made.deleteLater()


@pytest.fixture
def opened(qtbot: QtBot, window: MainWindow, phantom_folder: Path) -> MainWindow:
    """The same window with the DICOM phantom shown."""
    with qtbot.waitSignal(window.session.shown, timeout=20_000):
        window.open_paths([phantom_folder / "series"])
    return window


@pytest.fixture
def worker(window: MainWindow) -> FakeWorker:
    """The worker that the test plays."""
    played = window.jobs._worker
    assert isinstance(played, FakeWorker)
    return played
