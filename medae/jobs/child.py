"""The worker's child process: takes tasks from a pipe, one after the other, and answers through it.

It sees the parent's end of the pipe close and leaves, so that no child outlives its window.
"""

import importlib
import logging
import os
import signal
import time
import traceback
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medae.errors import Cancelled, MedaeError
from medae.jobs.job import AnyJob, ProcessJob
from medae.jobs.messages import Failed, Progress, SliceDone, Stopped
from medae.jobs.run import Outcome, load, run
from medae.jobs.shared_array import Handle, SharedResult, hollow
from medae.progress import Report, part
from medae.quality import TrustReport
from medae.results import AnomalyMap, Result
from medae.volume import Volume

NICENESS = 5
"""Added to the child's priority, so that the window stays quick while all cores compute."""

MESSAGE_SECONDS = 0.05
"""Progress is not sent more often than this."""

_LOADED = 0.1
"""Progress at which a series that the child reads itself is there."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class WarmUp:
    """Parent to child: import what jobs need."""


@dataclass(frozen=True, slots=True)
class Cancel:
    """Parent to child: stop this job, if it still runs."""

    number: int


@dataclass(frozen=True, slots=True)
class Blocks:
    """Parent to child: where the pixels of a job go."""

    original: Handle | None
    """For a series that the child has read itself."""
    denoised: Handle | None
    scores: Handle | None


@dataclass(frozen=True, slots=True)
class Task:
    """Parent to child: do this job."""

    number: int
    job: AnyJob
    given: SharedResult | None
    blocks: Blocks | None
    """None where the shape is not known yet: the child answers `Loaded` and gets them."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """Child to parent: the series is read and has this shape and dtype; give me blocks for it."""

    number: int
    volume: Volume
    shape: tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Finished:
    """Child to parent: the job is done, its pixels are in the blocks; volumes are hollow here."""

    number: int
    denoised: Volume | None
    anomaly_map: AnomalyMap | None
    trust: TrustReport | None
    paths: tuple[Path, ...]
    answer: object = None


Order = WarmUp | Task | Cancel | Blocks
Answer = Progress | SliceDone | Loaded | Finished | Failed | Stopped


def serve(connection: "Connection[Any, Any]") -> None:
    """Do tasks until the parent is gone. The target of the spawned process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    try:
        while True:
            match connection.recv():
                case WarmUp():
                    _warm_up()
                case Task() as task:
                    connection.send(_answer(task, connection))
                case _:  # a Cancel that came too late
                    pass
    except (EOFError, OSError):
        return


def _warm_up() -> None:
    try:
        importlib.import_module("medae.inference")
    except ImportError:  # the first job says so
        _log.warning("Warming up failed", exc_info=True)


def _answer(task: Task, connection: "Connection[Any, Any]") -> Finished | Failed | Stopped:
    """Do one task; whatever goes wrong becomes an answer."""
    try:
        return _do(task, connection)
    except Cancelled:
        return Stopped(task.number)
    except MedaeError as error:
        return Failed(task.number, str(error))
    except MemoryError:
        return Failed(task.number, "There is not enough memory for this scan. Close other programs and retry.")
    except Exception as error:  # noqa: BLE001 - the border of the process
        sentence = f"Unexpected error ({type(error).__name__}: {error}). The details may help to report it."
        return Failed(task.number, sentence, traceback.format_exc())


def _do(task: Task, connection: "Connection[Any, Any]") -> Finished:
    pipe = _Pipe(task.number, connection)
    report: Report = pipe.report
    given, blocks = None, task.blocks
    if task.given is not None:
        given = task.given.open()
    elif isinstance(task.job, ProcessJob):
        given, blocks = _load(task.job, pipe)
        report = part(report, _LOADED, 1.0)
    out = None if blocks is None or blocks.denoised is None else blocks.denoised.attach()
    outcome = run(task.job, report, given, out=out, slice_done=pipe.slice_done)
    return _finished(task, outcome, out, blocks)


def _load(job: ProcessJob, pipe: "_Pipe") -> tuple[Result, Blocks]:
    """Read the series here and put its pixels where the parent sees them."""
    volume = load(job, part(pipe.report, 0.0, _LOADED))
    pipe.send(Loaded(pipe.number, hollow(volume), volume.shape))
    blocks = pipe.receive()
    if not isinstance(blocks, Blocks) or blocks.original is None:
        raise Cancelled
    blocks.original.attach()[...] = volume.array
    return Result(volume), blocks


def _finished(task: Task, outcome: Outcome, out: NDArray[np.generic] | None, blocks: Blocks | None) -> Finished:
    denoised = anomaly_map = trust = None
    result, job = outcome.result, task.job
    if isinstance(job, ProcessJob) and result is not None:
        if job.denoise is not None and result.denoised is not None:
            if out is not None and not np.may_share_memory(result.denoised.array, out):
                out[...] = result.denoised.array
            denoised, trust = hollow(result.denoised), result.trust
        if job.detect is not None and result.anomaly_map is not None:
            assert blocks is not None
            assert blocks.scores is not None
            scores = result.anomaly_map.volume
            blocks.scores.attach()[...] = scores.array
            anomaly_map = replace(result.anomaly_map, volume=hollow(scores))
    return Finished(task.number, denoised, anomaly_map, trust, outcome.paths, outcome.answer)


class _Pipe:
    """The running job's side of the pipe; the orders of the parent, or its end, stop the job here."""

    def __init__(self, number: int, connection: "Connection[Any, Any]") -> None:
        self.number = number
        self._connection = connection
        self._reported = 0.0

    def report(self, fraction: float, message: str = "", /) -> None:
        """Pass progress on, not too often, and stop where that is wanted."""
        self._check()
        now = time.monotonic()
        if now - self._reported >= MESSAGE_SECONDS or fraction >= 1.0:
            self._reported = now
            self.send(Progress(self.number, fraction, message))

    def slice_done(self, index: int) -> None:
        """Tell that a slice is final."""
        self._check()
        self.send(SliceDone(self.number, index))

    def send(self, answer: Answer) -> None:
        """Send to the parent; without a parent the process ends."""
        try:
            self._connection.send(answer)
        except OSError:
            raise SystemExit from None

    def receive(self) -> Order:
        """Wait for an order; without a parent the process ends."""
        try:
            return self._connection.recv()
        except (EOFError, OSError):
            raise SystemExit from None

    def _check(self) -> None:
        while self._connection.poll():
            if self.receive() == Cancel(self.number):
                raise Cancelled
