"""What the window does in the network: settings of nodes, the send queue, the listener. All of it off its thread."""

import threading
from collections.abc import Callable, Sequence
from multiprocessing import get_context
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal  # noqa: TID253

from medae.gui.tasks import Task, Threads
from medae.pacs import places
from medae.pacs.send_queue import Batch, SendQueue
from medae.pacs.spool import Arrival, Spool
from medae.pacs.state import opened
from medae.settings import PacsSettings

LOOK_EVERY = 1500
"""Milliseconds between two looks at queue and spool."""


class PacsWork(QObject):
    """Keeps the send queue going while MedAE is open, and tells what happens."""

    settings_changed = Signal()
    state_changed = Signal(object, object)
    """The batches and the arrivals."""
    listener_changed = Signal(str, str)
    """``"off"``, ``"starting"``, ``"on"`` or ``"failed"``, and a sentence."""
    problem = Signal(str, str)
    _told = Signal(str, str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.settings = PacsSettings()
        self.listener_state = "off"
        self._stop_listening = threading.Event()
        self._quick, self._sending, self._listening = Threads(1, self), Threads(1, self), Threads(1, self)
        self._is_looking = self._is_sending = False
        self.seen: tuple[tuple[Batch, ...], tuple[Arrival, ...]] = ((), ())
        self._clock = QTimer(self)
        self._clock.setInterval(LOOK_EVERY)
        self._clock.timeout.connect(self.look)
        self._told.connect(self._hear)

    def start(self) -> None:
        """Read the settings and begin to look; what was left in the queue is sent."""
        if not self._clock.isActive():
            self._clock.start()
            self._quick.start(lambda _: PacsSettings.load(), done=self._take_settings, failed=self.problem.emit)
            self.look()

    def close(self) -> None:
        """End sending and listening; the queue stays on disk."""
        self._clock.stop()
        self._stop_listening.set()
        for threads in (self._quick, self._sending, self._listening):
            threads.close()

    def change(self, edit: Callable[[PacsSettings], PacsSettings]) -> None:
        """Change the settings as they are now on disk, and save them."""

        def work(_task: Task) -> PacsSettings:
            changed = edit(PacsSettings.load())
            changed.save()
            return changed

        self._quick.start(work, done=self._take_settings, failed=self.problem.emit)

    def send(self, node: str, paths: Sequence[Path], title: str) -> None:
        """Put files, or what is in folders, into the queue."""

        def work(_task: Task) -> None:
            from medae.errors import SettingsError
            from medae.pacs.files import dicom_files

            files, _ = dicom_files(paths)
            if not files:
                raise SettingsError("There is no DICOM file to send; choose files or folders of a DICOM series.")
            with opened() as (queue, _):
                queue.add(node, files, f"{title}: {len(files)} files")

        self._quick.start(work, done=lambda _: self.look(), failed=self.problem.emit)

    def retry(self, one: Batch | Arrival) -> None:
        """Send or process once more."""
        self._do(lambda queue, spool: queue.again(one.id) if isinstance(one, Batch) else spool.again(one.key))

    def remove(self, one: Batch | Arrival) -> None:
        """Forget a batch, or delete a received series."""
        self._do(lambda queue, spool: queue.remove(one.id) if isinstance(one, Batch) else spool.remove(one))

    def _do(self, act: Callable[[SendQueue, Spool], None]) -> None:
        """Change queue or spool in a thread, and look again."""

        def work(_task: Task) -> None:
            with opened() as (queue, spool):
                act(queue, spool)

        self._quick.start(work, done=lambda _: self.look(), failed=self.problem.emit)

    def look(self) -> None:
        """Look at queue and spool in a thread, and send what is due."""
        if not self._is_looking:
            self._is_looking = True
            self._quick.start(lambda _: _look(), done=self._looked, failed=self._look_failed)

    def listen(self, on: bool, device: str = "auto") -> None:
        """Start or stop the listener, which runs in a process of its own."""
        if on and self.listener_state in ("off", "failed"):
            self._stop_listening = stop = threading.Event()
            self._tell_listener("starting", "Starting…")
            self._listening.start(
                lambda task: self._serve(task, stop, device),
                done=lambda _: self._ended(),
                failed=lambda sentence, _: self._tell_listener("failed", sentence),
            )
        elif not on:
            self._stop_listening.set()

    def _serve(self, task: Task, stop: threading.Event, device: str) -> None:
        """Start the process and pass on what it tells, until it ends or is to end; in a thread."""
        from medae.pacs.station import serve_apart

        context = get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=serve_apart, args=(theirs, device), daemon=True)
        process.start()
        theirs.close()
        try:
            while process.is_alive() and not stop.is_set():
                task.report(0.0)
                if ours.poll(0.3):
                    what, text = ours.recv()
                    self._told.emit(what, text)
        except EOFError:
            pass  # it has ended
        finally:
            ours.close()
            process.join(5)
            if process.is_alive():
                process.terminate()
                process.join()

    def _hear(self, what: str, text: str) -> None:
        if what == "ready":
            own = self.settings.listener
            self._tell_listener("on", f"{own.ae_title} listens at port {own.port}.")
        elif what == "failed":
            self._tell_listener("failed", text)
        else:
            self._tell_listener("on", text)
            self.look()

    def _ended(self) -> None:
        if self.listener_state != "failed":
            self._tell_listener("off", "")

    def _tell_listener(self, state: str, text: str) -> None:
        self.listener_state = state
        self.listener_changed.emit(state, text)

    def _take_settings(self, settings: PacsSettings) -> None:
        self.settings = settings
        self.settings_changed.emit()

    def _looked(self, found: tuple[tuple[Batch, ...], tuple[Arrival, ...]]) -> None:
        self._is_looking = False
        if found != self.seen:
            self.seen = found
            self.state_changed.emit(*found)
        if any(one.waiting for one in found[0]) and not self._is_sending:
            self._is_sending = True
            self._sending.start(_send_due, done=self._sent, failed=self._send_failed)

    def _look_failed(self, sentence: str, details: str) -> None:
        self._is_looking = False
        self.problem.emit(sentence, details)

    def _sent(self, count: int) -> None:
        self._is_sending = False
        if count:
            self.look()

    def _send_failed(self, sentence: str, details: str) -> None:
        self._is_sending = False
        self.problem.emit(sentence, details)


def _look() -> tuple[tuple[Batch, ...], tuple[Arrival, ...]]:
    """Give batches and arrivals; nothing is made on disk where there is nothing yet."""
    if not places.has_state():
        return (), ()
    with opened() as (queue, spool):
        return queue.batches(), spool.arrivals()


def _send_due(task: Task) -> int:
    from medae.pacs.sender import send_due

    with opened() as (queue, _):
        return send_due(queue, report=task.report)
