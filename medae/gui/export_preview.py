"""What an export will write: names, counts, sizes, series descriptions, the first picture, warnings."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt  # noqa: TID253
from PySide6.QtGui import QImage, QPixmap  # noqa: TID253
from PySide6.QtWidgets import (  # noqa: TID253
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QTableWidget,
    QVBoxLayout,
    QWidget,
)

from medae.gui import theme
from medae.jobs.export_offer import Choice, size_text

_COLUMNS = ("Name", "Files", "About", "Series description")
_PICTURE = 176
"""Pixels of the side of the picture."""


class ExportPreview(QWidget):
    """Shows the outputs of the chosen exporters; the picture belongs to the row that is selected.

    Attributes
    ----------
    has_existing
        Whether any of the outputs shown is there already.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.table = QTableWidget(0, len(_COLUMNS))
        self.table.setHorizontalHeaderLabels(_COLUMNS)
        self.table.verticalHeader().hide()
        self.table.setShowGrid(False)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setAccessibleName("Files that will be written")
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setStretchLastSection(True)
        self.has_existing = False
        self.total = theme.label("", "dim")
        self.picture = QLabel()
        self.picture.setFixedSize(_PICTURE, _PICTURE)
        self.picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.picture.setAccessibleName("First picture")
        self.message = theme.label("")
        self.message.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._pictures: list[NDArray[np.uint8] | None] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACING)
        column.addWidget(self.table, 1)
        column.addWidget(self.total)
        row = QHBoxLayout()
        row.addWidget(self.picture)
        row.addWidget(self.message, 1)
        column.addLayout(row)
        self.table.currentCellChanged.connect(self._show_picture)

    def show_outputs(self, chosen: Sequence[Choice], folder: Path, name: str, *, anonymous: bool) -> tuple[Path, ...]:
        """List what the chosen exporters would write.

        Parameters
        ----------
        chosen
            The exporters.
        folder, name
            Where to, and the first part of the names.
        anonymous
            Whether it will be de-identified: the source's own descriptions are then left out.

        Returns
        -------
        tuple of Path
            The files and folders.
        """
        rows = [(choice, output) for choice in chosen for output in choice.outputs]
        self.table.setRowCount(len(rows))
        self._pictures = [choice.picture for choice, _ in rows]
        self.has_existing = False
        paths = []
        for number, (choice, output) in enumerate(rows):
            path = folder / output.name.format(name=name)
            paths.append(path)
            description = output.description.partition(":")[0] if anonymous else output.description
            shown = f"{path.name}/" if not path.suffix else f"{path.name}{' …' if output.files > 1 else ''}"
            exists = path.exists()
            self.has_existing |= exists
            taken = theme.WARNING if exists else ""
            tip = f"{choice.title}\n{path}{' exists already' if exists else ''}"
            for column, text in enumerate((shown, str(output.files), size_text(output.size), description)):
                self.table.setItem(number, column, theme.cell(text, tip, taken))
        files = sum(output.files for _, output in rows)
        known = sum(output.size or 0 for _, output in rows)
        unknown = " and more" if any(output.size is None for _, output in rows) else ""
        about = f", about {size_text(known)}{unknown} before compression" if known else ""
        self.total.setText(f"{files} {'file' if files == 1 else 'files'}{about}" if rows else "")
        if rows:
            self.table.selectRow(0)
        self._show_picture(self.table.currentRow())
        return tuple(paths)

    def say(self, problem: str, warnings: Sequence[str] = ()) -> None:
        """Tell what stands in the way, and what to think of before the files are shared."""
        self.message.setText("\n\n".join([problem, *warnings] if problem else warnings))
        self.message.setStyleSheet(f"color: {theme.WARNING};")

    def _show_picture(self, row: int, *_others: int) -> None:
        pixels = self._pictures[row] if 0 <= row < len(self._pictures) else None
        if pixels is None:
            self.picture.setPixmap(QPixmap())
            self.picture.setText("no picture" if self._pictures else "")
            return
        data = np.ascontiguousarray(pixels)
        image = QImage(data.data, data.shape[1], data.shape[0], 3 * data.shape[1], QImage.Format.Format_RGB888)
        mode = Qt.TransformationMode.SmoothTransformation
        scaled = image.scaled(_PICTURE, _PICTURE, Qt.AspectRatioMode.KeepAspectRatio, mode)
        self.picture.setPixmap(QPixmap.fromImage(scaled))
