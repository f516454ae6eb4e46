"""Running and finished jobs: progress, remaining time, cancel, and how each one ended."""

from PySide6.QtCore import Qt, QTimer, Signal  # noqa: TID253
from PySide6.QtWidgets import (  # noqa: TID253
    QFrame,
    QGridLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from medae.gui import theme
from medae.gui.running_jobs import JobRecord

_MOST_ROWS = 30


class JobsPanel(QScrollArea):
    """Newest job on top."""

    cancel = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: dict[int, _JobRow] = {}
        content = QWidget()
        theme.paint_panel(content)
        self._column = QVBoxLayout(content)
        self._column.setContentsMargins(8, 8, 8, 8)
        self._column.setSpacing(6)
        self._hint = theme.label("Nothing is running. Denoise, Detect and Export appear here.", "dim")
        self._column.addWidget(self._hint)
        self._column.addStretch(1)
        self.setWidget(content)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._clock = QTimer(self)
        self._clock.setInterval(1000)
        self._clock.timeout.connect(self._tick)

    def show_job(self, record: JobRecord) -> None:
        """Show a new job, or what has changed about a known one."""
        self._hint.hide()
        row = self._rows.get(record.number)
        if row is None:
            row = self._rows[record.number] = _JobRow(record)
            row.cancel.connect(self.cancel)
            self._column.insertWidget(0, row)
            self._drop_old()
        row.update_record()
        if any(row.record.is_active for row in self._rows.values()):
            self._clock.start()
        else:
            self._clock.stop()

    def _tick(self) -> None:
        for row in self._rows.values():
            row.update_record()

    def _drop_old(self) -> None:
        ended = [number for number, row in self._rows.items() if not row.record.is_active]
        for number in ended[: max(0, len(self._rows) - _MOST_ROWS)]:
            self._rows.pop(number).deleteLater()


class _JobRow(QFrame):
    cancel = Signal(object)

    def __init__(self, record: JobRecord) -> None:
        super().__init__()
        self.record = record
        self.setProperty("role", "card")
        self._icon = QLabel()
        self._title = theme.label(record.title)
        self._message = theme.label("", "dim")
        self._bar = QProgressBar()
        self._bar.setRange(0, 1000)
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(f"Progress of {record.title}")
        self._button = QPushButton("Cancel")
        self._button.setObjectName("cancel_job")
        self._button.setStyleSheet("padding: 3px 10px;")
        self._button.clicked.connect(lambda: self.cancel.emit(self.record))
        grid = QGridLayout(self)
        grid.setContentsMargins(10, 8, 10, 8)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(5)
        grid.addWidget(self._icon, 0, 0)
        grid.addWidget(self._title, 0, 1)
        grid.addWidget(self._button, 0, 2)
        grid.addWidget(self._bar, 1, 0, 1, 3)
        grid.addWidget(self._message, 2, 0, 1, 3)
        grid.setColumnStretch(1, 1)

    def update_record(self) -> None:
        """Write what the record says now."""
        record = self.record
        self._bar.setVisible(record.is_active)
        self._button.setVisible(record.is_active)
        self._icon.setVisible(not record.is_active)
        self._bar.setValue(round(1000 * record.fraction))
        if record.is_active:
            self._message.setText(_with_remaining(record))
            return
        self._icon.setPixmap(theme.icon({"failed": "error"}.get(record.state, record.state)).pixmap(18, 18))
        ended = f"{record.message} · {_duration(record.seconds)}" if record.state == "done" else record.message
        self._message.setText(f"{ended}\n{record.device}" if record.device else ended)
        self._message.setToolTip(record.details or "\n".join(str(path) for path in record.paths[:20]))


def _with_remaining(record: JobRecord) -> str:
    remaining = record.remaining
    return record.message if remaining is None else f"{record.message} · {_duration(remaining)} left"


def _duration(seconds: float) -> str:
    whole = max(1, round(seconds))
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60} s"
