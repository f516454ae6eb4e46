"""What the runs on disk say, read for the training window. No Qt in it; it reads files: call it in a thread."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from medae import bundle
from medae.errors import MedaeError
from medae.runs import Run, RunState, runs

STATES = {
    "running": "Running",
    "paused": "Paused",
    "interrupted": "Interrupted",
    "finished": "Finished",
    "failed": "Failed",
}
"""States of a run, for people. ``"interrupted"`` says that it runs, but no process works on it."""

RECENT = 5
"""Epochs from which speed is estimated."""

_Stamp = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run as the window shows it.

    Attributes
    ----------
    state
        Key of `STATES`.
    recipe
        As JSON values; empty where it is damaged.
    history
        Lines of ``history.jsonl`` (see `medae.runs`).
    metrics
        Of the finished model, by name; only its numbers.
    device
        What computed it; known once the model is finished.
    """

    name: str
    folder: Path
    state: str
    step: int = 0
    steps: int = 0
    message: str = ""
    bundle: Path | None = None
    recipe: Mapping[str, Any] = field(default_factory=dict)
    history: tuple[Mapping[str, Any], ...] = ()
    metrics: Mapping[str, float] = field(default_factory=dict)
    device: str = ""
    stamp: _Stamp = ()

    @property
    def can_resume(self) -> bool:
        """Whether it stopped before its end and can go on."""
        return self.state in ("paused", "interrupted") and bool(self.recipe)

    @property
    def best_validation(self) -> float | None:
        """Smallest validation loss so far."""
        seen = [line["validation"]["loss"] for line in self.history if line.get("validation")]
        return min((value for value in seen if math.isfinite(value)), default=None)

    @property
    def seconds_per_step(self) -> float | None:
        """Of the last few epochs; None before the first."""
        if not self.history:
            return None
        last, first = self.history[-1], {"step": 0, "seconds": 0.0}
        if len(self.history) > 1:
            first = dict(self.history[-min(len(self.history), RECENT + 1)])
        steps = last["step"] - first["step"]
        seconds = last["seconds"] - first["seconds"]
        return seconds / steps if steps > 0 and seconds > 0 else None

    @property
    def samples_per_second(self) -> float | None:
        """Patches learnt from per second."""
        pace, size = self.seconds_per_step, self.recipe.get("batch_size")
        return None if pace is None or not size else size / pace

    def remaining(self, step: int) -> float | None:
        """Estimated seconds of training left after a step."""
        pace = self.seconds_per_step
        return None if pace is None else pace * max(0, self.steps - step)


def read_records(known: Mapping[str, RunRecord]) -> tuple[RunRecord, ...]:
    """Read all runs, the newest first.

    Parameters
    ----------
    known
        What was read before, by name; files that have not changed since are not read again.
    """
    return tuple(_read(run, known.get(run.name)) for run in runs())


def figures(record: RunRecord) -> dict[str, float]:
    """Name the last figures of a run: loss, its terms, the best validation loss, the model's metrics."""
    found: dict[str, float] = {}
    if record.history:
        last = record.history[-1]
        found["loss"] = last["loss"]
        found.update({f"loss · {name}": value for name, value in last.get("terms", {}).items()})
        found["seconds of training"] = round(last["seconds"], 1)
    if record.best_validation is not None:
        found["best validation loss"] = record.best_validation
    found.update(record.metrics)
    return found


def numbers(content: Mapping[str, Any], before: str = "") -> dict[str, float]:
    """Flatten nested metrics to ``"outer · inner"`` names; what is no number is left out."""
    found: dict[str, float] = {}
    for key, value in content.items():
        name = f"{before}{key}".replace("_", " ")
        if isinstance(value, Mapping):
            found.update(numbers(value, f"{name} · "))
        elif isinstance(value, int | float) and not isinstance(value, bool):
            found[name] = value
    return found


def _read(run: Run, known: RunRecord | None) -> RunRecord:
    stamp = tuple(_stamp(run.folder / name) for name in ("recipe.json", "state.json", "history.jsonl"))
    record = known if known is not None and known.stamp == stamp else _read_anew(run, stamp)
    if record.state not in ("running", "interrupted"):
        return record
    return replace(record, state="running" if run.is_alive() else "interrupted")


def _read_anew(run: Run, stamp: _Stamp) -> RunRecord:
    state: RunState = run.state()
    try:
        recipe = run.recipe()
    except MedaeError:
        recipe = {}
    metrics, device = _of_model(state.bundle) if state.state == "finished" else ({}, "")
    return RunRecord(
        name=run.name,
        folder=run.folder,
        state=state.state,
        step=state.step,
        steps=state.steps or int(recipe.get("steps", 0)),
        message=state.message,
        bundle=state.bundle,
        recipe=recipe,
        history=tuple(run.history()),
        metrics=metrics,
        device=device,
        stamp=stamp,
    )


def _of_model(folder: Path | None) -> tuple[dict[str, float], str]:
    """Give metrics and device that a finished model states; nothing where it was removed."""
    if folder is None:
        return {}, ""
    try:
        info = bundle.read_info(folder)
    except MedaeError:
        return {}, ""
    return numbers(info.metrics), str(info.training.get("device", ""))


def _stamp(path: Path) -> tuple[int, int]:
    try:
        facts = path.stat()
    except OSError:
        return 0, 0
    return facts.st_mtime_ns, facts.st_size
