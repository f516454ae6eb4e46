"""What an exporter is, and how outputs appear whole or not at all.

An exporter is a module with five names: ``TITLE``, ``Options``, ``accepts``, ``outputs`` and ``export``. It writes
into a staging folder that `staged` makes beside the target (same file system) and moves into place at the end.
"""

import errno
import os
import shutil
import socket
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict, Field

from medae.errors import ExportError
from medae.progress import Report
from medae.results import Result

STAGING_PREFIX = ".medae-"
"""Hidden folders with this prefix hold exports in progress."""


NOTHING_YET = "there is neither a denoised scan nor a heatmap yet; run denoise or detect first"
"""Why a result without either cannot be exported."""


def kinds_of(result: Result) -> list[str]:
    """Say which of ``"denoised"`` and ``"heatmap"`` a result has."""
    there = {"denoised": result.denoised is not None, "heatmap": result.anomaly_map is not None}
    return [kind for kind, is_there in there.items() if is_there]


class ExporterOptions(BaseModel):
    """Options of one exporter; drives forms, flags and validation."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class DicomOptions(ExporterOptions):
    """Options that all DICOM exporters share."""

    deterministic_uids: bool = Field(
        False, description="Same UIDs when the same export is made again (default: new UIDs every time)"
    )


@dataclass(frozen=True, slots=True)
class Output:
    """What an exporter is going to write.

    Attributes
    ----------
    name
        Name of the file, or of the folder of the files.
    files
        How many files.
    size
        About how many bytes in all, uncompressed; None where that is not known before.
    description
        SeriesDescription of DICOM outputs, else empty.
    """

    name: str
    files: int
    size: int | None = None
    description: str = ""


class Exporter(Protocol):
    """The five names of an exporter module."""

    @property
    def TITLE(self) -> str:  # noqa: N802 - a module constant
        """What the user sees in the export dialog."""

    @property
    def Options(self) -> type[ExporterOptions]:  # noqa: N802 - a class
        """The options of this exporter."""

    def accepts(self, result: Result) -> str | None:
        """Why this result cannot be exported this way, as one sentence; None when it can."""

    def outputs(self, result: Result, name: str, options: Any) -> tuple[Output, ...]:
        """Tell what `export` would write for an accepted result, without computing it."""

    def export(self, result: Result, folder: Path, name: str, options: Any, report: Report) -> tuple[Path, ...]:
        """Write into the (staging) folder and give the paths written, in order."""


@contextmanager
def staged(folder: Path, protected: Iterable[Path], overwrite: bool) -> Iterator[Path]:
    """Give an empty hidden folder whose content is moved into ``folder`` when the block ends well.

    Parameters
    ----------
    folder
        Where the outputs go; made when absent.
    protected
        Files that are never replaced, whatever ``overwrite`` says: the input.
    overwrite
        Replace files that exist.

    Raises
    ------
    ExportError
        When something exists already, or the disk refuses; nothing partial is left behind.
    """
    try:
        fresh = not folder.exists()
        place = _nearest_existing(folder.parent) if fresh else folder
        _sweep(place)
        stage = place / f"{STAGING_PREFIX}{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
        stage.mkdir()
    except OSError as error:
        raise disk_error(folder, error) from error
    try:
        try:
            yield stage
            if fresh and not folder.exists():
                folder.parent.mkdir(parents=True, exist_ok=True)
                stage.rename(folder)
            else:
                _publish(stage, folder, {path.resolve() for path in protected}, overwrite)
        except OSError as error:
            raise disk_error(folder, error) from error
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def disk_error(folder: Path, error: OSError) -> ExportError:
    """Say in one sentence why the disk refused.

    pydicom wraps the error of the system in one of its own, whose text is a traceback.
    """
    while error.errno is None and isinstance(error.__cause__, OSError):
        error = error.__cause__
    reasons = {
        errno.ENOSPC: "the disk is full; free some space or choose another folder",
        errno.EDQUOT: "your disk quota is used up; free some space or choose another folder",
        errno.EFBIG: "the file system allows no file that large; choose another folder",
        errno.EACCES: "no permission to write here; choose another folder",
        errno.EPERM: "no permission to write here; choose another folder",
        errno.EROFS: "this place is read-only; choose another folder",
        errno.ENOTDIR: "part of this path is a file, not a folder; choose another folder",
        errno.EEXIST: "part of this path is a file, not a folder; choose another folder",
        errno.ENAMETOOLONG: "the name is too long; choose a shorter one",
    }
    reason = reasons.get(error.errno or 0, f"the system says: {error.strerror or type(error).__name__}")
    return ExportError(f"Cannot write into {folder}: {reason}. Nothing was left behind.")


def _nearest_existing(folder: Path) -> Path:
    while not folder.exists():
        folder = folder.parent
    return folder


def _sweep(place: Path) -> None:
    """Remove staging folders of processes of this machine that were killed."""
    if os.name != "posix":  # os.kill(pid, 0) ends the process on Windows
        return
    for stale in place.glob(f"{STAGING_PREFIX}{socket.gethostname()}-*-*"):
        process = stale.name.rsplit("-", 2)[1]
        if process.isdigit() and not _alive(int(process)):
            shutil.rmtree(stale, ignore_errors=True)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _publish(stage: Path, folder: Path, protected: set[Path], overwrite: bool) -> None:
    """Move each entry of the stage into the folder; on failure put everything back."""
    entries = sorted(stage.iterdir())
    for entry in entries:
        _check_target(entry, folder / entry.name, protected, overwrite)
    replaced = stage / ".replaced"
    replaced.mkdir()
    moved: list[Path] = []
    try:
        for entry in entries:
            target = folder / entry.name
            if target.exists():
                target.rename(replaced / entry.name)
            moved.append(target)
            entry.rename(target)
    except BaseException:
        for target in moved:
            if target.exists():
                target.rename(stage / f"{target.name}.undone")
            if (replaced / target.name).exists():
                (replaced / target.name).rename(target)
        raise


def _check_target(entry: Path, target: Path, protected: set[Path], overwrite: bool) -> None:
    """Refuse a target that exists, holds foreign files, or is part of the input."""
    if not target.exists():
        return
    present = {target} if target.is_file() else {path for path in target.rglob("*") if path.is_file()}
    if any(path.resolve() in protected for path in present):
        raise ExportError(f"{target} is part of the scan itself and is never replaced; choose another folder.")
    if not overwrite:
        raise ExportError(f"{target} exists already; choose another folder or name, or allow overwriting.")
    made = {target} if entry.is_file() else {target / path.relative_to(entry) for path in entry.rglob("*")}
    if target.is_dir() != entry.is_dir() or not present <= made:
        raise ExportError(f"{target} holds other files, which are not removed; choose another folder or name.")
