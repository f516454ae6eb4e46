"""Controls and table of the results."""

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from medae.gui.findings_panel import FindingsPanel
from medae.gui.viewer_model import ViewerModel
from medae.results import AnomalyMap, Finding
from medae.volume import Volume


def finding(number: int, k: int, size: float, peak: float) -> Finding:
    return Finding(number, (k, 1, 1), (1.0, 2.0, 3.0 * k), ((k, 0, 0), (k + 1, 2, 2)), size, 4, peak, peak / 2)


FOUND = (finding(1, 3, 50.0, 9.0), finding(2, 1, 400.0, 5.0))


@pytest.fixture
def panel(qtbot: QtBot) -> FindingsPanel:
    model = ViewerModel()
    volume = Volume(np.zeros((5, 8, 8), np.int16), np.eye(4), "MR")
    model.set_original(volume)
    made = FindingsPanel(model)
    qtbot.addWidget(made)
    made.show()
    return made


def with_map(panel: FindingsPanel) -> None:
    scores = Volume(np.zeros((5, 8, 8), np.float32), np.eye(4))
    panel.model.set_anomaly_map(AnomalyMap(scores, 4.0, ""), FOUND)


def test_without_results_nothing_can_be_moved(panel: FindingsPanel) -> None:
    assert not panel.strength.isEnabled()
    assert not panel.threshold.isEnabled()


def test_sliders_and_model_agree(panel: FindingsPanel) -> None:
    with_map(panel)
    assert panel.threshold.value() == pytest.approx(4.0)
    panel.opacity.setValue(0.25)
    assert panel.model.heatmap_opacity == pytest.approx(0.25)
    panel.model.change_threshold(0.5)
    assert panel.threshold.value() == pytest.approx(4.5)


def test_the_settled_threshold_is_told_once(qtbot: QtBot, panel: FindingsPanel) -> None:
    with_map(panel)
    with qtbot.waitSignal(panel.threshold_settled) as caught:
        for value in (5.0, 5.5, 6.0):
            panel.threshold.setValue(value)
    assert caught.args == [pytest.approx(6.0)]


def test_sorting_keeps_rows_and_findings_together(panel: FindingsPanel) -> None:
    with_map(panel)
    table = panel.table
    table.sortByColumn(3, Qt.SortOrder.DescendingOrder)
    assert table.model().index(0, 0).data() == "2"
    table.clicked.emit(table.model().index(0, 0))
    assert panel.model.cursor[0] == 1
    panel.model.next_finding(1)
    assert panel.model.cursor[0] == 3
    assert table.currentIndex().row() == 1
