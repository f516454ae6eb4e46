"""``medae batch``: the same for every series of a tree, once."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import ValidationError

from medae.cli import options as given
from medae.cli.process import check_job, naming, origin
from medae.cli.run_report import RunReport, SeriesReport, finish, write_report
from medae.cli.terminal import Terminal
from medae.errors import SettingsError

if TYPE_CHECKING:
    from medae.jobs.batch import BatchEvent
    from medae.jobs.job import ProcessJob

FORMATS = tuple(given.EXPORTERS)


def batch(
    source: given.Input,
    out: given.OutputFolder,
    recipe: Annotated[
        Path | None,
        typer.Option(
            exists=True, dir_okay=False, metavar="FILE", help="What to do, as JSON (see docs/how-to-batch.md)."
        ),
    ] = None,
    model: given.Model = "auto",
    strength: given.Strength = 1.0,
    adapt: given.Adapt = False,
    device: given.DeviceName = "auto",
    modality: given.ModalityName = None,
    formats: Annotated[
        str | None, typer.Option("--format", metavar="LIST", help=f"{', '.join(FORMATS)}; default: as the input.")
    ] = None,
    as_json: given.AsJson = False,
    report_file: given.ReportFile = None,
) -> None:
    """Denoise every series in IN, or do what a recipe says; a second run skips what is done and unchanged.

    With --recipe, --model, --strength, --adapt and --device are not used; --format and --modality replace what it
    says.
    """
    from medae.jobs.batch import batch as run_batch
    from medae.jobs.job import ProcessJob

    if out.resolve() == source.resolve():
        raise typer.BadParameter("OUT is the input itself; choose another place", param_hint="'OUT'")
    given.check_report(report_file, source)
    template = (
        read_recipe(recipe) if recipe else ProcessJob(denoise=model, strength=strength, adapt=adapt, device=device)
    )
    chosen = tuple(given.EXPORTERS[name] for name in given.parse_formats(formats, FORMATS))
    fields = {"modality": modality.dicom if modality else template.modality, "exports": chosen or template.exports}
    template = template.model_copy(update={**fields, "trust": template.trust or report_file is not None})
    check_job(template)
    terminal = Terminal(quiet=as_json)
    run = RunReport("batch")
    inputs: list[Path] = []

    def note(event: "BatchEvent") -> None:
        if event.status != "started":
            run.series.append(_series_report(event, terminal))
            inputs.extend(event.outcome.job.paths)

    try:
        with terminal.task("Batch") as report:
            summary = run_batch(source, out, template, report=report, on_event=note)
        run.skip(((broken.path, broken.reason) for broken in summary.broken), terminal)
    finally:
        write_report(run, report_file, inputs)
    if not as_json:
        typer.echo(
            f"{len(summary.done)} done, {len(summary.skipped_done)} done before and unchanged, "
            f"{len(summary.failed)} failed, {len(summary.broken)} files not readable. Outputs in {out}"
        )
    finish(run, terminal, as_json=as_json)


def read_recipe(path: Path) -> "ProcessJob":
    """Read what a batch is to do: fields of `medae.jobs.job.ProcessJob` as JSON.

    Raises
    ------
    SettingsError
        If the file is no JSON, or a field is unknown or out of range.
    """
    from medae.jobs.job import ProcessJob

    try:
        content = json.loads(path.read_text("utf-8"))
        exports = content.pop("exports", ()) if isinstance(content, dict) else ()
        # the folder of the exports is OUT, series by series
        return ProcessJob.model_validate(content).model_copy(update={"exports": tuple(exports)})
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read ({error.strerror})") from error
    except ValidationError as error:
        first = error.errors()[0]
        raise SettingsError(
            f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}".replace(": :", ":")
        ) from error
    except ValueError as error:
        raise SettingsError(f"{path}: is not JSON") from error


def _series_report(event: "BatchEvent", terminal: Terminal) -> SeriesReport:
    """Tell how it went with one series, and give the record of it."""
    outcome = event.outcome
    job = outcome.job
    one = SeriesReport(job.name, str(origin(job.paths)), job.modality or "", job=naming(job))
    one.status, one.reason = event.status, outcome.message
    one.files = [str(path) for path in outcome.paths]
    one.provenance, one.warnings, one.trust = list(outcome.provenance), list(outcome.warnings), outcome.trust
    place = f"[{event.index + 1}/{event.total}] {one.name}"
    if event.status == "failed":
        terminal.error(f"{place}: {one.reason}")
    else:
        terminal.say(f"{place}: {'done before, unchanged' if event.status == 'skipped' else 'done'}")
    for warning in one.warnings:
        terminal.warn(f"{one.name}: {warning}")
    return one
