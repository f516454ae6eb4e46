"""What a run did: one record for the screen, for ``--json`` and for ``--report``."""

import json
import uuid
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

import medae
from medae.cli.group import FAILED
from medae.cli.terminal import Terminal
from medae.errors import ExportError

if TYPE_CHECKING:
    from medae.exporters.trust_report import Page
    from medae.results import Result

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
    trust
        What was measured on a denoised series (`medae.quality.TrustReport`); None where nothing was.
    job
        Fields of `medae.jobs.job.ProcessJob` that name the series, so that a later run can read it again.
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
    p_value: float | None = None
    provenance: list[dict[str, Any]] = field(default_factory=list)
    trust: dict[str, Any] | None = None
    job: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class RunReport:
    """How a whole command went; ``pages`` are the trust reports, where a report is to be a document."""

    command: str
    series: list[SeriesReport] = field(default_factory=list)
    skipped: list[dict[str, str]] = field(default_factory=list)
    pages: list["Page"] = field(default_factory=list)

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

    def add_trust(self, result: "Result", path: Path | None) -> None:
        """Note what was measured on the last series, as a page too where the report at ``path`` has pages."""
        assert result.trust is not None
        self.series[-1].trust = result.trust.to_dict()
        if _has_pages(path):
            from medae.exporters.trust_report import page

            self.pages.append(page(result))

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


def _has_pages(path: Path | None) -> bool:
    return path is not None and path.suffix.lower() in (".html", ".pdf")


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file (text as UTF-8), whole or not at all.

    Raises
    ------
    ExportError
        If the folder cannot be written.
    """
    temporary = path.with_name(f".medae-{uuid.uuid4().hex[:8]}-{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            temporary.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise ExportError(f"{path} cannot be written ({error.strerror}); choose another place.") from error


def write_report(run: RunReport, path: Path | None, inputs: Iterable[Path]) -> None:
    """Write the record as a file where one was asked for; never over an input.

    A name that ends in .html or .pdf gets the pages of the trust reports, and nothing where no series was denoised.
    """
    if path is None or (_has_pages(path) and not run.pages):
        return
    if path.resolve() in {each.resolve() for each in inputs}:
        raise ExportError(f"{path} is an input and is never replaced; give --report another name.")
    if _has_pages(path):
        from medae.exporters.trust_report import page_file

        write_whole(path, page_file(run.pages, path.suffix.lower()))
    else:
        write_whole(path, json.dumps(run.to_dict(), indent=2) + "\n")
