"""The list of models: one's own, those that came with MedAE, and folders that cannot be used."""

from collections.abc import Sequence

from PySide6.QtCore import QItemSelectionModel, QSize, Qt, Signal  # noqa: TID253
from PySide6.QtGui import QColor  # noqa: TID253
from PySide6.QtWidgets import QAbstractItemView, QListWidget, QListWidgetItem, QWidget  # noqa: TID253

from medae.bundle import BundleInfo, Damaged
from medae.gui import theme

Entry = BundleInfo | Damaged
_ICONS = {"denoise": "denoise", "anomaly": "heatmap", "reconstruct": "window"}
_ENTRY = Qt.ItemDataRole.UserRole


class ModelList(QListWidget):
    """Several can be selected, to compare them."""

    chosen = Signal(object)
    """The selected entries, in the order of the list."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Models")
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setIconSize(QSize(22, 22))
        self.setSpacing(2)
        self.setStyleSheet("QListView::item { padding: 4px 2px; }")
        self.setWordWrap(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.itemSelectionChanged.connect(lambda: self.chosen.emit(self.entries()))

    def entries(self) -> tuple[Entry, ...]:
        """Give what is selected."""
        return tuple(item.data(_ENTRY) for item in self._items() if item.isSelected() and item.data(_ENTRY))

    def show_entries(self, entries: Sequence[Entry], select: Sequence[str] = ()) -> None:
        """Fill the list; ``select`` names what is selected, the first usable model where none of it is there."""
        groups: dict[str, list[BundleInfo | Damaged]] = {
            "YOUR MODELS": [one for one in entries if isinstance(one, BundleInfo) and not one.shipped],
            "CAME WITH MEDAE": [one for one in entries if isinstance(one, BundleInfo) and one.shipped],
            "CANNOT BE USED": [one for one in entries if isinstance(one, Damaged)],
        }
        self.blockSignals(True)
        self.clear()
        for title, members in groups.items():
            if members:
                self.addItem(_heading(title))
            for one in members:
                self.addItem(_item(one))
        self.blockSignals(False)
        self.select(select)

    def select(self, names: Sequence[str]) -> None:
        """Select the models of these names."""
        rows = [row for row, item in enumerate(self._items()) if item.data(_ENTRY) and item.data(_ENTRY).name in names]
        rows = rows or [row for row, item in enumerate(self._items()) if isinstance(item.data(_ENTRY), BundleInfo)][:1]
        self.blockSignals(True)
        self.clearSelection()
        for row in rows:
            self.item(row).setSelected(True)
        if rows:
            self.setCurrentRow(rows[0], QItemSelectionModel.SelectionFlag.NoUpdate)
            self.scrollToItem(self.item(rows[0]))
        self.blockSignals(False)
        self.chosen.emit(self.entries())

    def _items(self) -> list[QListWidgetItem]:
        return [self.item(row) for row in range(self.count())]


def _heading(title: str) -> QListWidgetItem:
    item = QListWidgetItem(title)
    item.setFlags(Qt.ItemFlag.NoItemFlags)
    font = item.font()
    font.setBold(True)
    font.setPointSizeF(8)
    item.setFont(font)
    item.setForeground(QColor(theme.DIM_TEXT))
    return item


def _item(one: Entry) -> QListWidgetItem:
    if isinstance(one, Damaged):
        item = QListWidgetItem(theme.icon("warning"), f"{one.name}\nDamaged: select it to see why")
        item.setToolTip(one.reason)
        item.setForeground(QColor(theme.WARNING))
    else:
        line = " · ".join((one.task, one.family, ", ".join(one.modalities)))
        item = QListWidgetItem(theme.icon(_ICONS[one.task]), "\n".join(dict.fromkeys((one.title, one.name, line))))
        item.setToolTip(f"{one.name} {one.version}\n{one.description}")
    item.setData(_ENTRY, one)
    return item
