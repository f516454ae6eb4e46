"""Controls and table of the results."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from medae.gui.findings_panel import FindingsPanel
from medae.gui.viewer_model import ViewerModel
from medae.results import AnomalyMap, Finding
from medae.volume import Volume
from tests.gui.viewer_scans import NORMALS


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
    table.sortByColumn(5, Qt.SortOrder.DescendingOrder)
    assert table.model().index(0, 0).data() == "2"
    table.clicked.emit(table.model().index(0, 0))
    assert panel.model.cursor[0] == 1
    panel.model.next_finding(1)
    assert panel.model.cursor[0] == 3
    assert table.currentIndex().row() == 1


def test_stepping_follows_the_order_of_the_table(panel: FindingsPanel) -> None:
    with_map(panel)
    panel.model.go_to_finding(0)
    panel.table.sortByColumn(5, Qt.SortOrder.DescendingOrder)
    assert [one.number for one in panel.model.findings] == [2, 1]
    assert panel.model.selected_finding == 1, "the one that was chosen stays chosen"
    panel.model.next_finding(1)
    assert panel.model.findings[panel.model.selected_finding].number == 2


def test_without_normal_scans_nothing_is_promised(panel: FindingsPanel) -> None:
    with_map(panel)
    assert panel.expected.text().startswith("—")
    assert panel.level.count() == 1
    assert not panel.scan.isVisible()
    assert not panel.outside.isVisible()


def test_levels_that_the_normal_scans_suffice_for_set_the_threshold(panel: FindingsPanel) -> None:
    scores = Volume(np.zeros((5, 8, 8), np.float32), np.eye(4))
    nine = replace(NORMALS, maxima=NORMALS.maxima[:9])
    panel.model.set_anomaly_map(AnomalyMap(scores, 4.0, "", normals=nine), FOUND)
    assert [panel.level.itemText(row) for row in range(panel.level.count())] == [
        "Explore",
        "10 % of normals",
        "20 % of normals",
    ]
    assert panel.level.currentIndex() == 0
    panel.level.activated.emit(1)
    assert panel.model.heatmap_threshold == nine.level(0.1)
    assert panel.level.currentIndex() == 1
    panel.threshold.setValue(5.0)
    assert panel.level.currentIndex() == 0
    assert panel.expected.text() == "0.5 false regions per normal scan"


def test_the_names_of_levels_are_not_clipped(qtbot: QtBot, panel: FindingsPanel) -> None:
    panel.resize(356, 500)  # as wide as in a window of 1280 pixels
    scores = Volume(np.zeros((5, 8, 8), np.float32), np.eye(4))
    panel.model.set_anomaly_map(AnomalyMap(scores, 4.0, "", normals=NORMALS), FOUND)
    names = [panel.level.itemText(row) for row in range(panel.level.count())]
    assert len(names) > 1
    qtbot.waitUntil(lambda: panel.level.width() > max(map(panel.level.fontMetrics().horizontalAdvance, names)) + 24)


def test_the_whole_scan_and_the_domain_are_told_above_the_table(panel: FindingsPanel) -> None:
    scores = Volume(np.zeros((5, 8, 8), np.float32), np.eye(4))
    panel.model.set_anomaly_map(AnomalyMap(scores, 4.0, "", normals=NORMALS, outside=("it is CT",)), FOUND)
    panel.model.scan_p = 0.15
    assert not panel.scan.isVisible(), "p means nothing then"
    assert "it is CT" in panel.outside.text()
    assert panel.outside.isVisible()
    assert not panel.signed.isEnabled(), "grey has no sides"
    panel.model.set_anomaly_map(AnomalyMap(scores, 4.0, "", normals=NORMALS), FOUND)
    panel.model.scan_p = 0.15
    assert "p = 0.15" in panel.scan.text()
    assert not panel.outside.isVisible()


def test_the_switch_signs_the_heatmap(panel: FindingsPanel) -> None:
    with_map(panel)
    panel.signed.click()
    assert panel.model.heatmap_signed
    panel.model.heatmap_signed = False
    assert not panel.signed.isChecked()
