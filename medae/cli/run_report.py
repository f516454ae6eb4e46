"""What a run did: one record for the screen, for ``--json`` and for ``--report``."""

import json
import uuid
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import typer

import medae
from medae.cli.group import FAILED
from medae.cli.terminal import Terminal
from medae.errors import ExportError

HINT = "Research use only, not for diagnosis."


@dataclass(slots=True)
class SeriesReport:
    """How it went with one series.

    Attributes
    ----------
    name
        First part of the names of its outputs.
    source
        The file, or the folder of the files.
    status
        ``"done"``, ``"failed"``, or in a batch ``"skipped"`` (done before and unchanged).
    reason
        Why it failed.
    """

    name: str
    source: str
    modality: str = ""
    shape: tuple[int, ...] = ()
    status: str = "failed"
    reason: str = ""
    warnings: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    findings: list[dict[str, Any]] | None = None
    provenance: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class RunReport:
    """How a whole command went."""

    command: str
    series: list[SeriesReport] = field(default_factory=list)
    skipped: list[dict[str, str]] = field(default_factory=list)

    @property
    def failures(self) -> int:
        """Series that failed and files that could not be read."""
        return sum(series.status == "failed" for series in self.series) + len(self.skipped)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "medae": medae.__version__,
            "command": self.command,
            "hint": HINT,
            "series": [asdict(series) for series in self.series],
            "skipped": self.skipped,
            "failures": self.failures,
        }

    def skip(self, files: Iterable[tuple[Path, str]], terminal: Terminal) -> None:
        """Name files that could not be read, with the reason."""
        for path, reason in files:
            self.skipped.append({"path": str(path), "reason": reason})
            terminal.error(f"{path}: {reason}")


def finish(run: RunReport, terminal: Terminal, *, as_json: bool) -> None:
    """Print the JSON or the closing line, and exit with 1 where something failed."""
    done = sum(series.status == "done" for series in run.series)
    if as_json:
        typer.echo(json.dumps(run.to_dict(), indent=2))
    elif run.failures:
        terminal.error(f"{run.failures} failed or could not be read, {done} done.")
    if run.failures or not run.series:
        raise typer.Exit(FAILED)


def write_whole(path: Path, text: str) -> None:
    """Write a text file, whole or not at all.

    Raises
    ------
    ExportError
        If the folder cannot be written.
    """
    temporary = path.with_name(f".medae-{uuid.uuid4().hex[:8]}-{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            temporary.write_text(text, encoding="utf-8")
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise ExportError(f"{path} cannot be written ({error.strerror}); choose another place.") from error


def write_report(run: RunReport, path: Path | None, inputs: Iterable[Path]) -> None:
    """Write the record as a file where one was asked for; never over an input."""
    if path is None:
        return
    if path.resolve() in {each.resolve() for each in inputs}:
        raise ExportError(f"{path} is an input and is never replaced; give --report another name.")
    write_whole(path, json.dumps(run.to_dict(), indent=2) + "\n")
