"""``medae export``: write scans, or the results of an earlier run, in the formats asked for."""

import json
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from medae.cli import options as given
from medae.cli.process import attempt, check_job, naming, origin
from medae.cli.run_report import RunReport, SeriesReport, finish, write_report
from medae.cli.terminal import Terminal
from medae.progress import Report, part

if TYPE_CHECKING:
    from medae.exporters import Deidentifier
    from medae.jobs.earlier import Earlier
    from medae.jobs.job import ProcessJob
    from medae.results import Result

FORMATS = tuple(given.EXPORTERS)
_KEEP = {"patient": "keep_patient_characteristics", "device": "keep_device", "institution": "keep_institution"}


class Compression(StrEnum):
    """Lossless compressions of DICOM images."""

    NONE = "none"
    JPEG_LS = "jpeg-ls"
    JPEG_2000 = "jpeg-2000"


class Dates(StrEnum):
    """What de-identification does to dates."""

    REMOVE = "remove"
    SHIFT = "shift"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class Request:
    """One command line: how everything is written.

    Attributes
    ----------
    options
        Of `medae.exporters.export`.
    dry_run
        Say what would be written, and write nothing.
    """

    out: Path
    keys: tuple[str, ...]
    options: dict[str, Any]
    compression: str
    deidentifier: "Deidentifier | None"
    strength: float
    overwrite: bool
    dry_run: bool
    as_json: bool


@dataclass(frozen=True, slots=True)
class Item:
    """One series: where it comes from, and the folder and first part of the names of its outputs."""

    job: "ProcessJob"
    folder: Path
    name: str
    earlier: "Earlier | None" = None


Scans = Annotated[
    Path,
    typer.Argument(
        metavar="IN", exists=True, help="Scans, the record of an earlier run (.json), or a batch's output folder."
    ),
]
Formats = Annotated[str, typer.Option("--format", metavar="LIST", help=", ".join(FORMATS))]
Denoise = Annotated[
    str, typer.Option("--model", metavar="NAME", help="Denoise scans first: 'auto' or a name; 'none' keeps the values.")
]
Detect = Annotated[str | None, typer.Option(metavar="NAME", help="Map anomalies of scans first: 'auto' or a name.")]
CompressionName = Annotated[Compression, typer.Option(help="Of DICOM images; lossless.")]
Deterministic = Annotated[
    bool, typer.Option("--deterministic-uids", help="Same UIDs when the same export is made again.")
]
Anonymous = Annotated[
    bool, typer.Option("--deidentify", help="Take out what tells the patient (DICOM PS3.15), in all DICOM outputs.")
]
PatientId = Annotated[str, typer.Option(metavar="ID", help="New patient name and ID; default: a random one.")]
DatesName = Annotated[Dates, typer.Option(help="With --deidentify: what happens to dates.")]
Keep = Annotated[
    str, typer.Option(metavar="LIST", help="With --deidentify, keep facts on: patient, device, institution.")
]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="FORMAT.NAME=VALUE", help="Option of a format, such as sc.multi_frame=true."),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be written, and write nothing.")]


def export(
    source: Scans,
    out: given.OutputFolder,
    formats: Formats = "dicom",
    model: Denoise = "none",
    detect: Detect = None,
    strength: given.Strength = 1.0,
    threshold: given.Threshold = None,
    device: given.DeviceName = "auto",
    modality: given.ModalityName = None,
    compression: CompressionName = Compression.NONE,
    deterministic: Deterministic = False,
    anonymous: Anonymous = False,
    patient_id: PatientId = "",
    dates: DatesName = Dates.REMOVE,
    keep: Keep = "",
    settings: Settings = None,
    dry_run: DryRun = False,
    overwrite: given.Overwrite = False,
    as_json: given.AsJson = False,
    report_file: given.ReportFile = None,
) -> None:
    """Write scans, or the results of an earlier run, as DICOM, NIfTI, pictures and tables."""
    from medae.exporters import Deidentifier
    from medae.jobs.job import ProcessJob

    given.check_report(report_file, source)
    deidentify = _deidentify(patient_id, dates, keep) if anonymous else None
    options = _options(settings or [])
    if deterministic:
        options["deterministic_uids"] = True
    request = Request(
        out=out,
        keys=tuple(given.EXPORTERS[name] for name in given.parse_formats(formats, FORMATS)),
        options=options,
        compression=compression.value,
        deidentifier=Deidentifier(deidentify, deterministic=deterministic) if deidentify else None,
        strength=strength,
        overwrite=overwrite,
        dry_run=dry_run,
        as_json=as_json,
    )
    template = ProcessJob(
        denoise=model,
        detect=detect,
        threshold=threshold,
        device=device,
        modality=modality.dicom if modality else None,
    )
    _run(request, source, template, report_file)


def _deidentify(patient_id: str, dates: Dates, keep: str) -> Any:
    from pydantic import ValidationError

    from medae.confidentiality import Deidentify

    kept = [name.strip() for name in keep.split(",") if name.strip()]
    for name in kept:
        if name not in _KEEP:
            raise typer.BadParameter(f"{name!r} is not one of {', '.join(_KEEP)}", param_hint="'--keep'")
    try:
        return Deidentify(patient_id=patient_id, dates=dates.value, **{_KEEP[name]: True for name in kept})
    except ValidationError as error:
        raise typer.BadParameter("at most 64 characters, no backslash", param_hint="'--patient-id'") from error


def _options(texts: list[str]) -> dict[str, Any]:
    """Read ``FORMAT.NAME=VALUE``; values are JSON, else text."""
    options: dict[str, Any] = {}
    for text in texts:
        place, equals, value = text.partition("=")
        format_name, dot, name = place.partition(".")
        if not (equals and dot and name) or format_name not in given.EXPORTERS:
            raise typer.BadParameter(f"{text!r} is not FORMAT.NAME=VALUE", param_hint="'--set'")
        try:
            parsed = json.loads(value)
        except ValueError:
            parsed = value
        options.setdefault(given.EXPORTERS[format_name], {})[name] = parsed
    return options


def _run(request: Request, source: Path, template: "ProcessJob", report_file: Path | None) -> None:
    """Do every series; one that fails is listed and the others are done."""
    terminal = Terminal(quiet=request.as_json)
    check_job(template)
    run = RunReport("export")
    items = _items(request, source, template, run, terminal)
    try:
        for item in items:
            paths = item.job.paths
            one = SeriesReport(item.name, str(origin(paths)), item.job.modality or "", job=naming(item.job))
            run.series.append(one)
            attempt(one, terminal, partial(_series, request, item, template, one, terminal))
    finally:
        write_report(run, report_file, (path for item in items for path in item.job.paths))
    finish(run, terminal, as_json=request.as_json)


def _items(request: Request, source: Path, template: "ProcessJob", run: RunReport, terminal: Terminal) -> list[Item]:
    """Find the series; the names of de-identified outputs come from no folder of the user's."""
    from medae.jobs.earlier import is_record, read_record
    from medae.jobs.plan import plan

    items = []
    if is_record(source):
        for earlier in read_record(source):
            items.append(Item(earlier.job, request.out, earlier.name, earlier))
    else:
        with terminal.task("Looking for scans") as report:
            todo = plan(source, request.out, template, report)
        run.skip(((skipped.path, skipped.reason) for skipped in todo.skipped), terminal)
        items = [Item(job, job.out or request.out, job.name) for job in todo.jobs]
    if request.deidentifier is not None:
        return [replace(item, folder=request.out, name=f"scan-{n:03d}") for n, item in enumerate(items, start=1)]
    return items


def _series(request: Request, item: Item, template: "ProcessJob", one: SeriesReport, terminal: Terminal) -> None:
    """Get the result of one series and write it, or say what would be written."""
    from medae import exporters

    with terminal.task(item.name) as report:
        result = _result(request, item, template, part(report, 0.0, 0.7))
        one.modality, one.shape = result.original.modality, result.original.shape
        one.provenance = [step.to_dict() for step in result.provenance]
        one.warnings = _warnings(request, result)
        if not request.dry_run:
            paths = exporters.export(
                result,
                item.folder,
                request.keys,
                name=item.name,
                options=request.options,
                deidentify=request.deidentifier,
                compression=request.compression,  # type: ignore[arg-type]
                overwrite=request.overwrite,
                report=part(report, 0.7, 1.0),
            )
            one.files = [str(path) for path in paths]
    for warning in one.warnings:
        terminal.warn(f"{item.name}: {warning}")
    if request.dry_run:
        _tell(request, item, result, one)
    elif not request.as_json:
        typer.echo(f"{item.name}: {len(one.files)} {'file' if len(one.files) == 1 else 'files'} in {item.folder}")


def _result(request: Request, item: Item, template: "ProcessJob", report: Report) -> "Result":
    from medae.jobs.earlier import result_of
    from medae.jobs.run import run
    from medae.results import adjusted

    if item.earlier is not None:
        result = result_of(item.earlier, report)
    else:
        job = item.job
        if request.dry_run:  # what is written depends on the findings, but not on the denoised values
            job = job.model_copy(update={"denoise": "none"})
        found = run(job.model_copy(update={"exports": (), "out": None}), report).result
        assert found is not None
        result = found
    return adjusted(result, request.strength, template.threshold)


def _warnings(request: Request, result: "Result") -> list[str]:
    """Sentences about the scan, and about what stays in its pixels when it is de-identified."""
    from medae.exporters import deidentify, dicom_file

    source = result.original.source
    found = list(source.warnings)
    if request.deidentifier is not None and source.reader == "dicom" and source.paths:
        found += deidentify.warnings(dicom_file.read_header(source.paths[0]))
    return found


def _tell(request: Request, item: Item, result: "Result", one: SeriesReport) -> None:
    """Print what would be written."""
    from medae.exporters import EXPORTERS, check_accepted, chosen_options
    from medae.jobs.export_offer import size_text

    for key, options in chosen_options(request.keys, request.options):
        check_accepted(result, (key,))
        for output in EXPORTERS[key].outputs(result, item.name, options):
            path = item.folder / output.name
            one.files.append(str(path))
            description = output.description.partition(":")[0] if request.deidentifier else output.description
            count = "1 file" if output.files == 1 else f"{output.files} files"
            about = f", about {size_text(output.size)}" if output.size is not None else ""
            taken = ", exists already" if path.exists() else ""
            if not request.as_json:
                typer.echo(f"{path}: {count}{about}{taken}{f', {description!r}' if description else ''}")
