"""The list of runs."""

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from medae.gui.training_records import read_records
from medae.gui.training_runs import COLUMNS, TrainingRuns
from tests.gui.training_samples import epoch, write_run


@pytest.fixture
def view(qtbot: QtBot) -> TrainingRuns:
    made = TrainingRuns()
    qtbot.addWidget(made)
    made.resize(900, 240)
    made.show()
    return made


def cells(view: TrainingRuns, row: int) -> list[str]:
    return [view.table.item(row, column).text() for column in range(len(COLUMNS))]


def test_what_each_run_is(view: TrainingRuns) -> None:
    assert not view.table.isVisible()
    write_run("a", "failed", epochs=0, message="The loss is no number any more.")
    write_run("b", "running")
    view.show_records(sorted(read_records({}), key=lambda record: record.name))
    assert cells(view, 0) == ["a", "Denoising", "Remove noise", "Failed", "0 of 100", "–"]
    assert cells(view, 1) == ["b", "Denoising", "Remove noise", "Interrupted", "30 of 100", "0.36667"]
    assert view.table.item(0, 3).toolTip() == "The loss is no number any more."


def test_the_selection_stays_with_its_run(qtbot: QtBot, view: TrainingRuns) -> None:
    run = write_run("a", "paused")
    view.show_records(read_records({}))
    with qtbot.waitSignal(view.selected) as caught:
        qtbot.mouseClick(
            view.table.viewport(),
            Qt.MouseButton.LeftButton,
            pos=view.table.visualItemRect(view.table.item(0, 0)).center(),
        )
    assert caught.args == [("a",)]
    write_run("b", "paused")
    run.append(epoch(4, 0.1))
    view.show_records(sorted(read_records({}), key=lambda record: record.name, reverse=True))
    assert view.names() == ("b", "a")
    assert view.selection() == ("a",)
    assert cells(view, 1)[-1] == "0.11"


def test_several_can_be_selected(qtbot: QtBot, view: TrainingRuns) -> None:
    for name in "abc":
        write_run(name, "paused")
    view.show_records(sorted(read_records({}), key=lambda record: record.name))
    with qtbot.waitSignal(view.selected) as caught:
        view.select(["c", "a", "gone"])
    assert caught.args == [("a", "c")]
    view.show_records([])
    assert view.selection() == ()
    assert not view.table.isVisible()
