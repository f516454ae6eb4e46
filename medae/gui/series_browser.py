"""The list of series on the left: thumbnail, what it is, its size, and what to beware of."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal  # noqa: TID253
from PySide6.QtGui import QColor, QImage, QPainter, QPixmap  # noqa: TID253
from PySide6.QtWidgets import (  # noqa: TID253
    QListWidget,
    QListWidgetItem,
    QMenu,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from medae.gui import theme
from medae.gui.thumbnail import SIZE
from medae.volume import Source

if TYPE_CHECKING:
    from medae.readers import Skipped

_TITLE = Qt.ItemDataRole.UserRole
_FACTS = Qt.ItemDataRole.UserRole + 1
_PICTURE = Qt.ItemDataRole.UserRole + 2
_BADGE = Qt.ItemDataRole.UserRole + 3
_UNEVEN = Qt.ItemDataRole.UserRole + 4
_ROW = SIZE + 16

MOST_SKIPPED = 200
"""More files that could not be read are only counted."""


class SeriesBrowser(QWidget):
    """All series found, and below them the files that could not be read, with their reasons."""

    chosen = Signal(int)
    rearranged = Signal(str, list)
    """What is wanted (a key of `medae.readers.choices.arranged`), and of which rows."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        theme.paint_panel(self)
        self._unread = 0
        self.list = QListWidget()
        self.list.setAccessibleName("Series")
        self.list.setItemDelegate(_Rows(self.list))
        self.list.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self.list.setSelectionMode(QListWidget.SelectionMode.ExtendedSelection)
        self.list.currentRowChanged.connect(self._row_changed)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.list.customContextMenuRequested.connect(lambda place: self.menu().exec(self.list.mapToGlobal(place)))
        self._hint = theme.label("No series yet.\nDrop files or folders anywhere on the window.", "dim")
        self._hint.setContentsMargins(12, 12, 12, 12)
        self._skipped_heading = theme.label("", "heading")
        self._skipped_heading.setContentsMargins(10, 6, 10, 2)
        self.skipped = QListWidget()
        self.skipped.setAccessibleName("Files that could not be read")
        self.skipped.setWordWrap(True)
        self.skipped.setMaximumHeight(170)
        column = QVBoxLayout(self)
        column.setContentsMargins(4, 4, 4, 4)
        column.setSpacing(4)
        for part, stretch in ((self._hint, 0), (self.list, 1), (self._skipped_heading, 0), (self.skipped, 0)):
            column.addWidget(part, stretch)
        self._skipped_heading.hide()
        self.skipped.hide()

    def add(self, source: Source) -> None:
        """Append a series."""
        self._hint.hide()
        item = QListWidgetItem()
        self.list.blockSignals(True)
        self.list.addItem(item)
        self.list.blockSignals(False)
        self.describe(self.list.count() - 1, source)

    def describe(self, row: int, source: Source, growing: bool = False) -> None:
        """Write what is known of a series; one that is ``growing`` is still being found."""
        from medae.readers.geometry import UNEVEN  # the readers are there: they have found the series

        item = self.list.item(row)
        slices, rows, columns = source.shape
        more = " …" if growing else ""
        facts = f"{source.modality or 'Modality unknown'}\n{columns} × {rows} × {slices}{more}"
        title = source.description or f"Series {source.series_number or row + 1}"
        item.setData(_TITLE, title)
        item.setData(_FACTS, facts)
        item.setData(_BADGE, len(source.warnings))
        item.setData(_UNEVEN, any(sentence.startswith(UNEVEN) for sentence in source.warnings))
        warnings = "".join(f"\n⚠ {sentence}" for sentence in source.warnings)
        item.setToolTip(f"{title}{warnings}")
        item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{title}, {facts}".replace("\n", ", "))

    def set_thumbnail(self, row: int, image: QImage) -> None:
        """Show a series' picture."""
        self.list.item(row).setData(_PICTURE, QPixmap.fromImage(image))

    def set_current(self, row: int) -> None:
        """Mark the series that is shown, without asking for it again."""
        self.list.blockSignals(True)
        self.list.setCurrentRow(row)
        self.list.blockSignals(False)

    def menu(self) -> QMenu:
        """Offer what can be made of the rows that are selected: of one with gaps its blocks, of several one volume."""
        rows = sorted(index.row() for index in self.list.selectedIndexes())
        uneven = len(rows) == 1 and bool(self.list.item(rows[0]).data(_UNEVEN))
        menu = QMenu(self)
        for key, title, offered in (
            ("largest", "Take the largest even block of slices", uneven),
            ("single", "Take every slice by itself", uneven),
            ("merged", "Put the selected series together", len(rows) > 1),
        ):
            action = menu.addAction(title)
            action.setEnabled(offered)
            action.triggered.connect(lambda _=False, key=key: self.rearranged.emit(key, rows))
        return menu

    def add_skipped(self, skipped: "Sequence[Skipped]") -> None:
        """Append files that could not be read; of very many, the first."""
        self._unread += len(skipped)
        for each in skipped[: max(MOST_SKIPPED - self.skipped.count(), 0)]:
            item = QListWidgetItem(theme.icon("skipped"), f"{each.path.name}: {each.reason}")
            item.setToolTip(f"{each.path}\n{each.reason}")
            self.skipped.addItem(item)
        shown = f", {MOST_SKIPPED} SHOWN" if self._unread > MOST_SKIPPED else ""
        self._skipped_heading.setText(f"{self._unread} FILE{'S' * (self._unread != 1)} NOT READ{shown}")
        self._skipped_heading.show()
        self.skipped.show()

    def _row_changed(self, row: int) -> None:
        if row >= 0:
            self.chosen.emit(row)


class _Rows(QStyledItemDelegate):
    """Draws one series: picture, title in two lines at most, facts, warning badge."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(180, _ROW)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        super().paint(painter, option, index)
        area: QRect = option.rect.adjusted(6, 8, -8, -8)  # type: ignore[attr-defined]
        painter.save()
        box = QRect(area.left(), area.top(), SIZE, SIZE)
        painter.fillRect(box, QColor("#000000"))
        picture = index.data(_PICTURE)
        if picture is not None:
            shift = (SIZE - picture.width()) // 2, (SIZE - picture.height()) // 2
            painter.drawPixmap(box.left() + shift[0], box.top() + shift[1], picture)
        words = area.adjusted(SIZE + 10, 0, 0, 0)
        painter.setPen(QColor(theme.TEXT))
        line = painter.fontMetrics().lineSpacing()
        title = QRect(words.left(), words.top(), words.width(), 2 * line)
        painter.drawText(title, Qt.TextFlag.TextWordWrap, index.data(_TITLE) or "")
        painter.setPen(QColor(theme.DIM_TEXT))
        painter.drawText(words.adjusted(0, 2 * line + 6, 0, 0), Qt.AlignmentFlag.AlignLeft, index.data(_FACTS) or "")
        if index.data(_BADGE):
            theme.icon("warning").paint(painter, QRect(area.right() - 17, area.bottom() - 17, 18, 18))
        painter.restore()
