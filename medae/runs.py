"""Training runs on disk: each has a folder that the trainer writes and the window reads.

``recipe.json``      what is trained on what
``state.json``       how far it is (`RunState`)
``history.jsonl``    one line per epoch: step, loss terms, validation, seconds
``preview.png``      input, reconstruction and target of a few patches, after each epoch
``checkpoint.pt``    all that is needed to go on as if nothing had happened
``tensorboard/``     the same figures as event files
``finish``           put there by `ask_to_finish`: stop early, keep the model

No patient data is in any of them but the preview's pixels.
"""

import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self

from filelock import FileLock, Timeout
from pydantic import BaseModel, ConfigDict, ValidationError

from medae.errors import SettingsError
from medae.settings import data_folder

State = Literal["running", "paused", "finished", "failed"]


def runs_folder() -> Path:
    """Folder of all training runs; not made yet."""
    return data_folder() / "runs"


class RunState(BaseModel):
    """How far a run is.

    Attributes
    ----------
    state
        ``"running"`` (or killed while it was: see `Run.is_alive`), ``"paused"`` (can be resumed), ``"finished"``
        (the model is there), ``"failed"``.
    step, steps
        Done, and planned.
    message
        One sentence; why it failed.
    bundle
        Folder of the finished model.
    """

    model_config = ConfigDict(frozen=True)

    state: State
    step: int = 0
    steps: int = 0
    message: str = ""
    bundle: Path | None = None


class Run:
    """One run's folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def named(cls, name: str) -> Self:
        """Give the run of that name, which need not exist."""
        return cls(runs_folder() / name)

    @property
    def name(self) -> str:
        """Name of the run and of its model."""
        return self.folder.name

    @property
    def checkpoint(self) -> Path:
        """Where the run is stored after each epoch."""
        return self.folder / "checkpoint.pt"

    @property
    def preview(self) -> Path:
        """Picture of the newest reconstructions."""
        return self.folder / "preview.png"

    def lock(self) -> FileLock:
        """Lock that the trainer holds for as long as it runs; the system frees it when the process dies."""
        self.folder.mkdir(parents=True, exist_ok=True)
        return FileLock(self.folder / ".lock")

    def is_alive(self) -> bool:
        """Whether a trainer, of this or another process, works on this run now."""
        if not self.folder.is_dir():
            return False
        lock = self.lock()
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return True
        lock.release()
        return False

    def recipe(self) -> dict[str, Any]:
        """Give the recipe as JSON values.

        Raises
        ------
        SettingsError
            If there is no such run, or its recipe is damaged.
        """
        try:
            content = json.loads((self.folder / "recipe.json").read_text("utf-8"))
        except OSError as error:
            known = ", ".join(run.name for run in runs()) or "none"
            raise SettingsError(f"there is no training run named {self.name!r}; the runs are: {known}") from error
        except ValueError as error:
            raise SettingsError(f"{self.folder / 'recipe.json'} is damaged; train anew") from error
        return dict(content)

    def state(self) -> RunState:
        """Read how far the run is; a damaged or missing file counts as a failed run."""
        try:
            return RunState.model_validate_json((self.folder / "state.json").read_text("utf-8"))
        except (OSError, ValidationError):
            return RunState(state="failed", message="The run's state cannot be read.")

    def history(self) -> list[dict[str, Any]]:
        """Read the lines of the history; a line that is only half written is left out."""
        lines = []
        try:
            text = (self.folder / "history.jsonl").read_text("utf-8")
        except OSError:
            return []
        for line in text.splitlines():
            try:
                lines.append(json.loads(line))
            except ValueError:
                continue
        return lines

    def write(self, name: str, content: bytes) -> None:
        """Write one file of the run, whole or not at all."""
        self.folder.mkdir(parents=True, exist_ok=True)
        handle, staging = tempfile.mkstemp(prefix=f".{name}-", dir=self.folder)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            os.replace(staging, self.folder / name)  # noqa: PTH105
        except BaseException:
            Path(staging).unlink(missing_ok=True)
            raise

    def write_state(self, state: RunState) -> None:
        """Store how far the run is."""
        self.write("state.json", state.model_dump_json(indent=2).encode())

    def append(self, line: Mapping[str, object]) -> None:
        """Add a line to the history."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "history.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    def cut_history(self, step: int) -> None:
        """Leave out what was written after a step: the run goes on from there."""
        kept = [json.dumps(line) for line in self.history() if int(line.get("step", 0)) <= step]
        self.write("history.jsonl", "".join(f"{line}\n" for line in kept).encode())

    def ask_to_finish(self) -> None:
        """Ask the trainer to stop at its next step and keep the model as it is."""
        (self.folder / "finish").touch()

    def is_asked_to_finish(self) -> bool:
        """Whether `ask_to_finish` was called."""
        return (self.folder / "finish").exists()

    def remove(self) -> None:
        """Delete the run; its model stays."""
        shutil.rmtree(self.folder, ignore_errors=True)


def runs() -> tuple[Run, ...]:
    """All runs, the newest first."""
    root = runs_folder()
    if not root.is_dir():
        return ()
    folders = [folder for folder in root.iterdir() if (folder / "recipe.json").is_file()]
    return tuple(Run(folder) for folder in sorted(folders, key=lambda f: f.stat().st_mtime, reverse=True))
