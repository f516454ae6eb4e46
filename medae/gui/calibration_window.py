"""Calibrate an anomaly model on normal scans of one's own: choose, watch, read what came out."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal  # noqa: TID253
from PySide6.QtGui import QKeySequence, QShortcut, QShowEvent  # noqa: TID253
from PySide6.QtWidgets import (  # noqa: TID253
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from medae import bundle
from medae.bundle import BundleInfo
from medae.gui import theme
from medae.gui.folder_list import FolderList
from medae.gui.message_bar import MessageBar
from medae.gui.tasks import Threads
from medae.gui.training_jobs import MakeWorker, WorkerLine
from medae.gui.training_setup import NAME
from medae.jobs.job import CalibrateJob
from medae.jobs.messages import Done, Failed, Message, Progress, Stopped

_PURPOSE = (
    "A heatmap says how unusual a place is among normal scans. Scanners and protocols differ: with normal scans from "
    "your own, the same model is calibrated on what is normal at your place. A copy of the model is written; "
    "the scans stay where they are."
)
_SHOWN = 5
"""Scans that were left out and are named; the others are counted."""


class CalibrationWindow(QWidget):
    """Asks for a model and normal scans, and shows what the calibration gave.

    Parameters
    ----------
    make_worker
        Makes a `medae.jobs.worker.Worker`; it gets what to call with each message.
    """

    use = Signal(str)
    """The user wants the calibrated model of this name to be used."""
    changed = Signal()
    """A model has come."""
    train = Signal(object, str)
    """The user wants to train on these paths, of this modality."""

    def __init__(self, make_worker: MakeWorker, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.setWindowTitle("Calibrate on own normal scans – MedAE")
        self.setMinimumSize(620, 560)
        theme.paint_panel(self)
        self._line, self._reading = WorkerLine(make_worker, self), Threads(1, self)
        self._number: int | None = None
        self._wanted = self._made = ""
        self.model, self.name, self.folders = QComboBox(), QLineEdit(), FolderList()
        self.bar, self.doing, self.answer = QProgressBar(), theme.label("", "dim"), theme.label()
        self.message_bar = MessageBar()
        self.start_button, self.cancel_button = QPushButton("Calibrate"), QPushButton("Cancel")
        self.use_button, self.train_button = (
            QPushButton("Use the calibrated model"),
            QPushButton("Train on these scans…"),
        )
        self._lay_out()
        self._connect()
        self._show_state()
        self.resize(680, 620)

    @property
    def is_busy(self) -> bool:
        """Whether a model is being calibrated."""
        return self._number is not None

    def refresh(self, model: str = "") -> None:
        """List the anomaly models anew; ``model`` names the one to choose."""
        self._wanted = model or str(self.model.currentData() or "")
        self._reading.start(
            lambda _: tuple(info for info in bundle.bundles() if info.task == "anomaly"),
            done=self._show_models,
            failed=lambda sentence, details: self.message_bar.say("error", sentence, details),
        )

    def start(self) -> None:
        """Calibrate the chosen model on the chosen scans."""
        if self._why_not():
            return
        self.message_bar.hide()
        self.answer.setText("")
        self._made = ""
        job = CalibrateJob(model=self.model.currentData(), paths=self.folders.paths(), name=self.name.text().strip())
        self._number = self._line.submit(job, self._hear)
        self._show_progress(0.0, "Starting…")
        self._show_state()

    def cancel(self) -> None:
        """Stop; nothing is written."""
        if self._number is not None:
            self._line.cancel(self._number)
            self.doing.setText("Stopping…")

    def shut_down(self) -> None:
        """End the thread and the worker when MedAE closes."""
        self._reading.close()
        self._line.close()

    def showEvent(self, event: QShowEvent) -> None:
        """Look for models that have come meanwhile."""
        super().showEvent(event)
        self.refresh(self._wanted)

    # what comes back

    def _hear(self, message: Message) -> None:
        match message:
            case Progress(fraction=fraction, message=text):
                self._show_progress(fraction, text)
                return
            case Done(paths=paths, answer=answer):
                self._number = None
                self._done(paths[0], answer)
            case Failed(message=text, details=details):
                self._number = None
                self.message_bar.say("error", f"{text[:1].upper()}{text[1:]}", details)
            case Stopped():
                self._number = None
                self.message_bar.say("info", "The calibration was cancelled; nothing was written.")
        self._show_state()

    def _done(self, folder: Path, facts: Any) -> None:
        self._made = folder.name
        self.answer.setText("\n".join(result_lines(facts)))
        self.message_bar.say(
            "warning" if facts["warnings"] else "done", f"{folder.name} is calibrated and among your models."
        )
        self.changed.emit()

    # what is shown

    def _show_models(self, models: tuple[BundleInfo, ...]) -> None:
        wanted = self._wanted
        self.model.clear()
        for info in models:
            self.model.addItem(f"{info.title} · {', '.join(info.modalities)}", info.name)
            self.model.setItemData(self.model.count() - 1, info.modalities[0], Qt.ItemDataRole.UserRole + 1)
        self.model.setCurrentIndex(max(0, self.model.findData(wanted)))
        self._show_state()

    def _show_progress(self, fraction: float, text: str) -> None:
        self.bar.setValue(round(1000 * fraction))
        self.doing.setText(text or self.doing.text())

    def _why_not(self) -> str:
        """Say what is missing; empty where the calibration can start."""
        if self.is_busy:
            return "A model is being calibrated."
        if not self.model.currentData():
            return "There is no model that maps anomalies. Train one, or import one (Models)."
        if not self.folders.paths():
            return "Add a folder of normal scans; 19 or more tell most."
        name = self.name.text().strip()
        if name and not NAME.fullmatch(name):
            return "Name: use small letters, digits and hyphens, e.g. my-model."
        return ""

    def _show_state(self) -> None:
        reason = self._why_not()
        self.bar.setVisible(self.is_busy)
        self.cancel_button.setVisible(self.is_busy)
        for choice in (self.model, self.name, self.folders):
            choice.setEnabled(not self.is_busy)
        if not self.is_busy:
            self.doing.setText(reason)
        self.start_button.setEnabled(not reason)
        self.name.setPlaceholderText(f"{self.model.currentData() or 'model'}-site")
        self.use_button.setVisible(bool(self._made))
        self.train_button.setEnabled(bool(self.folders.paths()) and not self.is_busy)

    # putting together

    def _lay_out(self) -> None:
        column = QVBoxLayout()
        column.setContentsMargins(16, 14, 16, 12)
        column.setSpacing(theme.SPACING)
        column.addWidget(theme.label(_PURPOSE, "dim"))
        column.addWidget(theme.label("MODEL", "heading"))
        form = QFormLayout()
        form.setSpacing(theme.SPACING)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for title, widget in (("Model", self.model), ("Name of the copy", self.name)):
            widget.setAccessibleName(title)
            form.addRow(title, widget)
        column.addLayout(form)
        column.addWidget(theme.label("NORMAL SCANS", "heading"))
        column.addWidget(self.folders)
        column.addWidget(self.doing)
        column.addWidget(self.bar)
        column.addWidget(self.answer)
        column.addStretch(1)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.SPACING)
        buttons.setContentsMargins(16, 8, 16, 12)
        buttons.addWidget(self.train_button)
        buttons.addStretch(1)
        for button in (self.use_button, self.cancel_button, self.start_button):
            buttons.addWidget(button)
        self.start_button.setProperty("primary", True)
        self.train_button.setToolTip("Open the training window with these folders: learns the normal anatomy itself")
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName("Progress")
        self.answer.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(self.message_bar)
        outer.addLayout(column, 1)
        outer.addWidget(theme.line())
        outer.addLayout(buttons)

    def _connect(self) -> None:
        changed: Callable[..., None] = lambda *_: self._show_state()  # noqa: E731
        self.model.currentIndexChanged.connect(changed)
        self.name.textChanged.connect(changed)
        self.folders.changed.connect(changed)
        self.start_button.clicked.connect(self.start)
        self.cancel_button.clicked.connect(self.cancel)
        self.use_button.clicked.connect(lambda: self.use.emit(self._made))
        self.train_button.clicked.connect(self._train)
        QShortcut(QKeySequence.StandardKey.Close, self, self.close)

    def _train(self) -> None:
        modality = self.model.currentData(Qt.ItemDataRole.UserRole + 1) or ""
        self.train.emit(self.folders.paths(), modality)


def result_lines(facts: dict[str, Any]) -> list[str]:
    """Say what a calibration found (see `medae.training.recalibrate`), a line each."""
    false = facts["false_findings_per_normal_scan"]
    lines = [
        f"Normal scans: {facts['calibration_scans']}",
        f"Threshold: |z| = {facts['threshold_z']:.2f}"
        + ("" if false is None else f", with {false:.1f} false regions per normal scan"),
        *(f"{warning[:1].upper()}{warning[1:]}." for warning in facts["warnings"]),
    ]
    left_out = facts["left_out"]
    if left_out:
        lines += [f"Left out: {reason}" for reason in left_out[:_SHOWN]]
        more = len(left_out) - _SHOWN
        lines += [f"… and {more} more"] if more > 0 else []
    return lines
