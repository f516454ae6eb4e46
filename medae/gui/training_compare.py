"""Several runs side by side: their loss curves over each other, and a table of their last figures."""

from collections.abc import Sequence

from PySide6.QtCore import Qt  # noqa: TID253
from PySide6.QtWidgets import (  # noqa: TID253
    QAbstractItemView,
    QCheckBox,
    QHBoxLayout,
    QSplitter,
    QTableWidget,
    QVBoxLayout,
    QWidget,
)

from medae.gui import theme
from medae.gui.line_chart import COLOURS, Line, LineChart
from medae.gui.training_records import RunRecord, figures

_NOTE = "These runs differ in family or purpose: their losses measure different things; compare the models' metrics."


class TrainingCompare(QWidget):
    """One colour per run; solid is the training loss, dashed the validation loss."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.chart = LineChart("None of these runs has a loss yet.")
        self.log = QCheckBox("Logarithmic")
        self.log.toggled.connect(self.chart.set_log)
        self.table = QTableWidget()
        self.table.setAccessibleName("Figures of the compared runs")
        self.table.setShowGrid(False)
        self.table.setCornerButtonEnabled(False)
        self.table.verticalHeader().setDefaultSectionSize(24)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.table.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.note = theme.label(_NOTE, "dim")
        row = QHBoxLayout()
        row.addWidget(theme.label("LOSS – solid: training, dashed: validation", "heading"), 1)
        row.addWidget(self.log)
        upper = QWidget()
        inside = QVBoxLayout(upper)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(4)
        inside.addLayout(row)
        inside.addWidget(self.note)
        inside.addWidget(self.chart, 1)
        split = QSplitter(Qt.Orientation.Vertical)
        split.setChildrenCollapsible(False)
        split.setHandleWidth(8)
        split.addWidget(upper)
        split.addWidget(self.table)
        split.setSizes([300, 200])
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 12, 14, 12)
        column.addWidget(split)

    def show_records(self, records: Sequence[RunRecord]) -> None:
        """Show these runs."""
        lines = []
        for n, record in enumerate(records):
            colour = COLOURS[n % len(COLOURS)]
            steps = [line["step"] for line in record.history]
            lines.append(Line(record.name, steps, [line["loss"] for line in record.history], colour))
            judged = [line for line in record.history if line.get("validation")]
            values = [line["validation"]["loss"] for line in judged]
            if judged:
                name = f"{record.name} (validation)"
                lines.append(Line(name, [line["step"] for line in judged], values, colour, dashed=True))
        self.chart.show_lines(lines)
        kinds = {(record.recipe.get("family"), record.recipe.get("task")) for record in records}
        self.note.setVisible(len(kinds) > 1)
        self._show_table(records)

    def _show_table(self, records: Sequence[RunRecord]) -> None:
        found = [figures(record) for record in records]
        names = sorted(dict.fromkeys(name for entry in found for name in entry), key=lambda n: not n.startswith("loss"))
        self.table.setRowCount(len(names))
        self.table.setColumnCount(len(records))
        self.table.setVerticalHeaderLabels(names)
        for column, entry in enumerate(found):
            title = theme.cell(records[column].name, colour=COLOURS[column % len(COLOURS)])
            self.table.setHorizontalHeaderItem(column, title)
            for row, name in enumerate(names):
                self.table.setItem(row, column, theme.cell(f"{entry[name]:.5g}" if name in entry else "–"))
        self.table.resizeColumnsToContents()
        for column in range(len(records)):
            self.table.setColumnWidth(column, max(140, self.table.columnWidth(column) + 16))
