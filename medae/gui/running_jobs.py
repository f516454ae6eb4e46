"""The jobs of this session: what was handed to the worker process, how far it is, how it ended."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QObject, Qt, Signal  # noqa: TID253

from medae.gui.captions import adaptation
from medae.gui.tasks import WorkerMessages
from medae.jobs.job import AnyJob, ExportJob, ProcessJob
from medae.jobs.messages import Done, Failed, Message, Partial, Progress, SliceDone, Stopped
from medae.results import Result


class JobWorker(Protocol):
    """What the window needs of `medae.jobs.worker.Worker`."""

    def start(self) -> None:
        """Warm up."""

    def submit(self, job: AnyJob, given: Result | None = None) -> int:
        """Queue a job."""

    def cancel(self, number: int) -> None:
        """Stop a job."""

    def close(self) -> None:
        """Stop everything."""


@dataclass(slots=True, eq=False)
class JobRecord:
    """One job as the window shows it.

    Attributes
    ----------
    title
        What is done to what, e.g. ``"Denoise · Head CT"``.
    series
        Index of the series in the session.
    state
        ``"waiting"``, ``"running"``, ``"done"``, ``"failed"`` or ``"stopped"``.
    message
        What it is doing, or how it ended.
    device
        What computed it and why; known once it is done.
    """

    number: int
    title: str
    series: int
    job: ProcessJob | ExportJob
    state: str = "waiting"
    fraction: float = 0.0
    message: str = "Waiting"
    details: str = ""
    device: str = ""
    paths: tuple[Path, ...] = ()
    started: float = field(default_factory=time.monotonic)
    seconds: float = 0.0

    @property
    def is_active(self) -> bool:
        """Waiting or running."""
        return self.state in ("waiting", "running")

    @property
    def remaining(self) -> float | None:
        """Estimated seconds left; None while nothing can be said."""
        elapsed = time.monotonic() - self.started
        if self.state != "running" or self.fraction < 0.03 or elapsed < 1.0:
            return None
        return elapsed * (1 - self.fraction) / self.fraction


class RunningJobs(QObject):
    """Hands jobs to the worker process and turns its messages into signals."""

    changed = Signal(object)
    partial = Signal(object, object)
    slice_done = Signal(object, int)
    finished = Signal(object, object)
    failed = Signal(object)

    def __init__(
        self, make_worker: Callable[[Callable[[Message], None]], JobWorker], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.records: list[JobRecord] = []
        self._messages = WorkerMessages(self)
        self._messages.received.connect(self._receive, Qt.ConnectionType.QueuedConnection)
        self._worker = make_worker(self._messages.post)
        self._is_closed = False

    def warm_up(self) -> None:
        """Start the worker process, so that the first job begins at once."""
        self._worker.start()

    def submit(self, title: str, series: int, job: ProcessJob | ExportJob, given: Result) -> JobRecord:
        """Queue a job on the result of a series."""
        record = JobRecord(self._worker.submit(job, given), title, series, job)
        self.records.append(record)
        self.changed.emit(record)
        return record

    def cancel(self, record: JobRecord) -> None:
        """Ask for a stop; the record changes when the worker has answered."""
        if record.is_active:
            record.message = "Stopping…"
            self._worker.cancel(record.number)
            self.changed.emit(record)

    def cancel_all(self) -> None:
        """Ask all jobs to stop, those that wait too."""
        for record in self.active():
            self.cancel(record)

    def active(self, series: int | None = None) -> list[JobRecord]:
        """Give the jobs that wait or run, all or those of one series."""
        return [r for r in self.records if r.is_active and series in (None, r.series)]

    def close(self) -> None:
        """Stop the worker process; later messages are dropped."""
        self._is_closed = True
        self._worker.close()

    def _receive(self, message: Message) -> None:
        record = next((r for r in self.records if r.number == message.number), None)
        if record is None or self._is_closed or not record.is_active:
            return
        if record.state == "waiting" and isinstance(message, Progress | Partial | SliceDone):
            record.state, record.started = "running", time.monotonic()
        match message:
            case Progress(fraction=fraction, message=text):
                record.fraction, record.message = fraction, text or record.message
            case Partial(volume=volume):
                self.partial.emit(record, volume)
            case SliceDone(index=index):
                self.slice_done.emit(record, index)
                return
            case Done(result=result, paths=paths):
                self._done(record, result, paths)
            case Failed(message=text, details=details):
                self._end(record, "failed", text, details)
                self.failed.emit(record)
            case Stopped():
                self._end(record, "stopped", "Cancelled")
        self.changed.emit(record)

    def _done(self, record: JobRecord, result: Result | None, paths: tuple[Path, ...]) -> None:
        record.paths = paths
        if isinstance(record.job, ExportJob):
            written = "1 file" if len(paths) == 1 else f"{len(paths)} files"
            self._end(record, "done", f"{written} written to {record.job.out}")
        else:
            if result is not None and result.provenance:
                record.device = result.provenance[-1].device
            self._end(record, "done", _what_came_out(record.job, result))
        record.fraction = 1.0
        self.finished.emit(record, result)

    @staticmethod
    def _end(record: JobRecord, state: str, message: str, details: str = "") -> None:
        record.state, record.message, record.details = state, message, details
        record.seconds = time.monotonic() - record.started


def _what_came_out(job: ProcessJob, result: Result | None) -> str:
    if not job.adapt or result is None or result.denoised is None or not result.denoised.provenance:
        return "Done"
    return adaptation(result.denoised.provenance[-1])
