"""What the check of the data has found."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from medae.gui.training_plan import TrainingPlan, facts, rows, summary
from tests.gui.training_samples import PLAN, RECIPE


@pytest.fixture
def view(qtbot: QtBot) -> TrainingPlan:
    made = TrainingPlan()
    qtbot.addWidget(made)
    made.resize(900, 600)
    made.show()
    return made


def texts(view: TrainingPlan) -> str:
    return "\n".join(label.text() for label in view.findChildren(QLabel) if label.isVisible())


def test_it_says_what_to_do_first(view: TrainingPlan) -> None:
    assert "Choose a folder of scans to learn from" in texts(view)
    assert not view.retry_button.isVisible()


def test_progress_can_be_cancelled(qtbot: QtBot, view: TrainingPlan) -> None:
    view.show_progress(0.4, "Looking for masks")
    assert "Looking for masks" in texts(view)
    assert view.bar.value() == 400
    with qtbot.waitSignal(view.cancel):
        qtbot.mouseClick(view.cancel_button, Qt.MouseButton.LeftButton)


def test_a_problem_can_be_tried_again(qtbot: QtBot, view: TrainingPlan) -> None:
    view.clear("The folder is gone.")
    assert "The folder is gone." in texts(view)
    with qtbot.waitSignal(view.retry):
        qtbot.mouseClick(view.retry_button, Qt.MouseButton.LeftButton)


def test_every_scan_with_its_use_and_reason(qtbot: QtBot, view: TrainingPlan) -> None:
    view.show_plan(PLAN)
    cells = [
        [view.table.item(row, column).text() for column in range(view.table.columnCount())]
        for row in range(view.table.rowCount())
    ]
    assert cells == [
        ["p1/flair.nii.gz", "Training", "1", "MR", "6×72×64", "a single slice"],
        ["p2/flair.nii.gz", "Held out", "1", "MR", "6×72×64", "its patient is kept for the metrics"],
        ["p2/mask.nii.gz", "Not used", "1", "MR", "6×72×64", "a mask: 2 different values"],
        ["readme.txt", "Not read", "", "", "", "no image"],
    ]
    assert view.warnings.text() == "Only 6 slices to learn from."
    qtbot.waitUntil(lambda: "12,345" in texts(view))
    for text in ("322 MB", "about 2 min 5 s", "CPU (2 threads)"):
        assert text in texts(view)


def test_summary_and_facts() -> None:
    assert summary(PLAN) == "Scans: 1 to learn from · 1 held out · 1 not used"
    known = dict(facts(PLAN))
    assert known["Found"] == "MR: 2 patients, 3 scans, 18 slices; CT: 1 patient, 1 scan, 1 slice"
    assert known["Learns from"].endswith("patches of 64×64, 8 per step, at most 200 steps")
    whole = {**PLAN, "recipe": {**RECIPE, "patch_size": 128, "whole_slices": True}, "seconds": None}
    assert "whole slices, cut or padded to 128×128" in dict(facts(whole))["Learns from"]
    assert dict(facts(whole))["Time"] == "not measured"


def test_an_empty_folder() -> None:
    empty = {**PLAN, "scans": [], "skipped": [], "counts": {}, "modalities": {}, "problem": "No MR scan."}
    assert summary(empty) == "No scans"
    assert rows(empty) == []
