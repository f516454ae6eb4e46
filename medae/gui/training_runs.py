"""The list of all training runs: what each is, how far, how good."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal  # noqa: TID253
from PySide6.QtWidgets import (  # noqa: TID253
    QAbstractItemView,
    QHeaderView,
    QTableWidget,
    QVBoxLayout,
    QWidget,
)

from medae.gui import theme
from medae.gui.training_records import STATES, RunRecord
from medae.gui.training_setup import TASKS

COLUMNS = ("Name", "Family", "Purpose", "State", "Steps", "Validation loss")
_STATE = COLUMNS.index("State")
_WIDTHS = (210, 120, 150, 150, 120)
_NO_RUNS = "No training runs yet. Those of the command line (medae train) appear here, too."
_COLOURS = {
    "running": theme.ACCENT,
    "paused": theme.WARNING,
    "interrupted": theme.WARNING,
    "finished": theme.SUCCESS,
    "failed": theme.ERROR,
}


class TrainingRuns(QWidget):
    """Newest run on top; several may be selected to compare them."""

    selected = Signal(object)
    """Names of the selected runs, in the order of the list."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        theme.paint_panel(self)
        self._names: tuple[str, ...] = ()
        self.table = QTableWidget(0, len(COLUMNS))
        self.table.setAccessibleName("Training runs")
        self.table.setHorizontalHeaderLabels(COLUMNS)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(26)
        self.table.setShowGrid(False)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        header = self.table.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setHighlightSections(False)
        header.setStretchLastSection(True)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        for column, width in enumerate(_WIDTHS):
            self.table.setColumnWidth(column, width)
        self._hint = theme.label(
            "No training runs yet. Those of the command line (medae train) appear here, too.", "dim"
        )
        outer = QVBoxLayout(self)
        outer.setContentsMargins(14, 8, 14, 8)
        outer.setSpacing(4)
        outer.addWidget(theme.label("RUNS – select several to compare them", "heading"))
        outer.addWidget(self._hint)
        outer.addWidget(self.table, 1)
        outer.addStretch(0)
        self.table.hide()
        self.table.itemSelectionChanged.connect(self._tell)
        self.table.cellClicked.connect(self._tell)

    def names(self) -> tuple[str, ...]:
        """Names of all runs, in the order of the list."""
        return self._names

    def selection(self) -> tuple[str, ...]:
        """Names of the selected runs."""
        rows = sorted({index.row() for index in self.table.selectionModel().selectedRows()})
        return tuple(self._names[row] for row in rows)

    def select(self, names: Sequence[str]) -> None:
        """Select runs by name; those that are not there are left out."""
        self.table.blockSignals(True)
        self.table.clearSelection()
        model = self.table.selectionModel()
        for row, name in enumerate(self.names()):
            if name in names:
                model.select(self.table.model().index(row, 0), model.SelectionFlag.Select | model.SelectionFlag.Rows)
        self.table.blockSignals(False)
        self.selected.emit(self.selection())

    def show_records(self, records: Sequence[RunRecord]) -> None:
        """Show the runs; what is selected stays selected."""
        selection = self.selection()
        names = tuple(record.name for record in records)
        has_moved, self._names = names != self._names, names
        self._hint.setVisible(not records)
        self.table.setVisible(bool(records))
        self.table.blockSignals(True)
        self.table.setRowCount(len(records))
        for row, record in enumerate(records):
            self._fill(row, record)
        self.table.blockSignals(False)
        if has_moved:
            self.select(selection)

    def _tell(self, *_: int) -> None:
        self.selected.emit(self.selection())

    def _fill(self, row: int, record: RunRecord) -> None:
        best = record.best_validation
        texts = (
            record.name,
            str(record.recipe.get("family", "")).capitalize(),
            TASKS.get(str(record.recipe.get("task", "")), ""),
            STATES[record.state],
            f"{record.step} of {record.steps}",
            "–" if best is None else f"{best:.5g}",
        )
        for column, text in enumerate(texts):
            colour = _COLOURS[record.state] if column == _STATE else ""
            self.table.setItem(row, column, theme.cell(text, record.message, colour))
