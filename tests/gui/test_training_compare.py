"""Several runs side by side."""

from dataclasses import replace

from pytestqt.qtbot import QtBot

from medae.gui.training_compare import TrainingCompare
from tests.gui.test_training_progress import RECORD
from tests.gui.training_samples import epoch


def test_curves_and_figures(qtbot: QtBot) -> None:
    view = TrainingCompare()
    qtbot.addWidget(view)
    view.resize(900, 500)
    view.show()
    other = replace(RECORD, name="b", history=(epoch(1, 0.5, ("kl", "sparsity")),), metrics={"psnr": 31.25})
    view.show_records([RECORD, other])
    assert [line.name for line in view.chart.lines] == ["a", "a (validation)", "b", "b (validation)"]
    assert view.chart.lines[0].colour == view.chart.lines[1].colour != view.chart.lines[2].colour
    rows = {view.table.verticalHeaderItem(row).text(): row for row in range(view.table.rowCount())}
    assert list(rows)[:4] == ["loss", "loss · mse", "loss · kl", "loss · sparsity"]
    assert [view.table.item(rows["loss"], column).text() for column in (0, 1)] == ["0.33333", "0.5"]
    assert [view.table.item(rows["psnr"], column).text() for column in (0, 1)] == ["–", "31.25"]
    assert not view.note.isVisible()
    view.log.setChecked(True)
    view.show_records([RECORD, replace(other, recipe={"family": "variational", "task": "reconstruct"})])
    assert view.note.isVisible()
