"""Many series: each is done once, a failure stops no other, a second run does only what is new or changed.

With ``executor=None`` the series are done here, one after the other. Any `concurrent.futures.Executor` does them
elsewhere: ``ThreadPoolExecutor``, ``ProcessPoolExecutor``, or Dask's ``Client(…).get_executor(pure=False)`` on a
cluster, whose machines see the same files under the same paths.
"""

import concurrent.futures as cf
import time
import traceback
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from medae.errors import Cancelled, MedaeError
from medae.jobs.job import ProcessJob
from medae.jobs.manifest import Manifest
from medae.jobs.plan import DENOISE, Plan, job_id, plan
from medae.jobs.run import run
from medae.progress import Report, part, silent
from medae.readers import Skipped

__all__ = ["BatchEvent", "BatchSummary", "Plan", "SeriesOutcome", "batch", "plan"]

_STOP_SECONDS = 30.0
"""How long a cancelled batch waits for the series that an executor is doing."""


@dataclass(frozen=True, slots=True)
class SeriesOutcome:
    """What became of one series: the files written and warnings of the reader, or one sentence why not."""

    job: ProcessJob
    paths: tuple[Path, ...] = ()
    message: str = ""
    details: str = ""
    provenance: tuple[dict[str, object], ...] = ()
    warnings: tuple[str, ...] = ()
    trust: dict[str, object] | None = None


@dataclass(frozen=True, slots=True)
class BatchEvent:
    """A series has begun or ended; ``index`` counts from 0 in the order of the plan."""

    status: Literal["started", "done", "skipped", "failed"]
    index: int
    total: int
    outcome: SeriesOutcome


@dataclass(frozen=True, slots=True)
class BatchSummary:
    """What became of all series.

    Attributes
    ----------
    done
        Done in this run.
    skipped_done
        Done by an earlier run and unchanged since.
    failed
        With their reasons.
    broken
        Files that are no readable image, with their reasons.
    """

    done: tuple[SeriesOutcome, ...]
    skipped_done: tuple[SeriesOutcome, ...]
    failed: tuple[SeriesOutcome, ...]
    broken: tuple[Skipped, ...]


def batch(
    paths: Path | str | Sequence[Path | str],
    out: Path | str,
    template: ProcessJob = DENOISE,
    *,
    report: Report = silent,
    executor: cf.Executor | None = None,
    on_event: Callable[[BatchEvent], None] | None = None,
) -> BatchSummary:
    """Do the same with every series found.

    Parameters
    ----------
    paths, out, template
        As in `medae.jobs.plan.plan`.
    report
        Progress of the whole; may raise `Cancelled`.
    executor
        Who does the work; None: this thread.
    on_event
        Called (in this thread) whenever a series begins or ends.

    Raises
    ------
    Cancelled
        ``report`` has asked to stop. What was done stays done; the next run goes on from there.
    SettingsError
        Another batch is writing into ``out``.
    ExportError
        ``out`` cannot be written.
    """
    manifest = Manifest(Path(out))
    with manifest.locked():
        todo = plan(paths, out, template, part(report, 0.0, 0.05), manifest.outputs())
        work = _Batch(manifest, todo.jobs, part(report, 0.05, 1.0), on_event)
        if executor is None:
            work.here()
        else:
            work.elsewhere(executor)
    return work.summary(todo.skipped)


class _Batch:
    """The state of one run: what became of each job so far."""

    def __init__(
        self,
        manifest: Manifest,
        jobs: Sequence[ProcessJob],
        report: Report,
        on_event: Callable[[BatchEvent], None] | None,
    ) -> None:
        self._manifest = manifest
        self._jobs = jobs
        self._report = report
        self._on_event = on_event
        self._outcomes: dict[str, list[tuple[int, SeriesOutcome]]] = {"done": [], "skipped": [], "failed": []}

    def here(self) -> None:
        """Do the jobs in this thread, in order."""
        total = max(1, len(self._jobs))
        for index, job in enumerate(self._jobs):
            report = part(self._report, index / total, (index + 1) / total)
            report(0.0, job.name)
            begun = self._begin(index, job)
            if begun is not None:
                self._end(index, attempt(begun[0], report), begun[1])

    def elsewhere(self, executor: cf.Executor) -> None:
        """Do the jobs by an executor."""
        stop = self._manifest.private / f"stop-{uuid.uuid4().hex}"
        futures: dict[cf.Future[SeriesOutcome], tuple[int, ProcessJob, str]] = {}
        with _stopping(stop, futures):
            for index, job in enumerate(self._jobs):
                begun = self._begin(index, job)
                if begun is not None:
                    futures[executor.submit(attempt_until, begun[0], stop)] = (index, *begun)
            pending = set(futures)
            while pending:
                self._report(1 - len(pending) / len(self._jobs), f"{len(pending)} series to go")
                ended, pending = cf.wait(pending, timeout=0.2, return_when=cf.FIRST_COMPLETED)
                for future in ended:
                    index, job, identity = futures[future]
                    self._end(index, _outcome(future, job), identity)
        self._report(1.0, "Done")

    def summary(self, broken: tuple[Skipped, ...]) -> BatchSummary:
        """Give the outcomes in the order of the plan."""
        done, skipped, failed = (
            tuple(outcome for _, outcome in sorted(self._outcomes[status], key=lambda pair: pair[0]))
            for status in ("done", "skipped", "failed")
        )
        return BatchSummary(done, skipped, failed, broken)

    def _begin(self, index: int, job: ProcessJob) -> tuple[ProcessJob, str] | None:
        """Give the job and its id, or None where there is nothing to do."""
        try:
            identity = job_id(job)
            if self._manifest.is_done(job, identity):
                self._tell("skipped", index, SeriesOutcome(job))
                return None
            if job.modality is None and "auto" in (job.denoise, job.detect):
                self._tell("failed", index, SeriesOutcome(job, message=_NO_MODALITY))
                return None
            job = self._manifest.start(job)
        except OSError as error:
            message = f"{error.filename or job.name}: {error.strerror}"
            self._tell("failed", index, SeriesOutcome(job, message=message))
            return None
        self._tell("started", index, SeriesOutcome(job))
        return job, identity

    def _end(self, index: int, outcome: SeriesOutcome, identity: str) -> None:
        if outcome.message:
            self._manifest.abandon(outcome.job)
            self._tell("failed", index, outcome)
        else:
            self._manifest.finish(outcome.job, identity, outcome.paths, outcome.provenance)
            self._tell("done", index, outcome)

    def _tell(
        self, status: Literal["started", "done", "skipped", "failed"], index: int, outcome: SeriesOutcome
    ) -> None:
        if status != "started":
            self._outcomes[status].append((index, outcome))
        if self._on_event is not None:
            self._on_event(BatchEvent(status, index, len(self._jobs), outcome))


_NO_MODALITY = "The file does not say what modality it is. Name it with --modality CT, MR or XR."


def attempt(job: ProcessJob, report: Report) -> SeriesOutcome:
    """Do one job; what goes wrong becomes a sentence.

    Raises
    ------
    Cancelled
        ``report`` has asked to stop.
    """
    assert job.out is not None
    try:
        job.out.mkdir(parents=True, exist_ok=True)  # the exporters' staging is then in it, run after run
        outcome = run(job, report)
    except MedaeError as error:
        return SeriesOutcome(job, message=str(error))
    except Exception as error:  # noqa: BLE001 - one odd series must not stop the others
        message = (
            f"An unexpected problem ({type(error).__name__}); 'medae denoise' with MEDAE_DEBUG=1 shows the details."
        )
        return SeriesOutcome(job, message=message, details=traceback.format_exc())
    finally:
        with suppress(OSError):
            job.out.rmdir()  # where nothing was written
    assert outcome.result is not None  # None is for trainings
    return SeriesOutcome(
        job,
        outcome.paths,
        provenance=tuple(step.to_dict() for step in outcome.result.provenance),
        warnings=outcome.result.original.source.warnings,
        trust=None if outcome.result.trust is None else outcome.result.trust.to_dict(),
    )


def attempt_until(job: ProcessJob, stop: Path) -> SeriesOutcome:
    """Do one job somewhere else, until the file ``stop`` appears.

    A file reaches threads, processes and machines alike; `Future.cancel` stops no running task.
    """
    looked = 0.0

    def report(_fraction: float, _message: str = "", /) -> None:
        nonlocal looked
        if time.monotonic() - looked > 0.5:
            looked = time.monotonic()
            if stop.exists():
                raise Cancelled

    return attempt(job, report)


@contextmanager
def _stopping(stop: Path, futures: "dict[cf.Future[SeriesOutcome], tuple[int, ProcessJob, str]]") -> Iterator[None]:
    """Stop the futures when the block is left by an exception."""
    try:
        yield
    except BaseException:
        stop.touch()
        running = [future for future in futures if not future.cancel()]
        cf.wait(running, timeout=_STOP_SECONDS)
        raise
    finally:
        stop.unlink(missing_ok=True)


def _outcome(future: "cf.Future[SeriesOutcome]", job: ProcessJob) -> SeriesOutcome:
    try:
        return future.result()
    except (Exception, cf.CancelledError) as error:  # noqa: BLE001 - a worker that died, a lost connection
        message = f"The series could not be done there ({type(error).__name__}: {error})."
        return SeriesOutcome(job, message=message)
