"""What is sent and what was received, as two tables; the listener's switch above the second."""

import time
from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal  # noqa: TID253
from PySide6.QtWidgets import (  # noqa: TID253
    QAbstractItemView,
    QCheckBox,
    QHBoxLayout,
    QHeaderView,
    QPushButton,
    QTableWidget,
    QVBoxLayout,
    QWidget,
)

from medae.gui import theme
from medae.pacs.send_queue import Batch
from medae.pacs.spool import Arrival

_SENT = ("To", "What", "State", "Sent", "Since", "Remarks")
_RECEIVED = ("From", "State", "Since", "Remarks")
_COLOURS = {"failed": theme.ERROR, "retrying": theme.WARNING, "kept": theme.WARNING}


class PacsQueue(QWidget):
    """The send queue above, pushed series below."""

    retry = Signal(object)
    remove = Signal(object)
    open_series = Signal(object)
    """Folder of a pushed series."""
    send_files = Signal()
    send_folder = Signal()
    listen = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._batches: tuple[Batch, ...] = ()
        self._arrivals: tuple[Arrival, ...] = ()
        self.sent = _table(_SENT, "Send queue", (130, 260, 90, 110, 130))
        self.received = _table(_RECEIVED, "Pushed series", (180, 120, 130))
        self.switch = QCheckBox("Listen: a PACS can push to MedAE")
        self.state = theme.label("", "dim")
        names = {"files": "Send files…", "folder": "Send folder…", "retry": "Try again", "remove": "Remove"}
        self.buttons = {name: QPushButton(text) for name, text in names.items()}
        names = {"open": "Open", "again": "Process again", "delete": "Delete"}
        self.below = {name: QPushButton(text) for name, text in names.items()}
        self._lay_out()
        self._connect()
        self._update()

    def show_state(self, batches: Sequence[Batch], arrivals: Sequence[Arrival]) -> None:
        """Show what the queue and the spool hold; what is selected stays selected."""
        batch, arrival = self._batch(), self._arrival()
        self._batches, self._arrivals = tuple(reversed(batches)), tuple(arrivals)
        self.sent.setRowCount(len(self._batches))
        for row, one in enumerate(self._batches):
            total = one.waiting + one.sent + one.refused
            texts = (one.node, one.title, one.state, f"{one.sent} of {total}", _clock(one.added), one.message)
            _fill(self.sent, row, texts, 2, one.state)
        self.received.setRowCount(len(self._arrivals))
        for row, arrived in enumerate(self._arrivals):
            _fill(
                self.received,
                row,
                (arrived.calling, arrived.state, _clock(arrived.changed), arrived.message),
                1,
                arrived.state,
            )
        if batch is not None:
            _select(self.sent, [one.id for one in self._batches], batch.id)
        if arrival is not None:
            _select(self.received, [one.key for one in self._arrivals], arrival.key)
        self._update()

    def show_listener(self, state: str, text: str) -> None:
        """Show whether the listener is on."""
        self.switch.blockSignals(True)
        self.switch.setChecked(state in ("on", "starting"))
        self.switch.blockSignals(False)
        self.state.setText(text)
        self.state.setStyleSheet(f"color: {theme.ERROR};" if state == "failed" else "")

    def _batch(self) -> Batch | None:
        row = self.sent.currentRow()
        return self._batches[row] if 0 <= row < len(self._batches) and self.sent.selectedItems() else None

    def _arrival(self) -> Arrival | None:
        row = self.received.currentRow()
        return self._arrivals[row] if 0 <= row < len(self._arrivals) and self.received.selectedItems() else None

    def _update(self) -> None:
        batch, arrival = self._batch(), self._arrival()
        self.buttons["retry"].setEnabled(batch is not None and batch.state != "sent")
        self.buttons["remove"].setEnabled(batch is not None)
        is_idle = arrival is not None and arrival.state not in ("receiving", "processing")
        self.below["open"].setEnabled(arrival is not None)
        self.below["again"].setEnabled(is_idle)
        self.below["delete"].setEnabled(is_idle)

    def _connect(self) -> None:
        self.sent.itemSelectionChanged.connect(self._update)
        self.received.itemSelectionChanged.connect(self._update)
        self.buttons["files"].clicked.connect(self.send_files)
        self.buttons["folder"].clicked.connect(self.send_folder)
        self.buttons["retry"].clicked.connect(lambda: self.retry.emit(self._batch()))
        self.buttons["remove"].clicked.connect(lambda: self.remove.emit(self._batch()))
        self.below["again"].clicked.connect(lambda: self.retry.emit(self._arrival()))
        self.below["delete"].clicked.connect(lambda: self.remove.emit(self._arrival()))
        self.below["open"].clicked.connect(self._open)
        self.switch.toggled.connect(self.listen)

    def _open(self) -> None:
        arrival = self._arrival()
        if arrival is not None:
            self.open_series.emit(arrival.folder)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 14, 14, 12)
        column.setSpacing(theme.SPACING)
        column.addWidget(theme.label("TO BE SENT AND SENT", "heading"))
        column.addWidget(self.sent, 3)
        column.addLayout(_row(self.buttons))
        column.addSpacing(6)
        column.addWidget(theme.label("PUSHED TO MEDAE", "heading"))
        above = QHBoxLayout()
        above.addWidget(self.switch)
        above.addWidget(self.state, 1)
        column.addLayout(above)
        column.addWidget(self.received, 2)
        column.addLayout(_row(self.below))


def _table(titles: Sequence[str], name: str, widths: Sequence[int]) -> QTableWidget:
    table = QTableWidget(0, len(titles))
    table.setHorizontalHeaderLabels(list(titles))
    table.setAccessibleName(name)
    table.verticalHeader().hide()
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setShowGrid(False)
    header = table.horizontalHeader()
    header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
    header.setStretchLastSection(True)
    header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    for column, width in enumerate(widths):
        header.resizeSection(column, width)
    return table


def _fill(table: QTableWidget, row: int, texts: Sequence[str], state_column: int, state: str) -> None:
    for column, text in enumerate(texts):
        table.setItem(row, column, theme.cell(text, "", _COLOURS.get(state, "") if column == state_column else ""))


def _select(table: QTableWidget, names: Sequence[str], name: str) -> None:
    if name in names:
        table.selectRow(names.index(name))


def _row(buttons: dict[str, QPushButton]) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(theme.SPACING)
    for button in buttons.values():
        row.addWidget(button)
    row.addStretch(1)
    return row


def _clock(seconds: float) -> str:
    return time.strftime("%d %b, %H:%M", time.localtime(seconds))
