"""Search in a PACS: what to look for, studies and their series, and what to fetch."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal  # noqa: TID253
from PySide6.QtWidgets import (  # noqa: TID253
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from medae.errors import SettingsError
from medae.gui import theme
from medae.pacs.query import Match, Query

_COLUMNS = ("Patient or description", "Patient ID", "Date", "Modality", "Images", "Accession number")
_MATCH = Qt.ItemDataRole.UserRole
_FIELDS = {
    "patient_name": ("Name", "Doe^John, or its beginning"),
    "patient_id": ("Patient ID", ""),
    "study_date": ("Date", "20260131, 20260101-…"),
    "modality": ("Modality", "CT, MR …"),
    "accession_number": ("Accession", ""),
    "description": ("Description", "any part of it"),
}


class PacsSearch(QWidget):
    """A form on the left, a tree of studies and series on the right."""

    search = Signal(str, object)
    """Name of the node, and the `Query`."""
    expand = Signal(str, str)
    """Name of the node, and the StudyInstanceUID whose series are wanted."""
    fetch = Signal(str, object)
    """Name of the node, and the series (`Match`) to fetch."""
    cancel = Signal()
    problem = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.nodes = QComboBox()
        self.nodes.setAccessibleName("Node")
        self.fields = {name: QLineEdit() for name in _FIELDS}
        self.search_button = QPushButton("Search")
        self.search_button.setProperty("primary", True)
        self.tree = QTreeWidget()
        self.tree.setHeaderLabels(_COLUMNS)
        self.tree.setAccessibleName("Studies and series")
        self.tree.setAlternatingRowColors(False)
        self.tree.setUniformRowHeights(True)
        self.tree.setStyleSheet("QTreeWidget::item { padding: 5px 2px; }")
        self.fetch_button = QPushButton(theme.icon("open-file"), "Fetch and open")
        self.cancel_button = QPushButton("Cancel")
        self.bar, self.doing = QProgressBar(), theme.label("", "dim")
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self._lay_out()
        self.search_button.clicked.connect(self._search)
        for field in self.fields.values():
            field.returnPressed.connect(self._search)
        self.tree.itemExpanded.connect(self._expanded)
        self.tree.itemDoubleClicked.connect(lambda item, _: self._fetch(item))
        self.tree.itemSelectionChanged.connect(self._update)
        self.fetch_button.clicked.connect(lambda: self._fetch(self.tree.currentItem()))
        self.cancel_button.clicked.connect(self.cancel)
        self.show_progress(None)

    @property
    def node(self) -> str:
        """Name of the node that is chosen; empty where there is none."""
        return self.nodes.currentText()

    def show_nodes(self, names: Sequence[str]) -> None:
        """Offer nodes; the one chosen stays chosen."""
        chosen = self.node
        self.nodes.clear()
        self.nodes.addItems(list(names))
        self.nodes.setCurrentIndex(max(0, self.nodes.findText(chosen)))
        self.doing.setText("" if names else "Add a node first, in the tab “Nodes and rules”.")
        self._update()

    def show_studies(self, found: Sequence[Match]) -> None:
        """Show what was found instead of what was there."""
        self.tree.clear()
        for study in found:
            item = _row(study)
            item.setChildIndicatorPolicy(QTreeWidgetItem.ChildIndicatorPolicy.ShowIndicator)
            self.tree.addTopLevelItem(item)
            item.setExpanded(len(found) == 1)
        self.doing.setText(f"{len(found)} {'study' if len(found) == 1 else 'studies'} found")

    def show_series(self, study: str, found: Sequence[Match]) -> None:
        """Show the series of a study below it."""
        for number in range(self.tree.topLevelItemCount()):
            item = self.tree.topLevelItem(number)
            assert item is not None
            if item.data(0, _MATCH).study_instance_uid == study and not item.childCount():
                item.addChildren([_row(one) for one in found])
                if (first := item.child(0)) is not None and self.tree.currentItem() is None:
                    self.tree.setCurrentItem(first)

    def show_progress(self, fraction: float | None, message: str = "") -> None:
        """Show how far something is; None: nothing is being done."""
        is_busy = fraction is not None
        self.bar.setVisible(is_busy)
        self.cancel_button.setVisible(is_busy)
        self.bar.setValue(round(1000 * (fraction or 0.0)))
        if message or not is_busy:
            self.doing.setText(message)
        self._update()

    def _search(self) -> None:
        if not self.search_button.isEnabled():
            return
        try:
            query = Query(**{name: field.text().strip() for name, field in self.fields.items()})
        except SettingsError as error:
            self.problem.emit(str(error))
            return
        self.search.emit(self.node, query)

    def _expanded(self, item: QTreeWidgetItem) -> None:
        found: Match = item.data(0, _MATCH)
        if found.level == "STUDY" and not item.childCount():
            self.expand.emit(self.node, found.study_instance_uid)

    def _fetch(self, item: QTreeWidgetItem | None) -> None:
        if item is not None and item.data(0, _MATCH).level == "SERIES" and self.fetch_button.isEnabled():
            self.fetch.emit(self.node, item.data(0, _MATCH))

    def _update(self) -> None:
        item = self.tree.currentItem()
        is_series = item is not None and item.data(0, _MATCH).level == "SERIES"
        is_busy = not self.bar.isHidden()
        self.search_button.setEnabled(bool(self.node) and not is_busy)
        self.fetch_button.setEnabled(is_series and not is_busy)

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setSpacing(theme.SPACING)
        form.addRow("Node", self.nodes)
        for name, (title, hint) in _FIELDS.items():
            self.fields[name].setPlaceholderText(hint)
            self.fields[name].setAccessibleName(title)
            form.addRow(title, self.fields[name])
        side = QWidget()
        side.setFixedWidth(320)
        left = QVBoxLayout(side)
        left.setContentsMargins(14, 14, 6, 12)
        left.setSpacing(theme.SPACING)
        left.addLayout(form)
        left.addWidget(self.search_button)
        left.addStretch(1)
        below = QHBoxLayout()
        below.setSpacing(theme.SPACING)
        self.bar.setFixedWidth(140)
        below.addWidget(self.bar)
        below.addWidget(self.doing, 1)
        below.addWidget(self.cancel_button)
        below.addWidget(self.fetch_button)
        right = QVBoxLayout()
        right.setContentsMargins(6, 14, 14, 12)
        right.setSpacing(theme.SPACING)
        right.addWidget(self.tree, 1)
        right.addLayout(below)
        header = self.tree.header()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setStretchLastSection(True)
        for column, width in enumerate((330, 160, 100, 90, 80, 120)):
            header.resizeSection(column, width)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(side)
        row.addLayout(right, 1)


def _row(found: Match) -> QTreeWidgetItem:
    images = "" if found.instances is None else str(found.instances)
    if found.level == "STUDY":
        title = " · ".join(text for text in (found.patient_name, found.description) if text) or "no name"
    else:
        title = " · ".join(text for text in (found.number, found.description) if text) or "series"
    texts = (title, found.patient_id, found.date, found.modality, images, found.accession_number)
    item = QTreeWidgetItem(list(texts))
    item.setToolTip(0, title)
    item.setData(0, _MATCH, found)
    return item
