"""Bridges from threads and from the worker process into Qt's event loop.

Whatever a reader thread or the worker's listener thread has to say arrives in the window's thread as a
queued Qt signal; nothing here computes.
"""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from queue import Empty, SimpleQueue
from threading import Event

from PySide6.QtCore import QObject, Qt, Signal, Slot  # noqa: TID253

from medae.errors import Cancelled, MedaeError

logger = logging.getLogger(__name__)


class Task:
    """One piece of work in a thread.

    ``work`` gets the task itself, for its `report` (progress out, `Cancelled` in). Either ``done`` or
    ``failed`` is called at the end, in the window's thread; neither if it was cancelled.
    """

    def __init__(
        self,
        work: "Callable[[Task], object]",
        post: Callable[[Callable[[], None]], None],
        done: Callable[..., None] | None = None,
        failed: Callable[[str, str], None] | None = None,
        progressed: Callable[[float, str], None] | None = None,
    ) -> None:
        self._work, self._post = work, post
        self._done, self._failed, self._progressed = done, failed, progressed
        self._cancelled = Event()
        self._last = -1.0

    def report(self, fraction: float, message: str = "", /) -> None:
        """Report progress from the thread; steps under one percent are not passed on."""
        if self._cancelled.is_set():
            raise Cancelled
        if self._progressed and (abs(fraction - self._last) >= 0.01 or fraction in (0.0, 1.0)):
            self._last = fraction
            self.tell(self._progressed, fraction, message)

    def cancel(self) -> None:
        """Ask the work to stop at its next report; nothing more is heard of it."""
        self._cancelled.set()

    def run(self) -> None:
        """Do the work; called in the thread."""
        try:
            if not self._cancelled.is_set():
                self.tell(self._done, self._work(self))
        except Cancelled:
            pass
        except MedaeError as error:
            self.tell(self._failed, str(error), "")
        except Exception as error:  # the border of the thread: an odd file must never end the window
            logger.exception("Unexpected error in a background task")
            self.tell(self._failed, f"Unexpected {type(error).__name__}: {error}", "See the log for details.")

    def tell(self, listener: Callable[..., None] | None, *facts: object) -> None:
        """Call ``listener`` in the window's thread, unless the work is cancelled before; called in the thread."""
        if listener is not None:
            self._post(partial(self._unless_cancelled, listener, *facts))

    def _unless_cancelled(self, listener: Callable[..., None], *facts: object) -> None:
        if not self._cancelled.is_set():
            listener(*facts)


class Threads(QObject):
    """A few threads for reading and for thumbnails, owned by the window; end them by `close`."""

    _woken = Signal()

    def __init__(self, threads: int = 2, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="medae-window")
        self._inbox: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._tasks: set[Task] = set()
        self._is_closed = False
        self._woken.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def start(
        self,
        work: Callable[[Task], object],
        *,
        done: Callable[..., None] | None = None,
        failed: Callable[[str, str], None] | None = None,
        progressed: Callable[[float, str], None] | None = None,
    ) -> Task:
        """Queue ``work``; the callables are called in the window's thread. Nothing happens after `close`."""
        task = Task(work, self._post, done, failed, progressed)
        if not self._is_closed:
            self._tasks.add(task)
            self._pool.submit(task.run).add_done_callback(lambda _: self._tasks.discard(task))
        return task

    def close(self) -> None:
        """Cancel everything and wait for the threads; what is still queued is dropped."""
        self._is_closed = True
        for task in list(self._tasks):
            task.cancel()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _post(self, call: Callable[[], None]) -> None:
        self._inbox.put(call)
        self._woken.emit()

    @Slot()
    def _deliver(self) -> None:
        """Call what the threads have posted, in the window's thread."""
        while not self._is_closed:
            try:
                call = self._inbox.get_nowait()
            except Empty:
                return
            call()


class WorkerMessages(QObject):
    """Carries the messages of `medae.jobs.worker.Worker` from its listener thread into the window's."""

    received = Signal(object)

    def post(self, message: object) -> None:
        """Pass on one message; called from any thread."""
        self.received.emit(message)
