"""A list of folders and files that one adds by a button or by dropping them."""

from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import QMimeData, Qt, Signal  # noqa: TID253
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent  # noqa: TID253
from PySide6.QtWidgets import (  # noqa: TID253
    QFileDialog,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from medae.gui import theme

_HEIGHT = 84


class FolderList(QWidget):
    """Paths in the order of choosing, none twice."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAcceptDrops(True)
        self.list = QListWidget()
        self.list.setAccessibleName("Folders of scans")
        self.list.setFixedHeight(_HEIGHT)
        self.list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.list.setSelectionMode(QListWidget.SelectionMode.ExtendedSelection)
        self.list.setStyleSheet(
            f"QListWidget {{ background: {theme.BACKGROUND}; border: 1px solid {theme.BORDER}; border-radius: 6px; }}"
        )
        self._hint = theme.label("Choose a folder of scans to learn from,\nor drop it here.", "dim", self.list)
        self._hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.add_button = QPushButton(theme.icon("open-folder"), "Add folder…")
        self.remove_button = QPushButton("Remove")
        self.add_button.clicked.connect(self._browse)
        self.remove_button.clicked.connect(self._remove_selected)
        self.list.itemSelectionChanged.connect(self._show_state)
        row = QHBoxLayout()
        row.setSpacing(theme.SPACING)
        row.addWidget(self.add_button, 1)
        row.addWidget(self.remove_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACING)
        column.addWidget(self.list)
        inside = QVBoxLayout(self.list)
        inside.addWidget(self._hint)
        column.addLayout(row)
        self._show_state()

    def paths(self) -> tuple[Path, ...]:
        """Give all paths."""
        return tuple(self.list.item(row).data(Qt.ItemDataRole.UserRole) for row in range(self.list.count()))

    def add(self, paths: Iterable[Path]) -> None:
        """Append those that are not there yet."""
        known = self.paths()
        new = [path for path in dict.fromkeys(paths) if path not in known]
        for path in new:
            item = QListWidgetItem(str(path))
            item.setData(Qt.ItemDataRole.UserRole, path)
            item.setToolTip(str(path))
            self.list.addItem(item)
        if new:
            self._show_state()
            self.changed.emit()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Accept files and folders."""
        if _paths(event.mimeData()):
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """Accept files and folders over the list, too."""
        event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Add what was dropped."""
        paths = _paths(event.mimeData())
        if paths:
            event.acceptProposedAction()
            self.add(paths)

    def _browse(self) -> None:
        start = str(self.paths()[-1].parent) if self.paths() else str(Path.home())
        folder = QFileDialog.getExistingDirectory(self, "Folder of scans", start)
        if folder:
            self.add([Path(folder)])

    def _remove_selected(self) -> None:
        rows = self.list.selectedItems() or [self.list.item(0)]
        for item in rows:
            self.list.takeItem(self.list.row(item))
        self._show_state()
        self.changed.emit()

    def _show_state(self) -> None:
        count = self.list.count()
        self._hint.setVisible(not count)
        self.remove_button.setEnabled(count == 1 or bool(self.list.selectedItems()))


def _paths(data: QMimeData) -> list[Path]:
    return [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
