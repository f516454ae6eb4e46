"""``medae denoise`` and ``medae detect``: every series found goes through the same few steps."""

import traceback
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from medae.cli import options as given
from medae.cli.group import wants_debug
from medae.cli.interrupt import heed
from medae.cli.run_report import HINT, RunReport, SeriesReport, finish, write_report
from medae.cli.terminal import Terminal
from medae.errors import MedaeError
from medae.progress import Report, part

if TYPE_CHECKING:
    from medae.jobs.job import ProcessJob
    from medae.readers.choices import Gaps
    from medae.results import Result

VOLUME_SUFFIX = ".nii.gz"
"""An OUT with this ending is a file, not a folder."""

OUTSIDE = "outside the model's domain, the heatmap is not to be trusted"
"""Beginning of the warning about a scan that is unlike all that a model knows."""

FILE_SUFFIXES = (".nii", ".gz", ".dcm", ".nrrd", ".mha", ".mhd", ".png")
"""An OUT with one of these endings was meant as a file."""

DENOISE_FORMATS = ("dicom", "nifti", "png", "animation", "trust")
DETECT_FORMATS = ("pm", "sc", "seg", "sr", "gsps", "nifti", "png", "animation")


@dataclass(frozen=True, slots=True)
class Request:
    """One command line of ``denoise`` or ``detect``.

    Attributes
    ----------
    template
        The job of each series; paths are filled in per series.
    formats
        Names of `medae.cli.options.EXPORTERS`; empty for the default of the input's kind.
    """

    command: str
    source: Path
    out: Path
    template: "ProcessJob"
    formats: tuple[str, ...]
    as_json: bool
    report_file: Path | None
    gaps: "Gaps" = "keep"

    @property
    def one_file(self) -> bool:
        """Whether OUT names the file of a single volume."""
        return self.out.name.lower().endswith(VOLUME_SUFFIX)


def denoise(
    source: given.Input,
    out: given.Output,
    model: given.Model = "auto",
    strength: given.Strength = 1.0,
    adapt: given.Adapt = False,
    device: given.DeviceName = "auto",
    modality: given.ModalityName = None,
    colour: given.Colour = False,
    gaps: given.GapChoice = "keep",
    formats: Annotated[
        str | None,
        typer.Option("--format", metavar="LIST", help="dicom, nifti, png, animation, trust; default: as the input."),
    ] = None,
    overwrite: given.Overwrite = False,
    as_json: given.AsJson = False,
    report_file: given.TrustFile = None,
) -> None:
    """Remove noise from every series in IN and write the result to OUT."""
    from medae.jobs.job import ProcessJob

    template = ProcessJob(
        denoise=model,
        strength=strength,
        adapt=adapt,
        trust=report_file is not None,
        device=device,
        modality=modality.dicom if modality else None,
        colour=colour,
        overwrite=overwrite,
    )
    chosen = given.parse_formats(formats, DENOISE_FORMATS)
    process(Request("denoise", source, out, template, chosen, as_json, report_file, gaps))


def detect(
    source: given.Input,
    out: given.Output,
    model: given.Model = "auto",
    threshold: given.Threshold = None,
    alpha: given.Alpha = None,
    device: given.DeviceName = "auto",
    modality: given.ModalityName = None,
    colour: given.Colour = False,
    gaps: given.GapChoice = "keep",
    formats: Annotated[
        str | None,
        typer.Option(
            "--format", metavar="LIST", help="pm, sc, seg, sr, gsps, nifti, png, animation; default: pm,sc or nifti."
        ),
    ] = None,
    overwrite: given.Overwrite = False,
    as_json: given.AsJson = False,
    report_file: given.ReportFile = None,
) -> None:
    """Map anomalies in every series in IN; write heatmaps and findings to OUT.

    A finding is a place to look at, never a diagnosis.
    """
    from medae.jobs.job import ProcessJob

    template = ProcessJob(
        detect=model,
        threshold=threshold,
        alpha=alpha,
        device=device,
        modality=modality.dicom if modality else None,
        colour=colour,
        overwrite=overwrite,
    )
    chosen = given.parse_formats(formats, DETECT_FORMATS)
    process(Request("detect", source, out, template, chosen, as_json, report_file, gaps))


def process(request: Request) -> None:
    """Do every series of a request; a series that fails is listed and the others are done.

    Raises
    ------
    MedaeError
        For what no series could survive: an unknown model, a device that cannot be used.
    typer.Exit
        With 1 when something failed.
    """
    from medae.jobs.plan import plan

    _check_places(request)
    terminal = Terminal(quiet=request.as_json)
    check_job(request.template)
    folder = request.out.parent if request.one_file else request.out
    earlier = _files_in_out(request)
    if earlier:
        terminal.warn(f"OUT lies in IN: the {len(earlier)} files in {request.out} are not taken as input.")
    with terminal.task("Looking for scans") as report:
        todo = plan(request.source, folder, request.template, report, earlier, request.gaps)
    if request.one_file and len(todo.jobs) > 1:
        raise typer.BadParameter(
            f"IN holds {len(todo.jobs)} series, which do not fit into one file; name a folder", param_hint="'OUT'"
        )
    run = RunReport(request.command)
    run.skip(((skipped.path, skipped.reason) for skipped in todo.skipped), terminal)
    flat = len(todo.jobs) == 1 and _is_free(request.out, len(todo.jobs[0].paths))
    try:
        for job in todo.jobs:
            one = SeriesReport(job.name, str(origin(job.paths)), job.modality or "", job=naming(job))
            run.series.append(one)
            attempt(one, terminal, partial(_series, request, job, run, flat, terminal))
    finally:
        write_report(run, request.report_file, (path for job in todo.jobs for path in job.paths))
    if not request.as_json and run.series:
        typer.echo(HINT)
    finish(run, terminal, as_json=request.as_json)


def attempt(one: SeriesReport, terminal: Terminal, work: Callable[[], None]) -> None:
    """Do one series; note in ``one`` how it went. Only Ctrl+C comes out of here."""
    try:
        work()
        one.status = "done"
    except MedaeError as error:
        heed()
        one.reason = str(error)
        terminal.error(f"{one.name}: {error}")
    except Exception as error:  # noqa: BLE001 - a defect in one series must not take the others along
        heed()
        one.reason = f"an unexpected problem ({type(error).__name__}); MEDAE_DEBUG=1 shows the details"
        terminal.error(f"{one.name}: {one.reason}")
        if wants_debug():
            traceback.print_exception(error)


def check_job(job: "ProcessJob") -> None:
    """Fail at once for what would fail for every series."""
    from medae import bundle
    from medae.inference.device import choose_device

    for name in (job.denoise, job.detect):
        if name not in (None, "auto", bundle.NONE):
            bundle.find_all(str(name))
    if job.device != "auto":
        choose_device(job.device)


def _check_places(request: Request) -> None:
    """Refuse an OUT or a report that makes no sense, before anything is read."""
    reason = ""
    if request.one_file and request.formats not in ((), ("nifti",)):
        reason = "a .nii.gz file can only be written with --format nifti"
    elif request.out.resolve() == request.source.resolve():
        reason = "OUT is the input itself; choose another place"
    elif not request.one_file and request.out.is_file():
        reason = "OUT is a file; name a folder, or for a single volume a file ending in .nii.gz"
    elif request.out.suffix.lower() in FILE_SUFFIXES and not request.one_file and not request.out.is_dir():
        reason = f"no single {request.out.suffix} file can be written; name a folder, or a file ending in .nii.gz"
    if reason:
        raise typer.BadParameter(reason, param_hint="'OUT'")
    endings = given.REPORT_ENDINGS if request.command == "denoise" else (".json",)
    given.check_report(request.report_file, request.source, endings)


def _files_in_out(request: Request) -> set[Path]:
    """Give the files in an OUT that lies in IN: what an earlier run wrote is not an input of the next."""
    if request.one_file or request.source.resolve() not in request.out.resolve().parents:
        return set()
    return {path for path in request.out.absolute().rglob("*") if path.is_file()}


def _is_free(folder: Path, images: int) -> bool:
    """Whether as many images may go straight into the folder: nothing is there but what they would replace."""
    names = {f"{k + 1:04d}.dcm" for k in range(images)}
    return not folder.is_dir() or {path.name for path in folder.iterdir()} <= names


def origin(paths: Sequence[Path]) -> Path:
    """Give the file of a series, or the folder of its files."""
    return paths[0] if len(paths) == 1 else paths[0].parent


def naming(job: "ProcessJob") -> dict[str, object]:
    """Give the fields of a job that name its series."""
    named = job.model_dump(mode="json", include={"series_instance_uid", "part", "modality"})
    return {"paths": [str(origin(job.paths).absolute())], **named}


def _series(request: Request, job: "ProcessJob", run: RunReport, flat: bool, terminal: Terminal) -> None:
    """Read, compute and export one series, and note the facts in the last one of ``run.series``."""
    from medae.jobs.run import run as run_job

    one = run.series[-1]
    with terminal.task(job.name) as report:
        result = run_job(job.model_copy(update={"exports": ()}), part(report, 0.0, 0.85)).result
        assert result is not None
        volume = result.original
        one.modality, one.shape, one.warnings = volume.modality, volume.shape, list(volume.source.warnings)
        if result.trust is not None:
            run.add_trust(result, request.report_file)
        paths = _write(request, job, result, flat, part(report, 0.85, 1.0))
    one.files = [str(path) for path in paths]
    one.provenance = [step.to_dict() for step in result.provenance]
    if result.anomaly_map is not None:
        one.findings = [asdict(finding) for finding in result.anomaly_map.findings]
        one.p_value = result.anomaly_map.p_value
        one.warnings += [f"{OUTSIDE}: {sentence}" for sentence in result.anomaly_map.outside]
    for warning in (*one.warnings, *(result.trust.warnings if result.trust is not None else ())):
        terminal.warn(f"{job.name}: {warning}")
    if not request.as_json:
        typer.echo(_summary(one, request))


def _summary(one: SeriesReport, request: Request) -> str:
    step = one.provenance[-1] if one.provenance else {}
    found = "" if one.findings is None else f", {len(one.findings)} findings"
    if one.p_value is not None:
        found += f", p of the scan {one.p_value:.2g}"
    files = "1 file" if len(one.files) == 1 else f"{len(one.files)} files"
    facts = f" ({step['bundle']}, {step['device']}, {step['seconds']:.1f} s)" if step else ""
    return f"{one.name}: {files} in {request.out}{found}{facts}"


def _write(request: Request, job: "ProcessJob", result: "Result", flat: bool, report: Report) -> tuple[Path, ...]:
    """Export a result as the request says; each output appears whole or not at all."""
    from medae.exporters import export

    assert job.out is not None
    keys = [given.EXPORTERS[name] for name in request.formats or _default_formats(request, result)]
    if result.anomaly_map is not None:
        keys.append("findings")
    options: dict[str, dict[str, object]] = {}
    name = job.name
    if request.one_file:
        options["nifti"] = {"file_name": request.out.name}
        name = request.out.name[: -len(VOLUME_SUFFIX)]
    elif "derived-series" in keys:
        options["derived-series"] = {"flat": flat}
    return export(result, job.out, keys, name=name, options=options, overwrite=job.overwrite, report=report)


def _default_formats(request: Request, result: "Result") -> tuple[str, ...]:
    if request.one_file or result.original.source.reader != "dicom":
        return ("nifti",)
    return ("dicom",) if request.command == "denoise" else ("pm", "sc")
