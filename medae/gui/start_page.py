"""What one sees first: where to drop files, sample scans, and what was open lately."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal  # noqa: TID253
from PySide6.QtWidgets import (  # noqa: TID253
    QFrame,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from medae.gui import theme
from medae.jobs.sample_scans import SAMPLES

_WIDTH = 760


class StartPage(QWidget):
    """Tells what to do while nothing is open."""

    open_files = Signal()
    open_folder = Signal()
    open_sample = Signal(str)
    open_recent = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._recent_heading = theme.label("RECENT", "heading")
        self._recent = QListWidget()
        self._recent.setMaximumHeight(132)
        self._recent.setAccessibleName("Recent files and folders")
        self._recent.itemActivated.connect(self._activated)
        self._recent.itemClicked.connect(self._activated)
        middle = QWidget()
        middle.setMaximumWidth(_WIDTH)
        column = QVBoxLayout(middle)
        column.setSpacing(theme.SPACING)
        for part in (_title(), _space(8), self._drop_zone(), _space(12)):
            column.addWidget(part)
        column.addWidget(theme.label("NO SCAN AT HAND? TRY A SAMPLE", "heading"))
        column.addLayout(self._samples())
        column.addWidget(_space(12))
        column.addWidget(self._recent_heading)
        column.addWidget(self._recent)
        outer = QHBoxLayout(self)
        outer.setContentsMargins(24, 16, 24, 16)
        outer.addStretch(1)
        sides = QVBoxLayout()
        sides.addStretch(1)
        sides.addWidget(middle)
        sides.addStretch(1)
        outer.addLayout(sides, 20)
        outer.addStretch(1)
        self.set_recent(())

    def set_recent(self, paths: Sequence[Path]) -> None:
        """List recently opened paths, newest first."""
        self._recent.clear()
        for path in paths:
            item = QListWidgetItem(theme.icon("open-folder" if path.is_dir() else "open-file"), path.name)
            item.setToolTip(str(path))
            item.setData(Qt.ItemDataRole.UserRole, path)
            self._recent.addItem(item)
        self._recent.setVisible(bool(paths))
        self._recent_heading.setVisible(bool(paths))

    def _activated(self, item: QListWidgetItem) -> None:
        self.open_recent.emit(item.data(Qt.ItemDataRole.UserRole))

    def _drop_zone(self) -> QFrame:
        zone = QFrame()
        zone.setObjectName("drop_zone")
        zone.setStyleSheet(
            f"#drop_zone {{ border: 2px dashed {theme.BORDER}; border-radius: 14px; background: {theme.PANEL}; }}"
        )
        picture = QLabel()
        picture.setPixmap(theme.icon("drop").pixmap(QSize(56, 56)))
        text = theme.label("Drop files or folders here")
        text.setStyleSheet("font-size: 14pt;")
        kinds = theme.label("DICOM series or folders · NIfTI · NRRD · MetaImage", "dim")
        files, folder = QPushButton(theme.icon("open-file"), "Open files…"), QPushButton("Open folder…")
        folder.setIcon(theme.icon("open-folder"))
        files.setProperty("primary", True)
        files.clicked.connect(self.open_files)
        folder.clicked.connect(self.open_folder)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.SPACING)
        buttons.addStretch(1)
        buttons.addWidget(files)
        buttons.addWidget(folder)
        buttons.addStretch(1)
        column = QVBoxLayout(zone)
        column.setContentsMargins(24, 22, 24, 22)
        column.setSpacing(theme.SPACING)
        for part in (picture, text, kinds):
            part.setAlignment(Qt.AlignmentFlag.AlignCenter)
            column.addWidget(part)
        column.addSpacing(6)
        column.addLayout(buttons)
        return zone

    def _samples(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(theme.SPACING)
        for name, title in SAMPLES.items():
            card = QToolButton()
            card.setText(title)
            card.setIcon(theme.icon(f"sample-{name}"))
            card.setIconSize(QSize(44, 44))
            card.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
            card.setMinimumHeight(96)
            card.setSizePolicy(card.sizePolicy().Policy.Expanding, card.sizePolicy().Policy.Fixed)
            card.setStyleSheet(
                f"QToolButton {{ background: {theme.PANEL}; border: 1px solid {theme.BORDER}; border-radius: 10px;"
                f" padding: 8px; }} QToolButton:hover, QToolButton:focus {{ border-color: {theme.ACCENT}; }}"
            )
            card.setToolTip("A computed phantom with noise, made on this computer; opens like a real DICOM series")
            card.setObjectName(f"sample_{name}")
            card.clicked.connect(lambda _=False, name=name: self.open_sample.emit(name))
            row.addWidget(card)
        return row


def _title() -> QWidget:
    widget = QWidget()
    picture = QLabel()
    picture.setPixmap(theme.icon("medae").pixmap(QSize(52, 52)))
    words = QVBoxLayout()
    words.setSpacing(2)
    words.addWidget(theme.label("MedAE", "title"))
    words.addWidget(theme.label("Denoise scans, map anomalies, compare side by side, send back as DICOM.", "dim"))
    row = QHBoxLayout(widget)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(16)
    row.addWidget(picture)
    row.addLayout(words, 1)
    return widget


def _space(height: int) -> QWidget:
    widget = QWidget()
    widget.setFixedHeight(height)
    return widget
