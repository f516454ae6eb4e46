"""What denoising did to the scan that is shown: noise, structure in what was removed, bias, edges, warnings."""

from collections.abc import Iterable

from PySide6.QtCore import Qt, Signal  # noqa: TID253
from PySide6.QtWidgets import (  # noqa: TID253
    QAbstractItemView,
    QGridLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QScrollArea,
    QStackedWidget,
    QTableWidget,
    QVBoxLayout,
    QWidget,
)

from medae.gui import theme
from medae.gui.colour_picture import ColourPicture
from medae.quality.summary import NO_WARNING, comparisons, removed, tissue_rows, verdict, warnings_and_notes
from medae.quality.trust import TrustReport

NOT_DENOISED = "Denoise the scan (Ctrl+D) to see what was changed: how much noise, and whether anatomy went with it."
NOT_MEASURED = (
    "What was changed is not measured yet. It is once the scan has been denoised here; a saved report says it."
)
_WEAKER = "Measured at full strength; the pictures show {percent} %."
_ROW_HEIGHT = 24


class TrustPanel(QWidget):
    """Shows a `TrustReport`, or says how to get one."""

    save_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        theme.paint_panel(self)
        self.trust: TrustReport | None = None
        self.setAccessibleName("Trust report")
        self.hint = theme.label(NOT_DENOISED, "dim")
        self.hint.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.weaker = theme.label("", "dim")
        self.tissues = _table()
        self.noise_map = ColourPicture("Noise map of the middle slice", "The noise map is being drawn…")
        self.save = QPushButton(theme.icon("export"), "&Save report…")
        self.save.setToolTip("Write this report as a page: PDF or HTML")
        self.save.clicked.connect(self.save_wanted)
        self._warnings, self._compared, self._removed = QVBoxLayout(), QGridLayout(), QGridLayout()
        self._verdict, self._model = theme.label(), theme.label("", "dim")
        self._stack = QStackedWidget()
        self._lay_out()
        self.show_trust(None, has_denoised=False)

    def show_trust(self, trust: TrustReport | None, *, has_denoised: bool) -> None:
        """Show a report, or the hint that fits; the noise map is taken away until `noise_map` gets one."""
        self.trust = trust
        self.save.setEnabled(has_denoised)
        self.hint.setText(NOT_MEASURED if has_denoised else NOT_DENOISED)
        self._stack.setCurrentIndex(0 if trust is None else 1)
        self.noise_map.clear()
        if trust is None:
            return
        warnings, notes = warnings_and_notes(trust)
        lines = [("warning", sentence) for sentence in warnings] or [("done", NO_WARNING)]
        _fill(self._warnings, (_line(*line) for line in (*lines, *(("info", sentence) for sentence in notes))))
        _rows(self._compared, ((c.label, f"{c.before} → {c.after}", c.meaning) for c in comparisons(trust)))
        _rows(self._removed, ((figure.label, figure.value, figure.meaning) for figure in removed(trust)))
        self._verdict.setText(verdict(trust))
        self._show_tissues(trust)
        self._model.setText(f"{trust.model} {trust.version}".strip() or "not recorded")
        self._model.setToolTip(f"SHA-256 of its weights: {trust.sha256}" if trust.sha256 else "")

    def show_strength(self, strength: float) -> None:
        """Say so where the pictures show less than what was measured."""
        self.weaker.setText(_WEAKER.format(percent=round(100 * strength)))
        self.weaker.setVisible(strength < 1.0)

    def texts(self) -> str:
        """Everything that is written in the panel, for tests and for those who cannot see it."""
        if self.trust is None:
            return self.hint.text()
        return "\n".join(label.text() for label in self._stack.findChildren(QLabel) if label.text())

    def _lay_out(self) -> None:
        inner = QWidget()
        theme.paint_panel(inner)
        column = QVBoxLayout(inner)
        column.setContentsMargins(10, 10, 10, 8)
        column.setSpacing(5)
        column.addLayout(self._warnings)
        column.addWidget(self.weaker)
        for heading, parts in (
            ("BEFORE AND AFTER", (self._compared,)),
            ("WHAT WAS REMOVED", (self._verdict, self._removed)),
            ("BIAS BY TISSUE", (self.tissues,)),
            ("NOISE OF THE ORIGINAL, LOCAL", (self.noise_map,)),
            ("MODEL", (self._model,)),
        ):
            column.addSpacing(6)
            column.addWidget(theme.label(heading, "heading"))
            for part in parts:
                column.addWidget(part) if isinstance(part, QWidget) else column.addLayout(part)
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidget(inner)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setAccessibleName("Figures of the trust report")
        empty = QWidget()
        around = QVBoxLayout(empty)
        around.setContentsMargins(10, 10, 10, 8)
        around.addWidget(self.hint, 1)
        self._stack.addWidget(empty)
        self._stack.addWidget(scroll)
        below = QHBoxLayout()
        below.setContentsMargins(10, 6, 10, 8)
        below.addWidget(self.save)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(self._stack, 1)
        outer.addWidget(theme.line())
        outer.addLayout(below)

    def _show_tissues(self, trust: TrustReport) -> None:
        rows = [(name, before, after, bias) for name, _, before, after, bias in tissue_rows(trust)]
        self.tissues.setRowCount(len(rows))
        for n, row in enumerate(rows):
            for column, text in enumerate(row):
                entry = theme.cell(text, f"Mean over {trust.tissues[n].voxels:,} voxels")
                right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
                entry.setTextAlignment(right if column else Qt.AlignmentFlag.AlignVCenter)
                self.tissues.setItem(n, column, entry)
        header = self.tissues.horizontalHeader().sizeHint().height()
        self.tissues.setFixedHeight(header + _ROW_HEIGHT * len(rows) + 4)


def _table() -> QTableWidget:
    table = QTableWidget(0, 4)
    table.setHorizontalHeaderLabels(["Tissue", "Before", "After", "Bias"])
    table.setAccessibleName("Bias by tissue")
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setAlternatingRowColors(True)
    table.setShowGrid(False)
    table.setTabKeyNavigation(False)
    table.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    table.verticalHeader().hide()
    table.verticalHeader().setDefaultSectionSize(_ROW_HEIGHT)
    header = table.horizontalHeader()
    header.setHighlightSections(False)
    header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
    for column in range(4):
        side = Qt.AlignmentFlag.AlignRight if column else Qt.AlignmentFlag.AlignLeft
        item = table.horizontalHeaderItem(column)
        assert item is not None
        item.setTextAlignment(side | Qt.AlignmentFlag.AlignVCenter)
    return table


def _line(kind: str, sentence: str) -> QWidget:
    """Line with an icon (``"warning"``, ``"done"``, ``"info"``) and a sentence."""
    line = QWidget()
    row = QHBoxLayout(line)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(8)
    icon = QLabel()
    icon.setPixmap(theme.icon(kind).pixmap(18, 18))
    icon.setAccessibleName({"warning": "Warning", "done": "No warning", "info": "Note"}[kind])
    row.addWidget(icon, 0, Qt.AlignmentFlag.AlignTop)
    row.addWidget(theme.label(sentence, "dim" if kind == "info" else ""), 1)
    return line


def _rows(grid: QGridLayout, rows: Iterable[tuple[str, str, str]]) -> None:
    """Fill a grid with pairs of a label and a value; the third text is their tip."""
    _clear(grid)
    grid.setColumnStretch(0, 1)
    for n, (name, value, tip) in enumerate(rows):
        label, shown = theme.label(name, "dim"), theme.label(value)
        shown.setWordWrap(False)
        for column, widget in enumerate((label, shown)):
            widget.setToolTip(tip)
            grid.addWidget(widget, n, column)
        shown.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)


def _fill(layout: QVBoxLayout, widgets: Iterable[QWidget]) -> None:
    _clear(layout)
    for widget in widgets:
        layout.addWidget(widget)


def _clear(layout: QVBoxLayout | QGridLayout) -> None:
    while (item := layout.takeAt(0)) is not None:
        widget = item.widget()
        if widget is not None:
            widget.setParent(None)
            widget.deleteLater()
