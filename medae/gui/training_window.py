"""The training window: set-up on the left, check of the data or the run on the right, all runs below."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from PySide6.QtCore import Qt, QUrl, Signal  # noqa: TID253
from PySide6.QtGui import QCloseEvent, QDesktopServices, QImage, QShowEvent  # noqa: TID253
from PySide6.QtWidgets import (  # noqa: TID253
    QHBoxLayout,
    QMessageBox,
    QSplitter,
    QStackedWidget,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from medae.gui import theme, training_families
from medae.gui.message_bar import MessageBar
from medae.gui.training_compare import TrainingCompare
from medae.gui.training_families import FamilyInfo
from medae.gui.training_jobs import MakeWorker, TrainingJobs
from medae.gui.training_plan import TrainingPlan
from medae.gui.training_progress import TrainingProgress
from medae.gui.training_records import RunRecord
from medae.gui.training_runs import TrainingRuns
from medae.gui.training_setup import NAME, TrainingSetup
from medae.gui.training_watch import TrainingWatch
from medae.runs import Run

_SETUP_WIDTH = 330


class TrainingWindow(QWidget):
    """Plans, trains, watches and compares; what it shows of runs is read from their folders.

    Parameters
    ----------
    make_worker
        Makes a `medae.jobs.worker.Worker`; it gets what to call with each message.
    """

    model_ready = Signal(str)
    """The user wants to use the model of this name now."""

    def __init__(self, make_worker: MakeWorker, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.setWindowTitle("Train a model – MedAE")
        self.setMinimumSize(1000, 680)
        theme.paint_panel(self)
        self.jobs, self.watch = TrainingJobs(make_worker, self), TrainingWatch(self)
        self.setup, self.plan, self.runs = TrainingSetup(), TrainingPlan(), TrainingRuns()
        self.progress, self.compare = TrainingProgress(), TrainingCompare()
        self.message_bar = MessageBar()
        self.tabs, self.right = QTabWidget(), QStackedWidget()
        self._plan: dict[str, Any] | None = None
        self._problem = ""
        self._has_asked = False
        self._lay_out()
        self._connect()
        self.setup.set_families(training_families.cached())
        self._show_ready()
        self.resize(1280, 800)

    @property
    def is_training(self) -> bool:
        """Whether this window trains a model now."""
        return self.jobs.training is not None

    def learn_normal(self, paths: Sequence[Path], modality: str = "") -> None:
        """Fill the form in for a model that finds anomalies, trained on these normal scans."""
        self.tabs.setCurrentIndex(0)
        self.setup.propose(paths, "anomaly", modality)

    def may_close(self, parent: QWidget | None = None) -> bool:
        """Ask before MedAE is closed during a training; without a training the answer is yes."""
        if not self.is_training:
            return True
        answer = QMessageBox.question(
            parent or self,
            "A model is being trained",
            f"{self.jobs.training} is still being trained. If you close MedAE it is paused; "
            "open the training window again to resume it.",
            QMessageBox.StandardButton.Close | QMessageBox.StandardButton.Cancel,
            QMessageBox.StandardButton.Cancel,
        )
        return answer == QMessageBox.StandardButton.Close

    def shut_down(self) -> None:
        """End threads and workers when MedAE closes; a training is paused."""
        self.watch.close()
        self.jobs.close()

    # events

    def showEvent(self, event: QShowEvent) -> None:
        """Watch the runs while the window is seen."""
        super().showEvent(event)
        self.watch.start()
        if not self._has_asked:
            self._has_asked = True
            self.jobs.ask_families()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Only hide: a training goes on."""
        self.watch.stop()
        event.accept()

    # putting together

    def _lay_out(self) -> None:
        self.right.addWidget(self.progress)
        self.right.addWidget(self.compare)
        self.tabs.addTab(self.plan, "New model")
        self.tabs.addTab(self.right, "Runs")
        self.tabs.setDocumentMode(True)
        self.tabs.tabBar().setDrawBase(False)
        self.tabs.setTabEnabled(1, False)
        split = QSplitter(Qt.Orientation.Vertical)
        split.setChildrenCollapsible(False)
        split.setHandleWidth(6)
        split.addWidget(self.tabs)
        split.addWidget(self.runs)
        split.setSizes([560, 200])
        split.setStretchFactor(0, 1)
        self.setup.setFixedWidth(_SETUP_WIDTH)
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(self.setup)
        row.addWidget(split, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.message_bar)
        column.addLayout(row, 1)

    def _connect(self) -> None:
        self.setup.settled.connect(self._check)
        self.setup.name_changed.connect(self._show_ready)
        self.setup.start.connect(self._start)
        self.plan.cancel.connect(self.jobs.cancel_plan)
        self.plan.retry.connect(self._check)
        self.jobs.families.connect(self._has_families)
        self.jobs.plan_progress.connect(self.plan.show_progress)
        self.jobs.planned.connect(self._has_plan)
        self.jobs.plan_failed.connect(self._plan_failed)
        self.jobs.train_progress.connect(self.progress.show_progress)
        self.jobs.train_ended.connect(self._train_ended)
        self.watch.changed.connect(self._has_records)
        self.watch.preview_changed.connect(self._has_preview)
        self.watch.problem.connect(lambda sentence, details: self.message_bar.say("error", sentence, details))
        self.runs.selected.connect(self._show_selected)
        self.tabs.currentChanged.connect(self._select_some)
        self.progress.pause.connect(self.jobs.pause)
        self.progress.resume.connect(self._resume)
        self.progress.finish.connect(lambda name: Run.named(name).ask_to_finish())
        self.progress.discard.connect(self._discard)
        self.progress.use.connect(self.model_ready)
        self.progress.open_folder.connect(self._open_folder)

    def _has_families(self, families: tuple[FamilyInfo, ...]) -> None:
        self.setup.set_families(families)
        training_families.keep(families)

    # planning

    def _check(self) -> None:
        """Have the data looked at, as they are chosen now."""
        self._plan, self._problem = None, ""
        try:
            job = self.setup.job()
        except ValidationError as error:
            self._plan_failed(str(error.errors()[0]["msg"]), "")
            return
        except ValueError as error:
            self._plan_failed(str(error), "")
            return
        if job is None:
            self.jobs.cancel_plan()
            self.plan.clear()
        else:
            self.tabs.setCurrentIndex(0)
            self.jobs.plan(job)
        self._show_ready()

    def _has_plan(self, plan: dict[str, Any]) -> None:
        self._plan = plan
        self.plan.show_plan(plan)
        self.setup.set_modalities([name for name in plan["modalities"] if name])
        self.setup.propose_name(self._free_name(plan["recipe"]["name"]))
        self._show_ready()

    def _plan_failed(self, sentence: str, details: str) -> None:
        """Show why there is no plan; without a sentence it was cancelled."""
        self._plan, self._problem = None, sentence
        self.plan.clear(sentence or "The check was cancelled.")
        self.plan.hint.setToolTip(details)
        self._show_ready()

    def _free_name(self, name: str) -> str:
        """Give the name, with a number where a run has it already."""
        taken = set(self.watch.records)
        tries = (name, *(f"{name}-{n}" for n in range(2, len(taken) + 3)))
        return next(candidate for candidate in tries if candidate not in taken)

    def _show_ready(self) -> None:
        """Say whether a training can start, and why not."""
        self.setup.show_ready(self._why_not())

    def _why_not(self) -> str:
        if self.is_training:
            return f"{self.jobs.training} is being trained. Pause it to start another one."
        if self.jobs.is_planning:
            return "The data are being checked…"
        if self._plan is None:
            return self._problem or "Choose a folder of scans to learn from."
        if self._plan["problem"]:
            return str(self._plan["problem"])
        name = self.setup.chosen_name()
        if not NAME.fullmatch(name):
            return "Name: use small letters, digits and hyphens, e.g. my-model."
        if name in self.watch.records:
            return f"There is a run named {name} already. Choose another name, or resume or discard that run."
        return ""

    # training

    def _start(self) -> None:
        if self._plan is not None and not self._why_not():
            self._train({**self._plan["recipe"], "name": self.setup.chosen_name()}, resume=False)

    def _resume(self, name: str) -> None:
        record = self.watch.records.get(name)
        if record is not None:
            self._train(dict(record.recipe), resume=True)

    def _train(self, recipe: dict[str, Any], *, resume: bool) -> None:
        self.message_bar.hide()
        try:
            self.jobs.train(recipe, self.setup.device.currentData(), resume=resume)
        except ValueError as error:  # pydantic's are of this kind, too
            self.message_bar.say("error", str(error))
            return
        name = str(recipe["name"])
        self.tabs.setTabEnabled(1, True)
        self.tabs.setCurrentIndex(1)
        self.right.setCurrentWidget(self.progress)
        if name in self.watch.records:
            self.runs.select([name])
        else:
            self.runs.table.clearSelection()
            self.progress.show_waiting(name)
            self.progress.show_progress(name, 0.0, "Starting…")
        self._show_ready()

    def _train_ended(self, name: str, how: str, sentence: str, details: str) -> None:
        if how == "failed":
            self.message_bar.say("error", f"{name}: {sentence}", details)
        elif how == "stopped":
            self.message_bar.say("info", f"{name} is paused. Resume it whenever you like.")
        else:
            self.message_bar.say("done", f"{name} is trained and in the library.")
        self._show_ready()
        self.watch.look()
        self._show_selected(self.runs.selection())

    def _discard(self, name: str) -> None:
        """Delete a run after asking; never one that is alive."""
        answer = QMessageBox.question(
            self,
            "Discard the run?",
            f"Delete the training run {name} with its checkpoint and curves? A finished model stays in the library.",
            QMessageBox.StandardButton.Discard | QMessageBox.StandardButton.Cancel,
            QMessageBox.StandardButton.Cancel,
        )
        if answer == QMessageBox.StandardButton.Discard and name != self.jobs.training:
            self.watch.remove(name)

    def _open_folder(self, name: str) -> None:
        record = self.watch.records.get(name)
        if record is not None:
            folder: Path = record.bundle or record.folder
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))

    # what the disk says

    def _has_records(self, records: Sequence[RunRecord]) -> None:
        self.runs.show_records(records)
        self.tabs.setTabEnabled(1, bool(records) or self.is_training)
        self._refresh(self.runs.selection())
        self._select_some()
        if self._plan is not None and not self.is_training:
            self.setup.propose_name(self._free_name(self._plan["recipe"]["name"]))
        self._show_ready()

    def _select_some(self) -> None:
        """Turn to the run that is trained, else the newest, where runs are looked at and none is selected."""
        if self.tabs.currentIndex() == 1 and not self.runs.selection():
            newest = next(iter(self.watch.records), "")
            name = self.jobs.training or newest
            if name in self.watch.records:
                self.runs.select([name])

    def _show_selected(self, names: Sequence[str]) -> None:
        """Turn to the selected runs."""
        if names:
            self.tabs.setTabEnabled(1, True)
            self.tabs.setCurrentIndex(1)
        self._refresh(names)

    def _refresh(self, names: Sequence[str]) -> None:
        """Bring the selected run or runs up to date."""
        records = [self.watch.records[name] for name in names if name in self.watch.records]
        if len(records) > 1:
            self.right.setCurrentWidget(self.compare)
            self.compare.show_records(records)
            self.watch.show_preview_of(None)
        elif records:
            self.right.setCurrentWidget(self.progress)
            self.progress.show_record(records[0], is_ours=records[0].name == self.jobs.training)
            self.watch.show_preview_of(records[0].name)

    def _has_preview(self, name: str, image: QImage) -> None:
        if self.runs.selection() == (name,):
            self.progress.picture.set_image(image)
