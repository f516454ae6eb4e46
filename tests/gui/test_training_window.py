"""The training window by gestures, its worker played by the test."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QMessageBox, QPushButton
from pytestqt.qtbot import QtBot

from medae.gui import training_families
from medae.gui.training_families import from_answer
from medae.gui.training_window import TrainingWindow
from medae.jobs.job import PlanJob, TrainJob
from medae.jobs.messages import Done, Failed, Progress, Stopped
from medae.runs import Run
from tests.gui.conftest import FakeWorker
from tests.gui.training_samples import FAMILIES, PLAN, write_preview, write_run

NAME = "mr-denoising"


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[TrainingWindow]:
    made = TrainingWindow(FakeWorker)
    made.watch._clock.setInterval(50)
    made.setup._pause.setInterval(10)
    with qtbot.waitSignal(made.watch.changed):
        made.show()
    tell(made.jobs.questions.worker, Done(1, None, (), FAMILIES))
    qtbot.waitUntil(lambda: made.setup.family.count() == 2)
    yield made
    made.close()
    made.shut_down()
    made.deleteLater()


def tell(worker: Any, message: object) -> None:
    worker.tell(message)


def plan(qtbot: QtBot, window: TrainingWindow, answer: dict[str, Any] = PLAN) -> None:
    """Choose a folder and let the worker answer."""
    asked = played(window.jobs.questions).jobs
    count = len(asked)
    window.setup.folders.add([Path(f"/scans{count}")])
    qtbot.waitUntil(lambda: len(asked) > count)
    with qtbot.waitSignal(window.jobs.planned):
        tell(window.jobs.questions.worker, Done(len(asked), None, (), answer))


def played(line: Any) -> FakeWorker:
    assert isinstance(line.worker, FakeWorker)
    return line.worker


def click(qtbot: QtBot, button: QPushButton) -> None:
    assert button.isVisible()
    assert button.isEnabled()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def start(qtbot: QtBot, window: TrainingWindow) -> FakeWorker:
    plan(qtbot, window)
    click(qtbot, window.setup.start_button)
    return played(window.jobs.trainer)


def test_the_window_opens_with_the_families_of_last_time(qtbot: QtBot) -> None:
    training_families.keep(from_answer(FAMILIES))
    window = TrainingWindow(FakeWorker)
    qtbot.addWidget(window)
    assert window.setup.family.count() == 2
    assert window.minimumWidth() >= 1000
    assert window.minimumHeight() >= 680
    window.shut_down()


def test_families_are_kept(window: TrainingWindow) -> None:
    assert training_families.cached() == from_answer(FAMILIES)


def test_a_folder_is_checked_at_once(qtbot: QtBot, window: TrainingWindow) -> None:
    assert not window.setup.start_button.isEnabled()
    assert "Choose a folder" in window.setup.reason.text()
    plan(qtbot, window)
    job = played(window.jobs.questions).jobs[-1]
    assert isinstance(job, PlanJob)
    assert job.data == (Path("/scans1"),)
    assert window.plan.table.rowCount() == 4
    assert window.setup.start_button.isEnabled()
    assert window.setup.modality.count() == 3
    assert window.setup.chosen_name() == NAME


def test_the_check_can_be_cancelled_and_repeated(qtbot: QtBot, window: TrainingWindow) -> None:
    window.setup.folders.add([Path("/scans")])
    worker = played(window.jobs.questions)
    qtbot.waitUntil(lambda: len(worker.jobs) == 2)
    assert "being checked" in window.setup.reason.text()
    click(qtbot, window.plan.cancel_button)
    assert worker.cancelled == [2]
    assert "cancelled" in window.plan.hint.text()
    assert not window.setup.start_button.isEnabled()
    click(qtbot, window.plan.retry_button)
    assert len(worker.jobs) == 3


def test_why_it_cannot_be_trained(qtbot: QtBot, window: TrainingWindow) -> None:
    plan(qtbot, window, {**PLAN, "problem": "No MR scan can be learnt from."})
    assert window.setup.reason.text() == "No MR scan can be learnt from."
    assert not window.setup.start_button.isEnabled()
    window.setup.steps.setText("none")
    qtbot.waitUntil(lambda: "Steps" in window.plan.hint.text())
    window.setup.steps.clear()
    asked = played(window.jobs.questions).jobs
    qtbot.waitUntil(lambda: window.jobs.is_planning)
    tell(window.jobs.questions.worker, Failed(len(asked), "The folder is gone."))
    qtbot.waitUntil(lambda: "The folder is gone." in window.plan.hint.text())
    assert window.setup.reason.text() == "The folder is gone."


def test_names_are_checked(qtbot: QtBot, window: TrainingWindow) -> None:
    write_run(NAME, "paused")
    write_run("mine", "paused")
    plan(qtbot, window)
    qtbot.waitUntil(lambda: window.setup.chosen_name() == f"{NAME}-2")  # the plan's own is taken
    assert window.setup.start_button.isEnabled()
    window.setup.name.setText("mine")
    assert "There is a run named mine already" in window.setup.reason.text()
    window.setup.name.setText("No good")
    assert "small letters" in window.setup.reason.text()
    window.setup.name.setText("other")
    click(qtbot, window.setup.start_button)
    job = played(window.jobs.trainer).jobs[0]
    assert isinstance(job, TrainJob)
    assert job.recipe.name == "other"
    assert job.recipe.family == "denoising"


def test_a_run_from_start_to_use(qtbot: QtBot, window: TrainingWindow) -> None:
    worker = start(qtbot, window)
    assert window.is_training
    assert "is being trained" in window.setup.reason.text()
    tell(worker, Progress(1, 0.1, "Reading scans"))
    qtbot.waitUntil(lambda: window.progress.state.text() == "Reading scans")
    run = write_run(NAME, "running", epochs=2)
    write_preview(run, 90)
    with run.lock():
        qtbot.waitUntil(lambda: not window.progress.chart.is_empty)
        qtbot.waitUntil(lambda: window.progress.picture.image is not None)
        assert window.runs.selection() == (NAME,)
        click(qtbot, window.progress.buttons["finish"])
        assert run.is_asked_to_finish()
    write_run(NAME, "finished", epochs=0, bundle=run.folder)
    tell(worker, Done(1, None, (run.folder,)))
    qtbot.waitUntil(lambda: window.progress.buttons["use"].isVisible())
    assert "in the library" in window.message_bar.text
    assert not window.is_training
    with qtbot.waitSignal(window.model_ready) as caught:
        click(qtbot, window.progress.buttons["use"])
    assert caught.args == [NAME]


def test_pause_and_resume(qtbot: QtBot, window: TrainingWindow) -> None:
    worker = start(qtbot, window)
    write_run(NAME, "running")
    qtbot.waitUntil(lambda: window.runs.selection() == (NAME,))
    click(qtbot, window.progress.buttons["pause"])
    assert worker.cancelled == [1]
    write_run(NAME, "paused", epochs=0)
    tell(worker, Stopped(1))
    qtbot.waitUntil(lambda: window.progress.buttons["resume"].isVisible())
    assert "paused" in window.message_bar.text
    click(qtbot, window.progress.buttons["resume"])
    job = worker.jobs[-1]
    assert isinstance(job, TrainJob)
    assert job.resume
    assert job.recipe.steps == 100  # the stored recipe, not the plan's
    assert window.progress.buttons["pause"].isVisible()


def test_a_failed_training_is_explained(qtbot: QtBot, window: TrainingWindow) -> None:
    worker = start(qtbot, window)
    tell(worker, Failed(1, "The loss is no number any more.", "Traceback"))
    qtbot.waitUntil(lambda: "The loss is no number any more." in window.message_bar.text)
    assert window.setup.start_button.isEnabled()
    click(qtbot, window.setup.start_button)
    assert len(worker.jobs) == 2
    assert window.message_bar.isHidden()


def test_runs_of_the_command_line_are_live(qtbot: QtBot, window: TrainingWindow) -> None:
    run = write_run("cli", "running", epochs=1)
    with run.lock():
        qtbot.waitUntil(lambda: window.runs.names() == ("cli",))
        window.runs.select(["cli"])
        qtbot.waitUntil(lambda: "Step 10 of 100" in window.progress.facts.text())
        assert window.progress.buttons["finish"].isVisible()
        assert not window.progress.buttons["discard"].isVisible()
        write_run("cli", "running", epochs=4)
        qtbot.waitUntil(lambda: "Step 40 of 100" in window.progress.facts.text())


def test_several_runs_are_compared(qtbot: QtBot, window: TrainingWindow) -> None:
    write_run("a", "paused")
    write_run("b", "paused")
    qtbot.waitUntil(lambda: len(window.runs.names()) == 2)
    window.runs.select(["a", "b"])
    assert window.compare.isVisible()
    assert len(window.compare.chart.lines) == 4
    window.runs.select(["a"])
    assert window.progress.isVisible()


@pytest.mark.parametrize(
    ("answer", "stays"), [(QMessageBox.StandardButton.Discard, False), (QMessageBox.StandardButton.Cancel, True)]
)
def test_discard_asks_first(
    qtbot: QtBot,
    window: TrainingWindow,
    monkeypatch: pytest.MonkeyPatch,
    answer: QMessageBox.StandardButton,
    stays: bool,
) -> None:
    run = write_run("a", "paused")
    qtbot.waitUntil(lambda: window.runs.names() == ("a",))
    window.runs.select(["a"])
    monkeypatch.setattr(QMessageBox, "question", lambda *_: answer)
    click(qtbot, window.progress.buttons["discard"])
    if stays:
        assert run.folder.exists()
    else:
        qtbot.waitUntil(lambda: window.runs.names() == ())
        assert not run.folder.exists()
        assert window.plan.isVisible()


def test_another_run_is_shown_when_one_is_gone(qtbot: QtBot, window: TrainingWindow) -> None:
    write_run("a", "paused")
    write_run("b", "paused")
    qtbot.waitUntil(lambda: len(window.runs.names()) == 2)
    window.tabs.setCurrentIndex(1)
    (first,) = window.runs.selection()
    Run.named(first).remove()
    (left,) = {"a", "b"} - {first}
    qtbot.waitUntil(lambda: window.progress.title.text() == left)
    assert window.runs.selection() == (left,)


def test_open_folder(qtbot: QtBot, window: TrainingWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    run = write_run("a", "paused")
    qtbot.waitUntil(lambda: window.runs.names() == ("a",))
    window.runs.select(["a"])
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()))
    click(qtbot, window.progress.buttons["open_folder"])
    assert opened == [str(run.folder)]


def test_closing_the_window_leaves_the_training_alone(qtbot: QtBot, window: TrainingWindow) -> None:
    worker = start(qtbot, window)
    window.close()
    assert worker.cancelled == []
    assert not worker.is_closed
    window.show()
    assert window.is_training


def test_closing_the_program_asks_and_stops(
    qtbot: QtBot, window: TrainingWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert window.may_close()
    worker = start(qtbot, window)
    asked: list[str] = []

    def question(*arguments: Any) -> QMessageBox.StandardButton:
        asked.append(arguments[2])
        return QMessageBox.StandardButton.Cancel

    monkeypatch.setattr(QMessageBox, "question", question)
    assert not window.may_close()
    assert "paused" in asked[0]
    assert NAME in asked[0]
    monkeypatch.setattr(QMessageBox, "question", lambda *_: QMessageBox.StandardButton.Close)
    assert window.may_close()
    window.shut_down()
    assert worker.is_closed


def test_state_survives_a_restart(qtbot: QtBot) -> None:
    """A run whose process was killed is there again, with Resume."""
    write_run("killed", "running")
    window = TrainingWindow(FakeWorker)
    qtbot.addWidget(window)
    with qtbot.waitSignal(window.watch.changed):
        window.show()
    window.runs.select(["killed"])
    assert window.progress.state.text() == "Interrupted"
    click(qtbot, window.progress.buttons["resume"])
    assert Run.named("killed").folder.exists()
    assert len(played(window.jobs.trainer).jobs) == 1
    window.shut_down()


def test_normal_scans_fill_the_form(window: TrainingWindow, tmp_path: Path) -> None:
    window.learn_normal([tmp_path], "MR")
    assert window.setup.folders.paths() == (tmp_path,)
    assert window.setup.modality.currentData() == "MR"
    assert window.tabs.currentIndex() == 0
