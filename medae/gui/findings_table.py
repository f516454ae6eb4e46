"""The table of findings: one line each, sorted by any column."""

from collections.abc import Sequence
from math import isnan
from typing import Any

from PySide6.QtCore import (  # noqa: TID253
    QAbstractTableModel,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    Qt,
    Signal,
)
from PySide6.QtGui import QFontMetrics, QKeyEvent  # noqa: TID253
from PySide6.QtWidgets import QAbstractItemView, QTableView, QWidget  # noqa: TID253

from medae.gui.captions import p_text
from medae.results import Finding

_COLUMNS = {
    "#": "Number, highest peak first",
    "Side": "Whether the scan is brighter or darker there than the model expects",
    "Peak": "Largest |z|",
    "Mean": "Mean |z|",
    "p": "Chance of such a peak anywhere in a normal scan; never finer than the normal scans can tell",
    "mm³": "Volume",
    "L, P, S": "Centre in mm: to the patient's left, back and head",
}
_POINT_SIZE = 8
_COMPACT = f"""
QTableView {{ font-size: {_POINT_SIZE}pt; }}
QTableView::item {{ padding: 0; }}
QHeaderView::section {{ padding: 4px 2px; font-size: {_POINT_SIZE}pt; }}
"""
"""All columns fit into the narrow place beside the images."""
_WIDEST = ("999", "bright", "99.9", "Mean", "≤ 0.999", "99999", "L, P, S")
"""Widest text that each column is made for; the last one gets the room that is left."""
_PADDING = 11
_UNKNOWN_P = 2.0
"""Sorts a p that is not known behind all others."""


class FindingsTable(QTableView):
    """Shows findings in the order of a column that the user chooses by its head."""

    ordered = Signal(object)
    """The findings in the order of the table, where that is not the order they came in."""
    jumped = Signal(int)
    """Row that was clicked or activated."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows = _Rows(self)
        self.setModel(self._rows)
        self.setAccessibleName("Findings")
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setAlternatingRowColors(True)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setStyleSheet(_COMPACT)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(24)
        header = self.horizontalHeader()
        header.setMinimumSectionSize(20)
        header.setStretchLastSection(True)
        font = self.font()
        font.setPointSizeF(_POINT_SIZE)
        metrics = QFontMetrics(font)
        for column, widest in enumerate(_WIDEST):
            header.resizeSection(column, metrics.horizontalAdvance(widest) + _PADDING)
        header.setHighlightSections(False)
        self._rows.ordered.connect(self.ordered)
        self.sortByColumn(0, Qt.SortOrder.AscendingOrder)
        self.setSortingEnabled(True)
        header.setSortIndicatorShown(False)  # takes more room than the arrow in the head's text
        self.clicked.connect(lambda index: self.jumped.emit(index.row()))
        self.activated.connect(lambda index: self.jumped.emit(index.row()))

    def set_findings(self, findings: Sequence[Finding], scans: int) -> None:
        """List findings, with p-values against so many normal scans, in the order that the user has chosen."""
        self._rows.set_findings(findings, scans)

    def select(self, row: int) -> None:
        """Mark a row; -1 for none."""
        if row < 0:
            self.clearSelection()
            return
        flags = QItemSelectionModel.SelectionFlag
        self.selectionModel().setCurrentIndex(self._rows.index(row, 0), flags.ClearAndSelect | flags.Rows)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leave letters (N, P, H …) to the viewer; a table of numbers is not searched by typing."""
        if event.text().isalpha() and not event.modifiers():
            event.ignore()
        else:
            super().keyPressEvent(event)


class _Rows(QAbstractTableModel):
    """The findings, in the order shown."""

    ordered = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._findings: tuple[Finding, ...] = ()
        self._scans = 0
        self._column, self._order = 0, Qt.SortOrder.AscendingOrder

    def set_findings(self, findings: Sequence[Finding], scans: int) -> None:
        """Replace all rows."""
        given = tuple(findings)
        self.beginResetModel()
        self._scans = scans
        self._findings = tuple(sorted(given, key=self._key, reverse=self._order == Qt.SortOrder.DescendingOrder))
        self.endResetModel()
        if self._findings != given:
            self.ordered.emit(self._findings)

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Order the rows by a column."""
        self._column, self._order = max(column, 0), order
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(_COLUMNS) - 1)
        self.set_findings(self._findings, self._scans)

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:  # noqa: B008
        return len(self._findings)

    def columnCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:  # noqa: B008
        return len(_COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        title, tip = tuple(_COLUMNS.items())[section]
        if section == self._column:
            title += "↓" if self._order == Qt.SortOrder.AscendingOrder else "↑"
        return {Qt.ItemDataRole.DisplayRole: title, Qt.ItemDataRole.ToolTipRole: tip}.get(Qt.ItemDataRole(role))

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = 0) -> Any:
        if role == Qt.ItemDataRole.DisplayRole:
            return _texts(self._findings[index.row()], self._scans)[index.column()]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
        return None

    def _key(self, finding: Finding) -> float:
        p = _UNKNOWN_P if finding.p is None else finding.p
        values = (
            finding.number,
            finding.brighter,
            finding.max_score,
            finding.mean_score,
            p,
            finding.volume_mm3,
            finding.center_lps[2],
        )
        return float(values[self._column])


def _texts(finding: Finding, scans: int) -> tuple[str, ...]:
    """Write the cells of a row."""
    return (
        str(finding.number),
        "bright" if finding.brighter else "dark",
        _known(finding.max_score, 1),
        _known(finding.mean_score, 1),
        p_text(finding.p, scans),
        _known(finding.volume_mm3, 0),
        ", ".join(f"{at:.0f}" for at in finding.center_lps).replace("-", "−"),
    )


def _known(value: float, decimals: int) -> str:
    """Write a number; a dash for what the file that was read does not tell."""
    return "–" if isnan(value) else f"{value:.{decimals}f}"
