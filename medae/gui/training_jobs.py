"""What the training window asks of worker processes: the families, a plan, a training.

Questions have a worker of their own, so that the next model can be planned while one is trained.
"""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal  # noqa: TID253

from medae.gui.running_jobs import JobWorker
from medae.gui.tasks import WorkerMessages
from medae.gui.training_families import FamilyInfo, from_answer
from medae.jobs.job import AnyJob, FamiliesJob, PlanJob, TrainJob
from medae.jobs.messages import Done, Failed, Message, Progress, Stopped

MakeWorker = Callable[[Callable[[Message], None]], JobWorker]


class WorkerLine(QObject):
    """One worker, made with the first job; each job's messages go to its own listener, in the window's thread."""

    def __init__(self, make_worker: MakeWorker, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.worker: JobWorker | None = None
        self._make = make_worker
        self._listeners: dict[int, Callable[[Message], None]] = {}
        self._messages = WorkerMessages(self)
        self._messages.received.connect(self._receive, Qt.ConnectionType.QueuedConnection)
        self._is_closed = False

    def submit(self, job: AnyJob, listener: Callable[[Message], None]) -> int:
        """Queue a job and give its number."""
        if self.worker is None:
            self.worker = self._make(self._messages.post)
        number = self.worker.submit(job)
        self._listeners[number] = listener
        return number

    def cancel(self, number: int) -> None:
        """Ask a job to stop."""
        if self.worker is not None:
            self.worker.cancel(number)

    def close(self) -> None:
        """Stop the worker; nothing more is heard of it."""
        self._is_closed = True
        if self.worker is not None:
            self.worker.close()

    def _receive(self, message: Message) -> None:
        listener = self._listeners.get(message.number)
        if self._is_closed or listener is None:
            return
        if isinstance(message, Done | Failed | Stopped):
            del self._listeners[message.number]
        listener(message)


class TrainingJobs(QObject):
    """Asks for families and plans, and trains one model at a time."""

    families = Signal(object)
    """The families, a tuple of `FamilyInfo`."""
    plan_progress = Signal(float, str)
    planned = Signal(object)
    """The plan as JSON values."""
    plan_failed = Signal(str, str)
    """Sentence and details; the sentence is empty where it was cancelled."""
    train_progress = Signal(str, float, str)
    """Name of the run, fraction, and what it is doing."""
    train_ended = Signal(str, str, str, str)
    """Name of the run, ``"done"``, ``"failed"`` or ``"stopped"``, sentence, details."""

    def __init__(self, make_worker: MakeWorker, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.trainer, self.questions = WorkerLine(make_worker, self), WorkerLine(make_worker, self)
        self.training: str | None = None
        """Name of the run that is trained here now."""
        self._training_number = 0
        self._plan_number: int | None = None

    @property
    def is_planning(self) -> bool:
        """Whether a plan is being made."""
        return self._plan_number is not None

    def ask_families(self) -> None:
        """Ask for the families and their options."""
        self.questions.submit(FamiliesJob(), self._hear_families)

    def plan(self, job: PlanJob) -> None:
        """Ask for a plan; one that is being made is dropped."""
        self.cancel_plan()
        self._plan_number = self.questions.submit(job, self._hear_plan)
        self.plan_progress.emit(0.0, "Looking for scans…")

    def cancel_plan(self) -> None:
        """Drop the plan that is being made."""
        if self._plan_number is not None:
            number, self._plan_number = self._plan_number, None
            self.questions.cancel(number)
            self.plan_failed.emit("", "")

    def train(self, recipe: dict[str, Any], device: str = "auto", *, resume: bool = False) -> None:
        """Train by a recipe, given as JSON values.

        Raises
        ------
        ValueError
            The recipe makes no sense, or another model is being trained.
        """
        if self.training is not None:
            raise ValueError(f"{self.training} is being trained. Pause it first.")
        job = TrainJob.model_validate({"recipe": recipe, "device": device, "resume": resume})
        self.training = job.recipe.name
        self._training_number = self.trainer.submit(job, self._hear_training)
        self.train_progress.emit(self.training, 0.0, "Starting…")

    def pause(self) -> None:
        """Stop the training; it can be resumed."""
        if self.training is not None:
            self.trainer.cancel(self._training_number)

    def close(self) -> None:
        """Stop both workers; a training is paused."""
        self.questions.close()
        self.trainer.close()

    def _hear_families(self, message: Message) -> None:
        if not isinstance(message, Done):
            return
        try:
            found: tuple[FamilyInfo, ...] = from_answer(message.answer)
        except ValueError:
            return
        self.families.emit(found)

    def _hear_plan(self, message: Message) -> None:
        if message.number != self._plan_number:
            return
        match message:
            case Progress(fraction=fraction, message=text):
                self.plan_progress.emit(fraction, text)
                return
            case Done(answer=answer):
                self._plan_number = None
                self.planned.emit(answer)
            case Failed(message=text, details=details):
                self._plan_number = None
                self.plan_failed.emit(text, details)
            case Stopped():
                self._plan_number = None
                self.plan_failed.emit("", "")

    def _hear_training(self, message: Message) -> None:
        name = self.training
        if name is None:
            return
        match message:
            case Progress(fraction=fraction, message=text):
                self.train_progress.emit(name, fraction, text)
                return
            case Done():
                how = ("done", "", "")
            case Failed(message=text, details=details):
                how = ("failed", text, details)
            case _:
                how = ("stopped", "", "")
        self.training = None
        self.train_ended.emit(name, *how)
