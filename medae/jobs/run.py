"""Do a job here and now, in this process."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from medae.errors import ReadError, SettingsError, SeveralSeries
from medae.jobs.job import AnyJob, CalibrateJob, ExportJob, FamiliesJob, LatentJob, PlanJob, ProcessJob, TrainJob
from medae.progress import Report, part, silent
from medae.results import Result, adjusted
from medae.volume import Source, Volume

if TYPE_CHECKING:
    from medae.inference.adapted import Adapted

_EFFORT = {"read": 1.0, "adapt": 24.0, "denoise": 6.0, "detect": 4.0, "trust": 2.0, "export": 2.0}
"""Rough share of each step in the progress of a whole job."""


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What a job gave.

    Attributes
    ----------
    result
        Of a `ProcessJob` or `ExportJob`, else None.
    paths
        The files or folders written.
    answer
        What a question was answered (`PlanJob`): small, and made of built-in types and arrays.
    """

    result: Result | None
    paths: tuple[Path, ...] = ()
    answer: object = None


def run(
    job: AnyJob,
    report: Report = silent,
    given: Result | None = None,
    *,
    out: NDArray[np.generic] | None = None,
    slice_done: Callable[[int], None] | None = None,
) -> Outcome:
    """Do one job.

    Parameters
    ----------
    job
        What to do.
    report
        Progress and cancellation.
    given
        What is known already: its ``original`` is processed instead of reading ``job.paths``, and parts
        that the job does not compute anew are kept. An `ExportJob` needs it.
    out
        (slices, rows, columns) of the scan's shape and dtype, filled with the denoised slices.
    slice_done
        Called with the index of each slice of ``out`` that is final.

    Raises
    ------
    MedaeError
        With one sentence about what is wrong.
    Cancelled
        ``report`` has asked to stop.
    """
    match job:
        case TrainJob():
            from medae.training.train import train

            return Outcome(None, (train(job.recipe, report, device=job.device, resume=job.resume),))
        case CalibrateJob():
            from medae.training.recalibrate import recalibrate

            folder, facts = recalibrate(job.model, job.paths, job.name, job.device, report)
            return Outcome(None, (folder,), facts)
        case PlanJob():
            from medae.training.plan import plan

            return Outcome(None, answer=plan(report, **_fields(job)).model_dump(mode="json"))
        case FamiliesJob():
            return Outcome(None, answer=_families())
        case LatentJob():
            from medae.jobs.explore import explore

            paths, found = explore(job, report)
            return Outcome(None, paths, found)
        case ExportJob():
            return _export_given(job, report, given)
        case ProcessJob():
            return _process(job, report, given, out, slice_done)


def _families() -> list[dict[str, object]]:
    from medae.families import FAMILIES

    return [
        {
            "key": key,
            "title": family.TITLE,
            "purpose": family.PURPOSE,
            "tasks": list(family.TASKS),
            "schema": family.Options.model_json_schema(),
        }
        for key, family in FAMILIES.items()
    ]


def _fields(job: PlanJob) -> dict[str, Any]:
    return {name: getattr(job, name) for name in PlanJob.model_fields if name != "kind"}


def load(job: ProcessJob, report: Report = silent) -> Volume:
    """Read the one series that a job names.

    Raises
    ------
    ReadError
        Nothing there can be read.
    SeveralSeries
        The paths hold several series and the job does not say which.
    """
    from medae import readers

    if not job.paths:
        raise SettingsError("The job names no file. Give the path of a file or of a series folder.")
    scan = readers.scan(job.paths, part(report, 0.0, 0.2))
    sources = [source for source in scan.sources if _is_wanted(source, job)]
    if not sources:
        reasons = "; ".join(f"{skipped.path.name}: {skipped.reason}" for skipped in scan.skipped[:3])
        raise ReadError(job.paths[0], reasons or "no series was found there. Choose another file or folder.")
    if len(sources) > 1:
        raise SeveralSeries(
            f"{len(sources)} series were found where one is needed. Name the files of one series, "
            "or use 'medae batch' for all of them."
        )
    source = sources[0]
    modality = None if source.modality else job.modality
    return readers.read(source, part(report, 0.2, 1.0), modality)


def _is_wanted(source: Source, job: ProcessJob) -> bool:
    uid, which = job.series_instance_uid, job.part
    return (not uid or source.series_instance_uid == uid) and (which is None or source.part == which)


def _process(
    job: ProcessJob,
    report: Report,
    given: Result | None,
    out: NDArray[np.generic] | None,
    slice_done: Callable[[int], None] | None,
) -> Outcome:
    if job.adapt and job.denoise is None:
        raise SettingsError("A model adapts to a scan in order to denoise it. Say which model is to denoise.")
    reports = _reports(job, report, given is not None)
    result = given or Result(load(job, reports["read"]))
    if job.colour:
        result = replace(result, original=replace(result.original, colour=None))
    if job.denoise is not None:
        from medae.inference import denoise

        adapted = _adapt(job, result.original, reports["adapt"]) if job.adapt else None
        denoised = denoise(
            result.original,
            job.denoise,
            job.strength,
            job.device,
            reports["denoise"],
            first_slice=job.first_slice,
            out=out,
            slice_done=slice_done,
            adapted=adapted,
        )
        result = replace(result, denoised=denoised, trust=None)
    if job.detect is not None:
        from medae.inference import detect

        found = detect(result.original, job.detect, job.device, job.threshold, job.alpha, reports["detect"])
        result = replace(result, anomaly_map=found)
    if job.trust and result.denoised is not None:
        from medae.quality import measure

        result = replace(result, trust=measure(result.original, result.denoised, reports["trust"]))
    paths = _export(job, result, reports["export"]) if job.exports else ()
    return Outcome(result, paths)


def _adapt(job: ProcessJob, volume: Volume, report: Report) -> "Adapted":
    from medae.training.adapt import adapt

    return adapt(volume, job.denoise or "auto", job.device, report)


def _reports(job: ProcessJob, report: Report, is_read: bool) -> dict[str, Report]:
    """Share the progress out among the steps that the job has."""
    has_step = {
        "read": not is_read,
        "adapt": job.adapt,
        "denoise": job.denoise is not None,
        "detect": job.detect is not None,
        "trust": job.trust,
        "export": bool(job.exports),
    }
    total = sum(_EFFORT[step] for step, there in has_step.items() if there) or 1.0
    reports, start = {}, 0.0
    for step, there in has_step.items():
        stop = start + (_EFFORT[step] / total if there else 0.0)
        reports[step] = part(report, start, stop)
        start = stop
    return reports


def _export_given(job: ExportJob, report: Report, given: Result | None) -> Outcome:
    if given is None:
        raise SettingsError("There is no result to export. Open a scan first.")
    result = adjusted(given, job.strength, job.threshold)
    from medae.exporters import EXPORTERS, export

    options: dict[str, Any] = dict(job.options)
    if any("deterministic_uids" in EXPORTERS[key].Options.model_fields for key in job.exports if key in EXPORTERS):
        options["deterministic_uids"] = job.deterministic_uids
    paths = export(
        result,
        job.out,
        job.exports,
        name=job.name or "series",
        options=options,
        deidentify=job.deidentify,
        compression=job.compression,
        overwrite=job.overwrite,
        report=report,
    )
    return Outcome(result, paths)


def _export(job: ProcessJob, result: Result, report: Report) -> tuple[Path, ...]:
    from medae.exporters import export

    if job.out is None:
        raise SettingsError("There is no folder to export to. Name one.")
    return export(result, job.out, job.exports, name=job.name or "series", overwrite=job.overwrite, report=report)
