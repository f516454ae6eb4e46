"""What a batch has done in a folder: one record per series under ``OUT/.medae/batch``.

A record is written before its series is begun and again when its outputs stand. So the next run knows what
is done, and which outputs are its own and may be replaced.
"""

import json
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from glob import escape
from pathlib import Path
from typing import IO, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from medae.errors import ExportError, SettingsError
from medae.jobs.job import ProcessJob


class Record(BaseModel):
    """What is known about one series of a batch."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str = Field(default="", description="Hash of all that the outputs depend on")
    status: Literal["started", "done"] = "started"
    job: ProcessJob | None = None
    outputs: Mapping[str, int] = Field(default_factory=dict, description="Relative path: size in bytes")
    foreign: tuple[str, ...] = Field(default=(), description="Entries of like names that were there before")
    provenance: tuple[dict[str, object], ...] = ()


class Manifest:
    """The records of one output folder.

    Parameters
    ----------
    out
        The folder of the batch; made when absent.

    Raises
    ------
    ExportError
        The folder cannot be written.
    """

    def __init__(self, out: Path) -> None:
        self.out = out.expanduser().absolute()
        self.private = self.out / ".medae"
        try:
            self.private.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ExportError(f"{out}: cannot be written ({error.strerror}); choose another folder.") from error

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other batches out of the folder; the system drops the lock when the process dies.

        Raises
        ------
        SettingsError
            Another batch is writing there.
        """
        with (self.private / "lock").open("a+b") as file:
            try:
                _lock(file)
            except OSError as error:
                raise SettingsError(f"{self.out}: another batch is writing there; wait for its end.") from error
            yield

    def find(self, job: ProcessJob) -> Record | None:
        """Give the record of the job's outputs, whatever job made them; None where there is none."""
        return _read(self._path(job))

    def is_done(self, job: ProcessJob, job_id: str) -> bool:
        """Tell whether this very job was done and its outputs are as it left them."""
        record = self.find(job)
        return (
            record is not None
            and record.status == "done"
            and record.id == job_id
            and all(_size(self.out / path) == size for path, size in record.outputs.items())
        )

    def start(self, job: ProcessJob) -> ProcessJob:
        """Note that a job begins, and give it with the right to replace its own older outputs."""
        record = self.find(job)
        if record is None:
            record = Record(foreign=self._foreign(job))
            self._write(job, record)
            return job
        self._write(job, record.model_copy(update={"status": "started"}))
        return job.model_copy(update={"overwrite": job.overwrite or not record.foreign})

    def finish(
        self,
        job: ProcessJob,
        job_id: str,
        paths: Sequence[Path],
        provenance: Sequence[dict[str, object]],
    ) -> None:
        """Note that the outputs of a job stand."""
        files = [file for path in paths for file in ([path] if path.is_file() else path.rglob("*"))]
        outputs = {
            file.absolute().relative_to(self.out).as_posix(): file.stat().st_size for file in files if file.is_file()
        }
        record = Record(id=job_id, status="done", job=job, outputs=outputs, provenance=tuple(provenance))
        self._write(job, record)

    def abandon(self, job: ProcessJob) -> None:
        """Note that a job has failed and left nothing."""
        record = self.find(job)
        if record is not None and not record.outputs:
            self._path(job).unlink(missing_ok=True)

    def outputs(self) -> set[Path]:
        """Give all files that batches made here."""
        records = (_read(path) for path in self._records().rglob("*.json"))
        return {self.out / output for record in records if record is not None for output in record.outputs}

    def done(self) -> tuple[Record, ...]:
        """Give the records of what is done, in the order of their names."""
        records = (_read(path) for path in sorted(self._records().rglob("*.json")))
        return tuple(record for record in records if record is not None and record.status == "done")

    def _records(self) -> Path:
        return self.private / "batch"

    def _path(self, job: ProcessJob) -> Path:
        assert job.out is not None
        return self._records() / job.out.relative_to(self.out) / f"{job.name}.json"

    def _foreign(self, job: ProcessJob) -> tuple[str, ...]:
        """Entries beside the coming outputs that could be taken for them, but no batch made them."""
        assert job.out is not None
        alike = list(job.out.glob(f"{escape(job.name)}_*"))
        if not alike:
            return ()
        ours = {parent for output in self.outputs() for parent in (output, *output.parents)}
        return tuple(sorted(path.name for path in alike if path not in ours))

    def _write(self, job: ProcessJob, record: Record) -> None:
        path = self._path(job)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, record.model_dump(mode="json"))


def write_json(path: Path, content: object) -> None:
    """Write a JSON file, whole or not at all."""
    handle, name = tempfile.mkstemp(prefix=".", suffix=".tmp", dir=path.parent)
    temporary = Path(name)
    try:
        with open(handle, "w", encoding="utf-8") as file:  # noqa: PTH123 - a file descriptor
            json.dump(content, file, indent=1, default=str)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _read(path: Path) -> Record | None:
    try:
        return Record.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except (ValidationError, OSError):
        return Record()  # damaged, but ours: the series is done again


def _size(path: Path) -> int | None:
    with suppress(OSError):
        return path.stat().st_size
    return None


def _lock(file: IO[bytes]) -> None:
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
