"""Jobs in, results into the model (the gestures are in test_main_window)."""

from datetime import datetime

import numpy as np
from pytestqt.qtbot import QtBot

from medae.gui.captions import made_by
from medae.gui.main_window import MainWindow
from medae.jobs.job import ProcessJob
from medae.jobs.messages import Done, Partial, Progress, SliceDone, Stopped
from medae.provenance import Provenance
from medae.results import AnomalyMap, Normals, Result
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


def _adapted(window: MainWindow, notes: dict[str, object]) -> Result:
    """What the worker gives for an adaptation that ended with these notes."""
    assert window.session.result is not None
    scan = window.session.result.original
    step = Provenance(
        "denoise", "mr-denoise", "1", "ab", {}, "1", "CPU", datetime.now().astimezone(), 60.0, {"adapted": notes}
    )
    return Result(scan, scan.with_array(scan.array + 1, step))


def test_adapting_denoises_and_says_what_came_out(qtbot: QtBot, opened: MainWindow, worker: FakeWorker) -> None:
    entry = opened.actions_.adapt
    qtbot.waitUntil(lambda: entry in opened.actions_.model_menus["denoise"].actions())
    entry.trigger()
    (job,) = worker.jobs
    assert isinstance(job, ProcessJob)
    assert (job.denoise, job.adapt) == ("auto", True)
    assert not entry.isEnabled()
    worker.tell(Progress(1, 0.3, "Adapting to this scan, step 90 of at most 300"))
    qtbot.waitUntil(lambda: opened.jobs.records[0].fraction == 0.3)
    notes = {"kept": True, "loss_before": 0.004, "loss_after": 0.003, "steps": 300}
    with qtbot.waitSignal(opened.processing.finished):
        worker.tell(Done(1, _adapted(opened, notes), ()))
    assert opened.model.denoised is not None
    assert "was adapted to this scan" in opened.message_bar.text
    assert "from 0.004 to 0.003 in 300 steps" in opened.message_bar.text
    assert made_by(opened.model, "denoised")[0] == "mr-denoise 1, adapted"
    assert entry.isEnabled()


def test_an_adaptation_that_was_not_kept_says_why(qtbot: QtBot, opened: MainWindow, worker: FakeWorker) -> None:
    opened.actions_.adapt.trigger()
    with qtbot.waitSignal(opened.processing.finished):
        worker.tell(Done(1, _adapted(opened, {"kept": False, "reason": "the scan gives nothing to learn from"}), ()))
    assert "was not kept: the scan gives nothing to learn from." in opened.message_bar.text
    assert made_by(opened.model, "denoised")[0] == "mr-denoise 1"


def test_an_adaptation_can_be_cancelled(qtbot: QtBot, opened: MainWindow, worker: FakeWorker) -> None:
    opened.actions_.adapt.trigger()
    opened.actions_.cancel.trigger()
    assert worker.cancelled == [1]
    worker.tell(Stopped(1))
    qtbot.waitUntil(lambda: opened.actions_.adapt.isEnabled())
    assert opened.model.denoised is None


def test_findings_and_the_scan_are_judged_against_normal_scans(
    qtbot: QtBot, opened: MainWindow, worker: FakeWorker
) -> None:
    assert opened.session.result is not None
    scan = opened.session.result.original
    scores = np.zeros(scan.shape, np.float32)
    scores[2, 20:30, 20:30] = -6.0
    anomaly_map = AnomalyMap(scan.with_array(scores), 4.0, "made up", normals=Normals((3.0, 5.0, 7.0)))
    opened.processing.detect()
    worker.tell(Done(1, Result(scan, None, anomaly_map), ()))
    qtbot.waitUntil(lambda: len(opened.model.findings) == 1)
    assert opened.model.findings[0].p == opened.model.scan_p == 0.5
    assert not opened.model.findings[0].brighter
