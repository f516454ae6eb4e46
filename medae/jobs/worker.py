"""The worker: one child process that owns torch, driven from a thread of the parent."""

from collections.abc import Callable

from medae.jobs.job import ExportJob, ProcessJob, TrainJob
from medae.jobs.messages import Done, Failed, Message, Partial, Progress, SliceDone, Stopped
from medae.results import Result

__all__ = ["Done", "Failed", "Message", "Partial", "Progress", "SliceDone", "Stopped", "Worker"]


class Worker:
    """Runs jobs one after the other in a child process; see `medae.jobs.messages` for the answers.

    Parameters
    ----------
    on_message
        Called with every message, on a thread of the worker (never the caller's).
    """

    def __init__(self, on_message: Callable[[Message], None]) -> None:
        self._on_message = on_message
        self._number = 0

    def start(self) -> None:
        """Start the child and let it import torch, so that the first job begins at once. Optional."""

    def submit(self, job: ProcessJob | ExportJob | TrainJob, given: Result | None = None) -> int:
        """Queue a job and give its number. Returns at once."""
        self._number += 1
        return self._number

    def cancel(self, number: int) -> None:
        """Ask a queued or running job to stop; `Stopped` follows within about two seconds."""

    def close(self) -> None:
        """Stop everything and free the shared memory; no message comes after this has begun."""
