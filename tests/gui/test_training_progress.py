"""One run, live."""

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage
from pytestqt.qtbot import QtBot

from medae.gui.training_progress import TrainingProgress, duration, facts, loss_lines
from medae.gui.training_records import RunRecord
from tests.gui.training_samples import RECIPE, epoch

RECORD = RunRecord(
    "a", Path("/runs/a"), "paused", 30, 100, recipe=RECIPE, history=tuple(epoch(n, 1 / n) for n in (1, 2, 3))
)


@pytest.fixture
def view(qtbot: QtBot) -> TrainingProgress:
    made = TrainingProgress()
    qtbot.addWidget(made)
    made.resize(900, 500)
    made.show()
    return made


def offered(view: TrainingProgress) -> set[str]:
    return {key for key, button in view.buttons.items() if button.isVisible()}


@pytest.mark.parametrize(
    ("state", "is_ours", "bundle", "expected"),
    [
        ("running", True, None, {"pause", "finish", "open_folder"}),
        ("running", False, None, {"finish", "open_folder"}),
        ("interrupted", True, None, {"pause", "finish", "open_folder"}),
        ("paused", False, None, {"resume", "discard", "open_folder"}),
        ("interrupted", False, None, {"resume", "discard", "open_folder"}),
        ("failed", False, None, {"discard", "open_folder"}),
        ("finished", False, Path("/models/a"), {"use", "discard", "open_folder"}),
    ],
)
def test_what_can_be_done(
    view: TrainingProgress, state: str, is_ours: bool, bundle: Path | None, expected: set[str]
) -> None:
    view.show_record(replace(RECORD, state=state, bundle=bundle), is_ours=is_ours)
    assert offered(view) == expected


@pytest.mark.parametrize("key", ["pause", "resume", "finish", "discard", "use", "open_folder"])
def test_buttons_name_the_run(qtbot: QtBot, view: TrainingProgress, key: str) -> None:
    view.show_record(RECORD, is_ours=False)
    view.buttons[key].show()
    with qtbot.waitSignal(getattr(view, key)) as caught:
        qtbot.mouseClick(view.buttons[key], Qt.MouseButton.LeftButton)
    assert caught.args == ["a"]


def test_messages_of_the_worker_stay_until_the_next(view: TrainingProgress) -> None:
    view.show_waiting("a")
    view.show_progress("a", 0.1, "Reading scans")
    assert view.state.text() == "Reading scans"
    view.show_record(replace(RECORD, state="running"), is_ours=True)
    assert view.state.text() == "Reading scans"
    assert view.bar.value() == 100
    view.show_progress("b", 0.9, "Another run")
    assert view.state.text() == "Reading scans"
    view.show_record(replace(RECORD, state="failed", message="The loss is no number."), is_ours=False)
    assert view.state.text() == "The loss is no number."
    assert not view.bar.isVisible()


def test_a_run_of_the_command_line_shows_how_far_it_is(view: TrainingProgress) -> None:
    view.show_record(replace(RECORD, state="running"), is_ours=False)
    assert view.bar.isVisible()
    assert view.bar.value() == 300
    assert "14 s left" in view.facts.text()
    assert not view.chart.is_empty


def test_the_picture_fits_and_leaves_with_its_run(view: TrainingProgress) -> None:
    view.show_record(RECORD, is_ours=False)
    image = QImage(300, 400, QImage.Format.Format_RGB32)
    image.fill(QColor("#ff0000"))
    view.picture.set_image(image)
    for size in ((900, 500), (1400, 900)):
        view.resize(*size)
        shown = view.picture.pixmap().size()
        assert shown.width() <= view.picture.width()
        assert shown.height() <= view.picture.height()
        assert shown.width() / shown.height() == pytest.approx(0.75, abs=0.02)
    view.show_record(replace(RECORD, name="b"), is_ours=False)
    assert view.picture.image is None


def test_lines_of_the_loss() -> None:
    lines = loss_lines(RECORD)
    assert [line.name for line in lines] == ["total", "mse", "kl", "validation"]
    assert list(lines[0].x) == [10, 20, 30]
    assert list(lines[1].y) == pytest.approx([1 / 2, 1 / 4, 1 / 6])
    assert lines[3].dashed
    single = replace(RECORD, history=({**epoch(1, 2.0, ("mse",)), "validation": None},))
    assert [line.name for line in loss_lines(single)] == ["total"]
    assert loss_lines(replace(RECORD, history=())) == ()


def test_facts() -> None:
    assert facts(RECORD, False) == "Step 30 of 100 · 6 s of training · 40 patches/s · best validation loss 0.36667"
    assert facts(replace(RECORD, history=(), device="CPU"), True) == "Step 30 of 100 · CPU"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "1 s"), (59, "59 s"), (60, "1 min"), (125, "2 min 5 s"), (7300, "2 h 1 min"), (90000, "1 d 1 h")],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text
