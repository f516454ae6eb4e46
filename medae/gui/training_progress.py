"""One run, live: loss terms, reconstructions, how far it is, and what can be done with it."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal  # noqa: TID253
from PySide6.QtGui import QImage, QPixmap, QResizeEvent  # noqa: TID253
from PySide6.QtWidgets import (  # noqa: TID253
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from medae.gui import theme
from medae.gui.line_chart import COLOURS, Line, LineChart
from medae.gui.training_records import STATES, RunRecord

_NO_CURVE = "The loss appears here after the first epoch."
_NO_PICTURE = "Reconstructions appear here after the first epoch:\ninput, reconstruction and target of a few patches."


class TrainingProgress(QWidget):
    """Shows one run; the signals carry its name."""

    pause = Signal(str)
    resume = Signal(str)
    finish = Signal(str)
    discard = Signal(str)
    use = Signal(str)
    open_folder = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = ""
        self._doing: dict[str, str] = {}
        self.title = theme.label()
        self.title.setStyleSheet("font-size: 13pt;")
        self.state = theme.label("", "dim")
        self.facts = theme.label("", "dim")
        self.bar = QProgressBar()
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName("Progress of the training")
        self.chart = LineChart(_NO_CURVE)
        self.log = QCheckBox("Logarithmic")
        self.log.toggled.connect(self.chart.set_log)
        self.picture = Picture(_NO_PICTURE)
        self.buttons = {
            "pause": QPushButton("Pause"),
            "resume": QPushButton("Resume"),
            "finish": QPushButton("Finish now"),
            "use": QPushButton("Use this model now"),
            "open_folder": QPushButton("Open folder"),
            "discard": QPushButton("Discard…"),
        }
        tips = {
            "pause": "Store the run and stop; it can be resumed",
            "resume": "Go on where the run stopped",
            "finish": "Stop at the next step and keep the model as it is",
            "use": "Denoise or detect with this model in the main window",
            "open_folder": "Open the folder of the model, or of the run where there is none yet",
            "discard": "Delete the run; a finished model stays in the library",
        }
        for key, button in self.buttons.items():
            button.setToolTip(tips[key])
            button.clicked.connect(lambda _=False, key=key: getattr(self, key).emit(self._name))
        for key in ("resume", "use"):
            self.buttons[key].setProperty("primary", True)
        self._lay_out()

    def show_waiting(self, name: str) -> None:
        """Show a run that has begun and has no folder yet."""
        if name != self._name:
            self.picture.set_image(None)
        self._name = name
        self.title.setText(name)
        self.state.setText("Starting")
        self.facts.setText("")
        self.chart.show_lines(())
        self._offer({"pause"})

    def show_record(self, record: RunRecord, *, is_ours: bool) -> None:
        """Show what the disk says of a run; ``is_ours`` if it is trained by this window."""
        if record.name != self._name:
            self._name = record.name
            self.picture.set_image(None)
            self.bar.setValue(0)
        self.title.setText(record.name)
        is_alive = is_ours or record.state == "running"
        doing = self._doing.get(record.name, "Starting…") if is_ours else STATES[record.state]
        self.state.setText(record.message if record.state == "failed" and not is_ours else doing)
        self.bar.setVisible(is_alive)
        if not is_ours:
            self.bar.setValue(round(1000 * record.step / max(1, record.steps)))
        self.facts.setText(facts(record, is_alive))
        self.chart.set_hint(_NO_CURVE if is_alive else "This run has ended before its first epoch.")
        self.chart.show_lines(loss_lines(record))
        offered = {"open_folder"}
        if is_alive:
            offered |= {"finish"} | ({"pause"} if is_ours else set())
        else:
            offered |= {"discard"}
            offered |= {"resume"} if record.can_resume else set()
            offered |= {"use"} if record.state == "finished" and record.bundle is not None else set()
        self._offer(offered)

    def show_progress(self, name: str, fraction: float, message: str) -> None:
        """Show what the worker says of the run that is trained here."""
        if message:
            self._doing[name] = message
        if name == self._name:
            self.bar.show()
            self.bar.setValue(round(1000 * fraction))
            if message:
                self.state.setText(message)

    def _offer(self, keys: set[str]) -> None:
        for key, button in self.buttons.items():
            button.setVisible(key in keys)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 12, 14, 12)
        column.setSpacing(theme.SPACING)
        head = QHBoxLayout()
        head.setSpacing(theme.SPACING)
        head.addWidget(self.title, 1)
        for button in self.buttons.values():
            head.addWidget(button)
        column.addLayout(head)
        column.addWidget(self.bar)
        column.addWidget(self.state)
        column.addWidget(self.facts)
        left = QWidget()
        inside = QVBoxLayout(left)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(4)
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 8, 0)
        row.addWidget(theme.label("LOSS", "heading"), 1)
        row.addWidget(self.log)
        inside.addLayout(row)
        inside.addWidget(self.chart, 1)
        right = QWidget()
        beside = QVBoxLayout(right)
        beside.setContentsMargins(0, 0, 0, 0)
        beside.setSpacing(4)
        heading = theme.label("INPUT · RECONSTRUCTION · TARGET", "heading")
        heading.setFixedHeight(self.log.sizeHint().height())
        beside.addWidget(heading)
        beside.addWidget(self.picture, 1)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setChildrenCollapsible(False)
        split.setHandleWidth(10)
        split.addWidget(left)
        split.addWidget(right)
        split.setSizes([560, 340])
        column.addWidget(split, 1)


class Picture(QLabel):
    """An image as large as fits, in its own proportions; without one, a hint."""

    def __init__(self, hint: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._hint = hint
        self._image: QImage | None = None
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setWordWrap(True)
        self.setMinimumSize(180, 120)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        self.setStyleSheet(f"background: {theme.BACKGROUND}; color: {theme.DIM_TEXT};")
        self.setAccessibleName("Reconstructions")
        self.set_image(None)

    @property
    def image(self) -> QImage | None:
        """What is shown."""
        return self._image

    def set_image(self, image: QImage | None) -> None:
        """Show another image, or the hint."""
        self._image = image
        if image is None:
            self.setText(self._hint)
        else:
            self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the image into the new size."""
        super().resizeEvent(event)
        if self._image is not None:
            self._fit()

    def _fit(self) -> None:
        assert self._image is not None
        size = self.size() * self.devicePixelRatioF()
        keep, smooth = Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        pixmap = QPixmap.fromImage(self._image.scaled(size, keep, smooth))
        pixmap.setDevicePixelRatio(self.devicePixelRatioF())
        self.setPixmap(pixmap)


def loss_lines(record: RunRecord) -> tuple[Line, ...]:
    """Total, each term where there are several, and validation, over steps."""
    history = record.history
    steps = [line["step"] for line in history]
    lines = [Line("total", steps, [line["loss"] for line in history], COLOURS[0])]
    names = list(dict.fromkeys(name for line in history for name in line.get("terms", {})))
    if len(names) > 1:
        for n, name in enumerate(names):
            values = [line.get("terms", {}).get(name, float("nan")) for line in history]
            lines.append(Line(name, steps, values, COLOURS[2 + n % (len(COLOURS) - 2)], width=1.5))
    judged = [line for line in history if line.get("validation")]
    if judged:
        lines.append(
            Line(
                "validation",
                [line["step"] for line in judged],
                [line["validation"]["loss"] for line in judged],
                COLOURS[1],
                dashed=True,
            )
        )
    return tuple(lines) if history else ()


def facts(record: RunRecord, is_alive: bool) -> str:
    """Say in one line how far a run is, how fast, on what."""
    parts = [f"Step {record.step} of {record.steps}"]
    remaining, pace = record.remaining(record.step), record.samples_per_second
    if is_alive and remaining is not None:
        parts.append(f"{duration(remaining)} left")
    elif record.history:
        parts.append(f"{duration(record.history[-1]['seconds'])} of training")
    if pace is not None:
        parts.append(f"{pace:.3g} patches/s")
    if record.best_validation is not None:
        parts.append(f"best validation loss {record.best_validation:.5g}")
    if record.device:
        parts.append(record.device)
    return " · ".join(parts)


def duration(seconds: float) -> str:
    """Write a duration for people."""
    whole = max(1, round(seconds))
    units: Sequence[tuple[int, str]] = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))
    for n, (size, unit) in enumerate(units):
        if whole >= size:
            first, rest = divmod(whole, size)
            if n + 1 == len(units):
                return f"{first} {unit}"
            smaller, name = units[n + 1]
            return f"{first} {unit} {rest // smaller} {name}" if rest // smaller else f"{first} {unit}"
    return "1 s"
