"""Bridges from threads and from the worker process into Qt's event loop.

Whatever a reader thread or the worker's listener thread has to say arrives in the window's thread as a
queued Qt signal; nothing here computes.
"""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event

from PySide6.QtCore import QObject, Qt, Signal  # noqa: TID253

from medae.errors import Cancelled, MedaeError

logger = logging.getLogger(__name__)


class Task(QObject):
    """One piece of work in a thread.

    ``work`` gets the task itself, for its `report` (progress out, `Cancelled` in). Exactly one
    of ``done``, ``failed`` and ``stopped`` follows.
    """

    progressed = Signal(float, str)
    done = Signal(object)
    failed = Signal(str, str)
    stopped = Signal()

    def __init__(self, work: "Callable[[Task], object]", parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._work = work
        self._cancelled = Event()
        self._last = -1.0

    def report(self, fraction: float, message: str = "", /) -> None:
        """Report progress from the thread; steps under one percent are not passed on."""
        self.check()
        if abs(fraction - self._last) >= 0.01 or fraction in (0.0, 1.0):
            self._last = fraction
            self.progressed.emit(fraction, message)

    def check(self) -> None:
        """Raise `Cancelled` when the work is no longer wanted."""
        if self._cancelled.is_set():
            raise Cancelled

    def cancel(self) -> None:
        """Ask the work to stop at its next report."""
        self._cancelled.set()

    def run(self) -> None:
        """Do the work; called in the thread."""
        try:
            self.check()
            result = self._work(self)
            self.check()
        except Cancelled:
            self.stopped.emit()
        except MedaeError as error:
            self.failed.emit(str(error), "")
        except Exception as error:  # the border of the thread: an odd file must never end the window
            logger.exception("Unexpected error in a background task")
            self.failed.emit(f"Unexpected {type(error).__name__}: {error}", "See the log for details.")
        else:
            self.done.emit(result)


class Threads(QObject):
    """A few threads for reading and for thumbnails, owned by the window."""

    def __init__(self, threads: int = 2, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="medae-window")
        self._tasks: set[Task] = set()
        self._is_closed = False

    def start(
        self,
        work: Callable[[Task], object],
        *,
        done: Callable[..., None] | None = None,
        failed: Callable[[str, str], None] | None = None,
        progressed: Callable[[float, str], None] | None = None,
    ) -> Task:
        """Queue ``work``; the callables are called in the window's thread. Nothing happens after `close`."""
        task = Task(work, self)
        queued = Qt.ConnectionType.QueuedConnection
        for signal, slot in (
            (task.done, done),
            (task.failed, failed),
            (task.progressed, progressed),
        ):
            if slot is not None:
                signal.connect(slot, queued)
        for ended in (task.done, task.failed, task.stopped):
            ended.connect(self._forget, queued)
        if not self._is_closed:
            self._tasks.add(task)
            self._pool.submit(task.run)
        return task

    def close(self) -> None:
        """Cancel everything and wait for the threads; what is still queued is dropped."""
        self._is_closed = True
        for task in list(self._tasks):
            task.cancel()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _forget(self) -> None:
        task = self.sender()
        if isinstance(task, Task):
            self._tasks.discard(task)
            task.deleteLater()


class WorkerMessages(QObject):
    """Carries the messages of `medae.jobs.worker.Worker` from its listener thread into the window's."""

    received = Signal(object)

    def post(self, message: object) -> None:
        """Pass on one message; called from any thread."""
        self.received.emit(message)
