"""What the latent window asks of its worker process, and in which order.

The map and other long answers are asked one at a time with progress and cancel. Of live questions (a slider moves)
only the newest waits: it is asked when the answer to the one before has come, so that the image follows the slider
without a queue behind it.
"""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Signal  # noqa: TID253

from medae.gui.training_jobs import MakeWorker, WorkerLine
from medae.jobs.job import LatentJob
from medae.jobs.messages import Done, Failed, Message, Progress, Stopped
from medae.jobs.questions import Question

Answered = Callable[[Any], None]


class LatentQuestions(QObject):
    """Asks about one latent space."""

    progress = Signal(float, str)
    busy = Signal(bool)
    """Whether a long question is being answered."""
    failed = Signal(str, str)
    """Sentence and details."""

    def __init__(self, make_worker: MakeWorker, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.line = WorkerLine(make_worker, self)
        self.space: LatentJob | None = None
        """Names the latent space; its question does not matter."""
        self._long: int | None = None
        self._running: dict[str, int] = {}
        self._waiting: dict[str, tuple[Question, Answered]] = {}

    @property
    def is_busy(self) -> bool:
        """Whether a long question is being answered."""
        return self._long is not None

    def ask(self, question: Question, answered: Answered, ended: Callable[[], None] | None = None) -> None:
        """Ask a long question; nothing happens while another is being answered.

        ``answered`` gets the answer; ``ended`` is called at the end in any case, also after a failure or a cancel.
        """
        if self.space is None or self.is_busy:
            return

        def listen(message: Message) -> None:
            if isinstance(message, Progress):
                self.progress.emit(message.fraction, message.message)
                return
            self._long = None
            self.busy.emit(False)
            if isinstance(message, Done):
                answered(message.answer)
            elif isinstance(message, Failed):
                self.failed.emit(message.message, message.details)
            if ended is not None:
                ended()

        self._long = self.line.submit(self._job(question), listen)
        self.busy.emit(True)
        self.progress.emit(0.0, "Waiting for the computing process…")

    def ask_live(self, slot: str, question: Question, answered: Answered) -> None:
        """Ask a short question; an older one of the same slot that still waits is dropped."""
        if self.space is None:
            return
        if slot in self._running:
            self._waiting[slot] = (question, answered)
            return

        def listen(message: Message) -> None:
            if not isinstance(message, Done | Failed | Stopped):
                return
            if self._running.get(slot) == message.number:
                del self._running[slot]
                if isinstance(message, Done):
                    answered(message.answer)
                elif isinstance(message, Failed):
                    self.failed.emit(message.message, message.details)
                if slot in self._waiting and slot not in self._running:
                    self.ask_live(slot, *self._waiting.pop(slot))

        self._running[slot] = self.line.submit(self._job(question), listen)

    def change_space(self, space: LatentJob | None) -> None:
        """Go on with another latent space; answers about the old one are dropped."""
        self.space = space
        self._running.clear()
        self._waiting.clear()

    def cancel(self) -> None:
        """Ask the long question to stop."""
        if self._long is not None:
            self.line.cancel(self._long)

    def close(self) -> None:
        """Stop the worker process."""
        self.line.close()

    def _job(self, question: Question) -> LatentJob:
        assert self.space is not None
        return self.space.model_copy(update={"question": question})
