"""What a `medae.jobs.worker.Worker` tells its owner. Every message carries the number of its job."""

from dataclasses import dataclass
from pathlib import Path

from medae.results import Result
from medae.volume import Volume


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the job is: a fraction in [0, 1] and what it is doing."""

    number: int
    fraction: float
    message: str


@dataclass(frozen=True, slots=True, eq=False)
class Partial:
    """The denoised volume that is about to be filled, sent once before the first slice.

    Its array lives in shared memory and shows the original in the slices that are not done yet.
    It stays valid for as long as it is referenced, also after the job has ended.
    """

    number: int
    volume: Volume


@dataclass(frozen=True, slots=True)
class SliceDone:
    """Slice ``index`` of the `Partial` volume is final."""

    number: int
    index: int


@dataclass(frozen=True, slots=True, eq=False)
class Done:
    """The job has ended well.

    ``result`` holds ordinary memory that is independent of the worker (its ``original`` is the very
    object that was given); None for a training. ``paths`` are the files or folders written, ``answer`` is
    what a question was answered (see `medae.jobs.run.Outcome`).
    """

    number: int
    result: Result | None
    paths: tuple[Path, ...]
    answer: object = None


@dataclass(frozen=True, slots=True)
class Failed:
    """The job has ended badly: one sentence for the user, and a traceback where it was unexpected."""

    number: int
    message: str
    details: str = ""


@dataclass(frozen=True, slots=True)
class Stopped:
    """The job was cancelled."""

    number: int


Message = Progress | Partial | SliceDone | Done | Failed | Stopped
