"""The worker: one child process that owns torch, driven from a thread of the parent.

Everything that can change is touched by that thread alone; `submit`, `cancel` and `close` only leave it
an order and wake it. Arrays cross in shared memory that the parent makes and unlinks: the input once per
volume (kept for the next job on the same volume), the outputs per job.
"""

import atexit
import logging
import multiprocessing
import queue
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from multiprocessing import connection as pipes
from typing import Any

import numpy as np

from medae.errors import MedaeError, WorkerDied
from medae.jobs import child
from medae.jobs.job import AnyJob, ProcessJob
from medae.jobs.messages import Done, Failed, Message, Partial, Progress, SliceDone, Stopped
from medae.jobs.shared_array import SharedArray, SharedInputs, filled
from medae.results import Result
from medae.volume import Volume

__all__ = ["Done", "Failed", "Message", "Partial", "Progress", "SliceDone", "Stopped", "Worker"]

CANCEL_SECONDS = 2.0
"""A child that has not answered a cancel by then is killed."""

_log = logging.getLogger(__name__)


class Worker:
    """Runs jobs one after the other in a child process; see `medae.jobs.messages` for the answers.

    The child is spawned by the first `start` or `submit`, and anew by the next one after it has died.
    Every job ends with exactly one of `Done`, `Failed` and `Stopped`.

    Parameters
    ----------
    on_message
        Called with every message, on a thread of the worker (never the caller's).
    """

    def __init__(self, on_message: Callable[[Message], None]) -> None:
        self._on_message = on_message
        self._orders: queue.SimpleQueue[_Order] = queue.SimpleQueue()
        self._woken, self._wake = multiprocessing.Pipe(duplex=False)
        self._lock = threading.Lock()
        self._number = 0
        self._closed = False
        self._waiting: deque[_Running] = deque()
        self._running: _Running | None = None
        self._child: _Child | None = None
        self._inputs = SharedInputs()
        self._thread = threading.Thread(target=self._serve, name="medae-worker", daemon=True)
        self._thread.start()
        atexit.register(self.close)

    def start(self) -> None:
        """Start the child and let it import torch, so that the first job begins at once. Optional."""
        self._order(child.WarmUp())

    def submit(self, job: AnyJob, given: Result | None = None) -> int:
        """Queue a job and give its number. Returns at once.

        Parameters
        ----------
        job
            What to do; without ``given`` the child reads the job's paths itself.
        given
            What is known already, as in `medae.jobs.run.run`. Give the same `Volume` object again
            to spare copying it.
        """
        with self._lock:
            self._number += 1
            number = self._number
        self._order(_Running(number, job, given))
        return number

    def cancel(self, number: int) -> None:
        """Ask a queued or running job to stop; `Stopped` follows within about two seconds.

        An export that was complete before it heard of this answers `Done`.
        """
        self._order(child.Cancel(number))

    def close(self) -> None:
        """Stop everything and free the shared memory; no message comes after this has begun."""
        self._closed = True
        atexit.unregister(self.close)
        if self._thread.is_alive():
            self._order(None)
            if threading.current_thread() is not self._thread:
                self._thread.join()

    def _order(self, order: "_Order") -> None:
        with self._lock:
            self._orders.put(order)
            if not self._wake.closed:
                self._wake.send_bytes(b"!")

    # Everything below runs on the worker's own thread.

    def _serve(self) -> None:
        try:
            while not self._closed:
                self._begin_next()
                self._wait()
            self._wind_up()
        finally:
            self._drop_child()
            self._forget_running()
            self._inputs.release()
            with self._lock:
                self._wake.close()
                self._woken.close()

    def _wait(self) -> None:
        """Sleep until there is an order, an answer, the death of the child or the end of its patience."""
        watched: list[Any] = [self._woken]
        if self._child is not None:
            watched += [self._child.pipe, self._child.process.sentinel]
        ready = pipes.wait(watched, self._patience())
        if self._woken in ready:
            self._woken.recv_bytes()
            self._obey(self._orders.get())
        if self._child is not None and any(item is not self._woken for item in ready):
            self._listen(self._child)
        if self._patience() == 0.0:
            self._give_up()

    def _patience(self) -> float | None:
        if self._running is None or self._running.deadline is None:
            return None
        return max(0.0, self._running.deadline - time.monotonic())

    def _obey(self, order: "_Order") -> None:
        match order:
            case child.WarmUp():
                if self._running is None:
                    self._send(order)
            case _Running():
                self._waiting.append(order)
            case child.Cancel(number):
                self._stop(number)
            case None:
                self._closed = True

    def _begin_next(self) -> None:
        while self._running is None and self._waiting:
            running = self._running = self._waiting.popleft()
            try:
                task = self._task(running)
            except MedaeError as error:
                self._end(Failed(running.number, str(error)))
                continue
            if not self._send(task):
                self._drop_child()  # it died while it was idle
                if not self._send(task):
                    self._died()

    def _task(self, running: "_Running") -> child.Task:
        """Put the input into shared memory and make room for the output."""
        given, job = running.given, running.job
        shared = blocks = None
        if given is not None:
            if isinstance(job, ProcessJob) and not job.exports:
                given = Result(given.original)
            shared = self._inputs.share(given)
            if isinstance(job, ProcessJob):
                blocks = self._make_room(running, job, given.original)
        return child.Task(running.number, job, shared, blocks)

    def _make_room(self, running: "_Running", job: ProcessJob, original: Volume) -> child.Blocks:
        denoised = scores = None
        if job.denoise is not None:
            denoised = running.denoised = SharedArray.of(original.array)
            self._tell(Partial(running.number, original.with_array(denoised.array)))
        if job.detect is not None:
            scores = running.scores = SharedArray(original.shape, np.float32)
        read = running.original
        return child.Blocks(*(None if block is None else block.handle for block in (read, denoised, scores)))

    def _listen(self, kin: "_Child") -> None:
        """Take one answer; a closed pipe means that the child is gone."""
        try:
            answer: child.Answer = kin.pipe.recv()
        except (EOFError, OSError):
            self._died()
            return
        running = self._running
        if running is None or answer.number != running.number:
            return
        match answer:
            case child.Loaded():
                self._loaded(running, answer)
            case child.Finished():
                self._finished(running, answer)
            case Failed() | Stopped():
                self._end(answer)
            case _ if running.deadline is None:
                self._tell(answer)

    def _loaded(self, running: "_Running", answer: child.Loaded) -> None:
        """Make blocks for a series that the child has read."""
        assert isinstance(running.job, ProcessJob)
        if running.deadline is not None:
            return  # cancelled: the order is in the pipe
        try:
            running.original = SharedArray(answer.shape, answer.volume.array.dtype)
            volume = filled(answer.volume, running.original.array)
            running.given = Result(volume)
            blocks = self._make_room(running, running.job, volume)
        except MedaeError as error:
            self._drop_child()
            self._end(Failed(running.number, str(error)))
            return
        if not self._send(blocks):
            self._died()

    def _finished(self, running: "_Running", answer: child.Finished) -> None:
        if running.deadline is not None and not answer.paths:
            self._end(Stopped(running.number))
            return
        try:
            result = running.result(answer)
        except MemoryError:
            sentence = "There is not enough memory for the result. Close other series or programs and retry."
            self._end(Failed(running.number, sentence))
        else:
            self._end(Done(running.number, result, answer.paths, answer.answer))

    def _stop(self, number: int) -> None:
        for waiting in self._waiting:
            if waiting.number == number:
                self._waiting.remove(waiting)
                self._tell(Stopped(number))
                return
        running = self._running
        if running is not None and running.number == number and running.deadline is None:
            running.deadline = time.monotonic() + CANCEL_SECONDS
            self._send(child.Cancel(number))

    def _give_up(self) -> None:
        """End a child that does not answer a cancel."""
        assert self._running is not None
        self._drop_child()
        self._end(Stopped(self._running.number))

    def _died(self) -> None:
        """Say that the child is gone, if it had something to do."""
        exit_code = self._drop_child(grace=1.0)
        running = self._running
        if running is None:
            return
        if running.deadline is not None:
            self._end(Stopped(running.number))
        else:
            self._end(Failed(running.number, str(_death(exit_code))))

    def _wind_up(self) -> None:
        """Let a running job stop in good order (an export removes its staging), then let the child go."""
        if self._running is not None:
            self._stop(self._running.number)
            while self._running is not None:
                self._wait()
        self._drop_child(grace=1.0)

    def _send(self, order: child.Order) -> bool:
        """Send to the child, which is started where there is none; False if it is gone."""
        try:
            if self._child is None:
                self._child = _Child()
            self._child.pipe.send(order)
        except OSError:
            return False
        return True

    def _drop_child(self, grace: float = 0.0) -> int | None:
        kin, self._child = self._child, None
        return None if kin is None else kin.end(grace)

    def _end(self, message: Message) -> None:
        self._forget_running()
        self._tell(message)

    def _forget_running(self) -> None:
        if self._running is not None:
            self._running.release()
            self._running = None

    def _tell(self, message: Message) -> None:
        if self._closed:
            return
        try:
            self._on_message(message)
        except Exception:  # noqa: BLE001 - the owner's bug must not stop the worker
            _log.exception("The receiver of the worker's messages failed")


@dataclass(slots=True, eq=False)
class _Running:
    """A job on its way, with the shared memory that it owns."""

    number: int
    job: AnyJob
    given: Result | None
    deadline: float | None = None
    """Set when it was cancelled: when to lose patience."""
    original: SharedArray | None = None
    denoised: SharedArray | None = None
    scores: SharedArray | None = None

    def result(self, answer: child.Finished) -> Result | None:
        """Give the result in ordinary memory."""
        result = self.given
        if result is None:
            return None
        if self.original is not None:
            result = Result(filled(result.original, self.original.array.copy()))
        if answer.denoised is not None and self.denoised is not None:
            denoised = filled(answer.denoised, self.denoised.array.copy())
            result = replace(result, denoised=denoised, trust=answer.trust)
        if answer.anomaly_map is not None and self.scores is not None:
            scores = filled(answer.anomaly_map.volume, self.scores.array.copy())
            result = replace(result, anomaly_map=replace(answer.anomaly_map, volume=scores))
        return result

    def release(self) -> None:
        for block in (self.original, self.denoised, self.scores):
            if block is not None:
                block.release()


_Order = _Running | child.WarmUp | child.Cancel | None


class _Child:
    """The child process and this end of its pipe."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, other = context.Pipe()
        self.process = context.Process(target=child.serve, args=(other,), name="medae-worker", daemon=True)
        self.process.start()
        other.close()

    def end(self, grace: float) -> int | None:
        """Close the pipe, give the process some seconds to leave, kill it, and give its exit code."""
        self.pipe.close()
        self.process.join(grace)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        exit_code = self.process.exitcode
        self.process.close()
        return exit_code


def _death(exit_code: int | None) -> WorkerDied:
    if exit_code is None:
        how = "it could not be started"
    elif exit_code < 0:
        how = f"killed by signal {-exit_code}" + (", perhaps out of memory" if exit_code == -9 else "")
    else:
        how = f"exit code {exit_code}"
    return WorkerDied(
        f"The computing process ended unexpectedly ({how}). Nothing was lost; run it again, "
        "and if it ends again, close other programs or choose another device."
    )
