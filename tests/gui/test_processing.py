"""Jobs in, results into the model (the gestures are in test_main_window)."""

from pytestqt.qtbot import QtBot

from medae.gui.main_window import MainWindow
from medae.jobs.messages import Partial, SliceDone, Stopped
from tests.gui.conftest import FakeWorker


def test_nothing_to_process(window: MainWindow) -> None:
    assert window.processing.denoise() is None
    assert window.processing.detect() is None


def test_a_cancelled_denoise_leaves_no_half_volume(qtbot: QtBot, opened: MainWindow, worker: FakeWorker) -> None:
    record = opened.processing.denoise()
    assert record is not None
    assert opened.session.result is not None
    scan = opened.session.result.original
    worker.tell(Partial(1, scan.with_array(scan.array + 1)))
    worker.tell(SliceDone(1, 0))
    qtbot.waitUntil(lambda: opened.model.denoised is not None)
    worker.tell(Stopped(1))
    qtbot.waitUntil(lambda: opened.model.denoised is None)
    assert record.state == "stopped"


def test_the_worker_gets_the_volume_itself(opened: MainWindow, worker: FakeWorker) -> None:
    opened.processing.detect("cpu")
    assert worker.given[0] is opened.session.result
    assert worker.jobs[0].device == "cpu"  # type: ignore[union-attr]
