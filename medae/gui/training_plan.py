"""What the check of the data has found: counts, problems, cost, and the use of every scan."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal  # noqa: TID253
from PySide6.QtWidgets import (  # noqa: TID253
    QAbstractItemView,
    QFormLayout,
    QHBoxLayout,
    QHeaderView,
    QProgressBar,
    QPushButton,
    QStackedWidget,
    QTableWidget,
    QVBoxLayout,
    QWidget,
)

from medae.gui import theme
from medae.gui.training_progress import duration

USES = {
    "train": "Training",
    "validation": "Validation",
    "held_out": "Held out",
    "not_used": "Not used",
    "skipped": "Not read",
}
"""What a scan is for, for people."""

_COLOURS = {
    "train": theme.SUCCESS,
    "validation": theme.ACCENT,
    "held_out": theme.ACCENT,
    "not_used": theme.WARNING,
    "skipped": theme.DIM_TEXT,
}
_HINT = (
    "Choose a folder of scans to learn from.\n\n"
    "MedAE looks through it and shows here which scans it can learn from and why not from the others, "
    "how large the model is, how much memory it needs, and how long the training takes."
)
_COLUMNS = ("Scan", "Use", "Patient", "Modality", "Size", "Remarks")
_WIDTHS = (270, 84, 62, 72, 104)


class TrainingPlan(QWidget):
    """Hint, progress, or the plan."""

    cancel = Signal()
    retry = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.hint = theme.label(_HINT, "dim")
        self.hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.hint.setMaximumWidth(460)
        self.busy = theme.label("Looking for scans…")
        self.bar = QProgressBar()
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName("Progress of the check")
        self.cancel_button = QPushButton("Cancel")
        self.cancel_button.clicked.connect(self.cancel)
        self.retry_button = QPushButton("Check again")
        self.retry_button.clicked.connect(self.retry)
        self.summary = theme.label()
        self.summary.setStyleSheet("font-size: 13pt;")
        self.warnings = theme.label()
        self.warnings.setStyleSheet(f"color: {theme.WARNING};")
        self._facts = QFormLayout()
        self.table = QTableWidget(0, len(_COLUMNS))
        self._stack = QStackedWidget()
        self._lay_out()
        self.clear()

    def clear(self, sentence: str = "") -> None:
        """Show the hint, or a sentence with the offer to check again."""
        self.hint.setText(sentence or _HINT)
        self.retry_button.setVisible(bool(sentence))
        self._stack.setCurrentIndex(0)

    def show_progress(self, fraction: float, message: str) -> None:
        """Show how far the check is."""
        self._stack.setCurrentIndex(1)
        self.bar.setValue(round(1000 * fraction))
        if message:
            self.busy.setText(message)

    def show_plan(self, plan: Mapping[str, Any]) -> None:
        """Show a plan, given as JSON values (see `medae.training.plan`)."""
        self._stack.setCurrentIndex(2)
        self.summary.setText(summary(plan))
        while self._facts.rowCount():
            self._facts.removeRow(0)
        for title, text in facts(plan):
            self._facts.addRow(theme.label(title, "dim"), theme.label(text))
        warnings = [text for text in (plan["problem"], *plan["warnings"]) if text]
        self.warnings.setText("\n".join(warnings))
        self.warnings.setVisible(bool(warnings))
        self._fill(rows(plan))

    def _fill(self, lines: Sequence[tuple[str, ...]]) -> None:
        self.table.setRowCount(len(lines))
        for row, line in enumerate(lines):
            for column, text in enumerate(line):
                is_use = column == 1
                colour = _COLOURS.get(text, "") if is_use else ""
                self.table.setItem(row, column, theme.cell(USES.get(text, text) if is_use else text, colour=colour))

    def _lay_out(self) -> None:
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._stack)
        self._stack.addWidget(_centred(self.hint, self.retry_button))
        self.busy.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.bar.setFixedWidth(360)
        self._stack.addWidget(_centred(self.busy, self.bar, self.cancel_button))
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(14, 12, 14, 12)
        column.setSpacing(theme.SPACING)
        column.addWidget(self.summary)
        self._facts.setHorizontalSpacing(16)
        self._facts.setVerticalSpacing(3)
        column.addLayout(self._facts)
        column.addWidget(self.warnings)
        column.addSpacing(4)
        column.addWidget(theme.label("SCANS", "heading"))
        column.addWidget(self.table, 1)
        self._stack.addWidget(page)
        self.table.setAccessibleName("Scans and what they are used for")
        self.table.setHorizontalHeaderLabels(_COLUMNS)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(24)
        self.table.setShowGrid(False)
        self.table.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.table.setWordWrap(False)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        header = self.table.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setHighlightSections(False)
        header.setStretchLastSection(True)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        for number, width in enumerate(_WIDTHS):
            self.table.setColumnWidth(number, width)


def summary(plan: Mapping[str, Any]) -> str:
    """Count the scans by use, in one line."""
    words = {"train": "to learn from", "validation": "for validation", "held_out": "held out", "not_used": "not used"}
    counts = [(plan["counts"].get(use, {}).get("scans", 0), word) for use, word in words.items()]
    parts = [f"{count} {word}" for count, word in counts if count]
    return "Scans: " + " · ".join(parts) if parts else "No scans"


def facts(plan: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Title and text of what is known of data and cost."""
    recipe, patch = plan["recipe"], plan["recipe"]["patch_size"]
    size = f"{patch}×{patch}" if isinstance(patch, int) else "×".join(str(n) for n in patch)
    what = "whole slices, cut or padded to" if recipe.get("whole_slices") else "patches of"
    learning = f"{what} {size}, {recipe['batch_size']} per step, at most {recipe['steps']} steps"
    return [
        ("Found", "; ".join(f"{name or 'unknown'}: {_amount(count)}" for name, count in plan["modalities"].items())),
        ("Learns from", f"{_amount(plan['counts'].get('train', {}))}; {learning}"),
        ("Parameters", f"{plan['parameters']:,}"),
        ("Memory", f"{plan['memory_mb']:,.0f} MB per training step"),
        ("Time", _time(plan)),
        ("Computes on", plan["device"]),
    ]


def _amount(count: Mapping[str, int]) -> str:
    numbers = ((count.get(key, 0), key) for key in ("patients", "scans", "slices"))
    return ", ".join(f"{n} {key[:-1] if n == 1 else key}" for n, key in numbers)


def _time(plan: Mapping[str, Any]) -> str:
    if plan.get("seconds") is None:
        return "not measured"
    step = plan["seconds_per_step"]
    return f"about {duration(plan['seconds'])}, from {step:.2g} s per step measured here"


def rows(plan: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Name, use, patient, modality, size, remarks: of the scans, then of the files that were not read."""
    lines: list[tuple[str, ...]] = []
    for scan in plan["scans"]:
        remarks = "; ".join(text for text in (scan["reason"], *scan["warnings"]) if text)
        size = "×".join(str(n) for n in scan["shape"])
        lines.append((scan["name"], scan["use"], str(scan["patient"]), scan["modality"], size, remarks))
    lines += [(Path(file["path"]).name, "skipped", "", "", "", file["reason"]) for file in plan["skipped"]]
    return lines


def _centred(*widgets: QWidget) -> QWidget:
    page = QWidget()
    column = QVBoxLayout(page)
    column.setSpacing(12)
    column.addStretch(1)
    for widget in widgets:
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(widget, 8)
        row.addStretch(1)
        column.addLayout(row)
    column.addStretch(1)
    return page
