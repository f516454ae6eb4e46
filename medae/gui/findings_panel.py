"""Controls of the results (strength, heatmap) and the list of findings one can step through."""

from collections.abc import Sequence
from math import isnan
from typing import Any

from PySide6.QtCore import (  # noqa: TID253
    QAbstractTableModel,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtWidgets import (  # noqa: TID253
    QAbstractItemView,
    QCheckBox,
    QHBoxLayout,
    QPushButton,
    QTableView,
    QVBoxLayout,
    QWidget,
)
from superqt import QLabeledDoubleSlider

from medae.gui import theme
from medae.gui.viewer_model import ViewerModel
from medae.results import Finding

_COLUMNS = ("#", "z max", "mean", "mm³", "LPS (mm)")
_WIDTHS = (30, 46, 46, 50)
_THRESHOLD_PAUSE = 150
"""Milliseconds after the last move of the threshold until findings are looked for again."""


class FindingsPanel(QWidget):
    """Strength, opacity, threshold, and the table of findings."""

    threshold_settled = Signal(float)

    def __init__(self, model: ViewerModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        theme.paint_panel(self)
        self.model = model
        self.strength = _slider(0.0, 1.0, 2, "How much of the denoising is shown and exported")
        self.opacity = _slider(0.0, 1.0, 2, "Opacity of the heatmap  ( [ and ] )")
        self.threshold = _slider(0.0, model.heatmap_maximum, 1, "z-score above which the heatmap shows  ( , and . )")
        self.show_heatmap = QCheckBox("Show heatmap")
        self.table = QTableView()
        self._rows = _FindingsModel(self)
        self._sorted = QSortFilterProxyModel(self)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_THRESHOLD_PAUSE)
        self._hint = theme.label("", "dim")
        self._next, self._previous = QPushButton("Next"), QPushButton("Previous")
        self._set_up_table()
        self._lay_out()
        self._connect()
        self._show_state()

    def set_findings(self, findings: Sequence[Finding]) -> None:
        """List findings, highest score first."""
        self._rows.set_findings(findings)
        self._show_state()

    def _set_up_table(self) -> None:
        self._sorted.setSourceModel(self._rows)
        self._sorted.setSortRole(Qt.ItemDataRole.UserRole)
        table = self.table
        table.setModel(self._sorted)
        table.setAccessibleName("Findings")
        table.setSortingEnabled(True)
        table.sortByColumn(0, Qt.SortOrder.AscendingOrder)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setAlternatingRowColors(True)
        table.setShowGrid(False)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(24)
        header = table.horizontalHeader()
        header.setMinimumSectionSize(30)
        for column, width in enumerate(_WIDTHS):
            header.resizeSection(column, width)
        header.setStretchLastSection(True)
        header.setHighlightSections(False)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 10, 10, 8)
        column.setSpacing(5)
        for title, slider in (
            ("Denoising strength", self.strength),
            ("Heatmap opacity", self.opacity),
            ("Heatmap threshold (z)", self.threshold),
        ):
            column.addWidget(theme.label(title, "dim"))
            column.addWidget(slider)
        column.addWidget(self.show_heatmap)
        column.addSpacing(4)
        column.addWidget(theme.line())
        head = QHBoxLayout()
        head.addWidget(theme.label("FINDINGS", "heading"), 1)
        for button, icon, tip in (
            (self._previous, "previous", "Previous finding (P)"),
            (self._next, "next", "Next finding (N)"),
        ):
            button.setText("")
            button.setIcon(theme.icon(icon))
            button.setProperty("flat", True)
            button.setToolTip(tip)
            button.setAccessibleName(tip)
            head.addWidget(button)
        column.addLayout(head)
        column.addWidget(self._hint)
        column.addWidget(self.table, 1)
        column.addStretch(0)

    def _connect(self) -> None:
        model, events = self.model, self.model.events
        self.strength.valueChanged.connect(lambda value: setattr(model, "strength", value))
        self.opacity.valueChanged.connect(lambda value: setattr(model, "heatmap_opacity", value))
        self.threshold.valueChanged.connect(lambda value: setattr(model, "heatmap_threshold", value))
        self.show_heatmap.toggled.connect(lambda on: setattr(model, "show_heatmap", on))
        self._next.clicked.connect(lambda: model.next_finding(1))
        self._previous.clicked.connect(lambda: model.next_finding(-1))
        self.table.clicked.connect(self._jump)
        self.table.activated.connect(self._jump)
        self._pause.timeout.connect(lambda: self.threshold_settled.emit(model.heatmap_threshold))
        events.strength.connect(self._show_state)
        events.heatmap_opacity.connect(self._show_state)
        events.heatmap_threshold.connect(self._threshold_changed)
        events.show_heatmap.connect(self._show_state)
        events.denoised.connect(self._show_state)
        events.anomaly_map.connect(self._show_state)
        events.findings.connect(self._findings_changed)
        events.selected_finding.connect(self._select)

    def _threshold_changed(self) -> None:
        self._show_state()
        if self.model.anomaly_map is not None:
            self._pause.start()

    def _findings_changed(self) -> None:
        self.set_findings(self.model.findings)

    def _show_state(self) -> None:
        """Show the model's values, and grey what has no effect yet."""
        model = self.model
        for slider, value in (
            (self.strength, model.strength),
            (self.opacity, model.heatmap_opacity),
            (self.threshold, model.heatmap_threshold),
        ):
            slider.blockSignals(True)
            slider.setValue(value)
            slider.blockSignals(False)
        self.show_heatmap.setChecked(model.show_heatmap)
        has_map = model.anomaly_map is not None
        self.strength.setEnabled(model.denoised is not None)
        for widget in (self.opacity, self.threshold, self.show_heatmap):
            widget.setEnabled(has_map)
        count = self._rows.rowCount()
        self.table.setVisible(count > 0)
        self._hint.setVisible(count == 0)
        self._next.setEnabled(count > 0)
        self._previous.setEnabled(count > 0)
        self._hint.setText(
            f"No region above z = {model.heatmap_threshold:.1f}. Lower the threshold to see more."
            if has_map
            else "Detect (Ctrl+T) lists regions here that look unusual to the model. Places to look at, no diagnosis."
        )

    def _jump(self, index: QModelIndex) -> None:
        self.model.go_to_finding(self._sorted.mapToSource(index).row())

    def _select(self, position: int) -> None:
        if position < 0:
            self.table.clearSelection()
            return
        index = self._sorted.mapFromSource(self._rows.index(position, 0))
        flags = QItemSelectionModel.SelectionFlag
        self.table.selectionModel().setCurrentIndex(index, flags.ClearAndSelect | flags.Rows)


class _FindingsModel(QAbstractTableModel):
    """Findings as a table; ``UserRole`` gives the number to sort by."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._findings: tuple[Finding, ...] = ()

    def set_findings(self, findings: Sequence[Finding]) -> None:
        """Replace all rows."""
        self.beginResetModel()
        self._findings = tuple(findings)
        self.endResetModel()

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:  # noqa: B008
        return len(self._findings)

    def columnCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:  # noqa: B008
        return len(_COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return _COLUMNS[section]
        return None

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = 0) -> Any:
        finding = self._findings[index.row()]
        x, y, z = finding.center_lps
        numbers = (finding.number, finding.max_score, finding.mean_score, finding.volume_mm3, z)
        if role == Qt.ItemDataRole.UserRole:
            return float(numbers[index.column()])
        if role == Qt.ItemDataRole.DisplayRole:
            texts = (
                str(finding.number),
                _known(finding.max_score, 1),
                _known(finding.mean_score, 1),
                _known(finding.volume_mm3, 0),
                f"{x:.0f}, {y:.0f}, {z:.0f}",
            )
            return texts[index.column()]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
        return None


def _known(value: float, decimals: int) -> str:
    """Write a number; a dash for what the file that was read does not tell."""
    return "–" if isnan(value) else f"{value:.{decimals}f}"


def _slider(low: float, high: float, decimals: int, tip: str) -> QLabeledDoubleSlider:
    slider = QLabeledDoubleSlider(Qt.Orientation.Horizontal)
    slider.setRange(low, high)
    slider.setDecimals(decimals)
    slider.setSingleStep(10.0**-decimals)  # type: ignore[arg-type]
    slider.setToolTip(tip)
    slider.setAccessibleName(tip)
    return slider
