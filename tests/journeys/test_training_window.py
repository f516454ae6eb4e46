"""From a folder of scans to a model in use, by gestures in the training window; the worker is the real one."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from medae import bundle
from medae.gui.training_window import TrainingWindow
from medae.jobs.worker import Worker
from medae.phantom import head, write_nifti
from medae.runs import Run

LONG = 90_000
NAME = "journey"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """FLAIR heads of four patients."""
    for number in range(1, 5):
        volume = head("FLAIR", (6, 72, 64), (20.0, 3.0, 3.0), seed=number).volume
        write_nifti(volume, tmp_path / "scans" / f"patient{number}_flair.nii.gz")
    (tmp_path / "scans" / "notes.txt").write_text("no scan", "utf-8")
    return tmp_path / "scans"


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[TrainingWindow]:
    made = TrainingWindow(Worker)
    made.watch._clock.setInterval(200)
    made.show()
    yield made
    made.close()
    made.shut_down()
    made.deleteLater()


def test_train_pause_resume_and_use(qtbot: QtBot, window: TrainingWindow, folder: Path) -> None:
    setup, progress = window.setup, window.progress
    qtbot.waitUntil(lambda: setup.family.count() == 6, timeout=LONG)
    setup.family.setCurrentIndex(setup.family.findData("convolutional"))
    setup.steps.setText("4000")
    setup.name.setText(NAME)
    with qtbot.waitSignal(window.jobs.planned, timeout=LONG) as planned:
        setup.folders.add([folder])
    uses = [scan["use"] for scan in planned.args[0]["scans"]]
    assert len(uses) == 4
    assert uses.count("held_out") == 1
    assert window.plan.table.rowCount() == 5
    assert planned.args[0]["seconds_per_step"] > 0

    qtbot.mouseClick(setup.start_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: NAME in window.watch.records and window.watch.records[NAME].step > 0, timeout=LONG)
    qtbot.waitUntil(lambda: progress.picture.image is not None, timeout=LONG)
    with qtbot.waitSignal(window.jobs.train_ended, timeout=LONG):
        qtbot.mouseClick(progress.buttons["pause"], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: progress.buttons["resume"].isVisible(), timeout=LONG)
    paused = window.watch.records[NAME]
    assert paused.state == "paused"
    assert 0 < paused.step < 4000

    qtbot.mouseClick(progress.buttons["resume"], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.watch.records[NAME].step > paused.step, timeout=LONG)
    with qtbot.waitSignal(window.jobs.train_ended, timeout=LONG) as ended:
        qtbot.mouseClick(progress.buttons["finish"], Qt.MouseButton.LeftButton)
    assert ended.args[1] == "done", ended.args
    qtbot.waitUntil(lambda: progress.buttons["use"].isVisible(), timeout=LONG)
    with qtbot.waitSignal(window.model_ready) as used:
        qtbot.mouseClick(progress.buttons["use"], Qt.MouseButton.LeftButton)
    info = bundle.find(used.args[0])
    bundle.verify(info)
    assert info.family == "convolutional"
    assert Run.named(NAME).state().state == "finished"


def test_closing_the_program_pauses(qtbot: QtBot, window: TrainingWindow, folder: Path) -> None:
    """Within about two seconds; the next window offers to resume."""
    setup = window.setup
    qtbot.waitUntil(lambda: setup.family.count() == 6, timeout=LONG)
    setup.family.setCurrentIndex(setup.family.findData("convolutional"))
    setup.name.setText(NAME)
    with qtbot.waitSignal(window.jobs.planned, timeout=LONG):
        setup.folders.add([folder])
    qtbot.mouseClick(setup.start_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: NAME in window.watch.records and window.watch.records[NAME].step > 0, timeout=LONG)
    began = time.monotonic()
    window.shut_down()
    assert time.monotonic() - began < 6.0  # two seconds of patience, and the ends of two processes
    assert Run.named(NAME).state().state == "paused"
    assert not Run.named(NAME).is_alive()

    again = TrainingWindow(Worker)
    qtbot.addWidget(again)
    with qtbot.waitSignal(again.watch.changed):
        again.show()
    again.runs.select([NAME])
    assert again.progress.buttons["resume"].isVisible()
    again.shut_down()
