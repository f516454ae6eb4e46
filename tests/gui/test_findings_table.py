"""The table of findings."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from medae.gui.findings_table import FindingsTable
from medae.results import Finding

WIDTH = 354
"""Of the table beside the images in a window of 1280 pixels."""


def finding(number: int, peak: float, size: float, p: float | None, *, brighter: bool = True) -> Finding:
    box = ((0, 0, 0), (1, 2, 2))
    return Finding(number, (0, 1, 1), (-62.0, 104.4, -38.0), box, size, 4, peak, peak / 2, p, brighter)


FOUND = (finding(1, 9.0, 50.0, 0.05), finding(2, 7.0, 12345.0, 0.35, brighter=False), finding(3, 5.0, 80.0, None))


@pytest.fixture
def table(qtbot: QtBot) -> FindingsTable:
    made = FindingsTable()
    qtbot.addWidget(made)
    made.resize(WIDTH, 300)
    made.set_findings(FOUND, 19)
    made.show()
    return made


def column(table: FindingsTable, number: int) -> list[str]:
    model = table.model()
    return [model.index(row, number).data() for row in range(model.rowCount())]


def test_a_row_says_everything(table: FindingsTable) -> None:
    cells = [column(table, number)[0] for number in range(7)]
    assert cells == ["1", "bright", "9.0", "4.5", "≤ 0.05", "50", "−62, 104, −38"]
    assert column(table, 1) == ["bright", "dark", "bright"]
    assert column(table, 4) == ["≤ 0.05", "0.35", "—"]


def test_every_column_sorts(table: FindingsTable) -> None:
    orders = {}
    for number in range(6):
        table.sortByColumn(number, Qt.SortOrder.AscendingOrder)
        orders[number] = column(table, 0)
    assert orders[0] == ["1", "2", "3"]
    assert orders[1][0] == "2"
    assert orders[2] == orders[3] == ["3", "2", "1"]
    assert orders[4] == ["1", "2", "3"], "an unknown p comes last"
    assert orders[5] == ["1", "3", "2"]
    table.sortByColumn(5, Qt.SortOrder.DescendingOrder)
    assert column(table, 0) == ["2", "3", "1"]


def test_the_order_is_told_and_kept_for_new_findings(qtbot: QtBot, table: FindingsTable) -> None:
    with qtbot.waitSignal(table.ordered) as caught:
        table.sortByColumn(5, Qt.SortOrder.DescendingOrder)
    assert [one.number for one in caught.args[0]] == [2, 3, 1]
    table.set_findings(FOUND[::2], 19)
    assert column(table, 0) == ["3", "1"]


def test_nothing_is_cut(qtbot: QtBot, table: FindingsTable) -> None:
    table.set_findings(FOUND * 10, 26)  # with a scroll bar
    qtbot.waitUntil(table.verticalScrollBar().isVisible)
    assert sum(table.columnWidth(number) for number in range(7)) <= table.viewport().width()
    for number in range(7):
        needed = max(table.fontMetrics().horizontalAdvance(text) for text in column(table, number))
        assert table.columnWidth(number) >= needed + 6, number


def test_letters_are_left_to_the_viewer(qtbot: QtBot) -> None:
    heard = []

    class Window(QWidget):
        def keyPressEvent(self, event: object) -> None:
            heard.append(event.key())  # type: ignore[attr-defined]

    window = Window()
    qtbot.addWidget(window)
    table = FindingsTable(window)
    table.set_findings(FOUND, 19)
    qtbot.keyClick(table, Qt.Key.Key_N)
    qtbot.keyClick(table, Qt.Key.Key_Down)
    assert heard == [Qt.Key.Key_N]
    assert table.currentIndex().isValid()
