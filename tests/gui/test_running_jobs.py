"""What the window knows of its jobs."""

import time
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from medae.gui.running_jobs import JobRecord, RunningJobs
from medae.jobs.job import ExportJob, ProcessJob
from medae.jobs.messages import Done, Failed, Progress, Stopped
from medae.results import Result
from medae.volume import Volume
from tests.gui.conftest import FakeWorker

SCAN = Result(Volume(np.zeros((2, 3, 4), np.int16), np.eye(4)))


@pytest.fixture
def jobs(qtbot: QtBot) -> RunningJobs:
    return RunningJobs(FakeWorker)


def tell(qtbot: QtBot, jobs: RunningJobs, message: object) -> None:
    with qtbot.waitSignal(jobs.changed):
        jobs._worker.tell(message)  # type: ignore[attr-defined]


def test_a_job_from_submit_to_done(qtbot: QtBot, jobs: RunningJobs) -> None:
    record = jobs.submit("Denoise · head", 0, ProcessJob(denoise="auto"), SCAN)
    assert record.state == "waiting"
    tell(qtbot, jobs, Progress(1, 0.5, "Slice 3 of 6"))
    assert (record.state, record.fraction, record.message) == ("running", 0.5, "Slice 3 of 6")
    with qtbot.waitSignal(jobs.finished):
        tell(qtbot, jobs, Done(1, SCAN, ()))
    assert record.state == "done"
    assert jobs.active() == []


def test_an_export_says_where(qtbot: QtBot, jobs: RunningJobs, tmp_path: Path) -> None:
    record = jobs.submit("Export", 0, ExportJob(exports=("png",), out=tmp_path), SCAN)
    tell(qtbot, jobs, Done(1, SCAN, (tmp_path / "a.png",)))
    assert str(tmp_path) in record.message


def test_failure_keeps_sentence_and_details(qtbot: QtBot, jobs: RunningJobs) -> None:
    record = jobs.submit("Detect", 0, ProcessJob(detect="auto"), SCAN)
    with qtbot.waitSignal(jobs.failed):
        tell(qtbot, jobs, Failed(1, "No model.", "Traceback"))
    assert (record.state, record.message, record.details) == ("failed", "No model.", "Traceback")


def test_late_messages_are_dropped(qtbot: QtBot, jobs: RunningJobs) -> None:
    record = jobs.submit("Detect", 0, ProcessJob(detect="auto"), SCAN)
    jobs.cancel_all()
    assert jobs._worker.cancelled == [1]  # type: ignore[attr-defined]
    tell(qtbot, jobs, Stopped(1))
    with qtbot.assertNotEmitted(jobs.changed, wait=30):
        jobs._worker.tell(Progress(1, 0.9, "late"))  # type: ignore[attr-defined]
    assert record.state == "stopped"


def test_remaining_time() -> None:
    record = JobRecord(1, "Denoise", 0, ProcessJob(denoise="auto"), state="running", fraction=0.25)
    record.started = time.monotonic() - 10
    assert record.remaining == pytest.approx(30, abs=1)
    record.fraction = 0.0
    assert record.remaining is None
