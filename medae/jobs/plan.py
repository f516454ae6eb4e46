"""Plan a batch: every series found becomes a job with an output place that stays the same between runs."""

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from medae import bundle
from medae.errors import MedaeError
from medae.jobs.job import ProcessJob
from medae.progress import Report, silent
from medae.readers import Skipped, scan
from medae.readers.choices import Gaps, chosen
from medae.readers.dicom_header import COLOUR, RESULT
from medae.volume import Source

DENOISE = ProcessJob(denoise="auto")
"""What a batch does unless told otherwise."""

NO_SCAN = "a result (heatmap or segmentation), not a scan"
"""Why such a file is left alone."""

LEFT_ALONE = "a colour image, which is left alone unless asked for (--colour)"


@dataclass(frozen=True, slots=True)
class Plan:
    """The jobs of a batch, and the files that are no readable image, with their reasons."""

    jobs: tuple[ProcessJob, ...]
    skipped: tuple[Skipped, ...]


def plan(
    paths: Path | str | Sequence[Path | str],
    out: Path | str,
    template: ProcessJob = DENOISE,
    report: Report = silent,
    exclude: Collection[Path] = (),
    gaps: Gaps = "keep",
) -> Plan:
    """Find the series and make a job for each.

    Parameters
    ----------
    paths
        Files and folders to search.
    out
        Folder of the outputs. The tree below each folder of ``paths`` is kept; a series folder ``a/b``
        gives ``OUT/a/b_denoised``, a file ``a/x.nii.gz`` gives ``OUT/a/x_denoised.nii.gz``. Names come from
        files and folders only, never from headers, apart from the series number.
    template
        What to do with each series. Its ``modality`` holds for series that do not state one. Without ``exports``
        DICOM gives DICOM and everything else NIfTI.
    report
        Progress and cancellation.
    exclude
        Files to leave out: earlier outputs.
    gaps
        What to do with series whose slices are unevenly spaced, see `medae.readers.choices`.
    """
    given = [Path(paths)] if isinstance(paths, Path | str) else [Path(path) for path in paths]
    roots = [path.expanduser().absolute() for path in given]
    out = Path(out).expanduser().absolute()
    private = out / ".medae"
    excluded = set(exclude)

    def is_ours(path: Path) -> bool:
        path = path.absolute()
        return path in excluded or private in path.parents

    found = scan(roots, report)
    sources = [source for source in found.sources if not any(is_ours(path) for path in source.paths)]
    skipped = tuple(item for item in found.skipped if not is_ours(item.path))
    results = [source for source in sources if source.kind == RESULT]
    skipped += tuple(Skipped(source.paths[0], NO_SCAN) for source in results)
    sources = [source for source in sources if source.kind != RESULT]
    if not template.colour:
        coloured = [source for source in sources if COLOUR in source.kind.split()]
        skipped += tuple(Skipped(source.paths[0], LEFT_ALONE) for source in coloured)
        sources = [source for source in sources if COLOUR not in source.kind.split()]
    sources = [part for source in sources for part in chosen(source, gaps)]
    sources.sort(key=lambda source: ([str(path) for path in source.paths], source.part))
    volumes = Counter(source.paths for source in sources)
    jobs = []
    for source, (folder, name) in zip(sources, _places(sources, roots), strict=True):
        fields = {
            "paths": source.paths,
            "series_instance_uid": source.series_instance_uid,
            "part": source.part if volumes[source.paths] > 1 else None,
            "modality": source.modality or template.modality,
            "exports": template.exports or _exports(source, template),
            "out": out / folder,
            "name": name,
        }
        jobs.append(template.model_copy(update=fields))
    return Plan(tuple(jobs), skipped)


def job_id(job: ProcessJob) -> str:
    """Hash of all that the outputs of a job depend on: input files, options, models.

    Raises
    ------
    OSError
        An input file is gone.
    """
    stats = [(path, path.stat()) for path in job.paths]
    facts = {
        "series": job.series_instance_uid,
        "job": job.model_dump(mode="json", exclude={"out", "overwrite", "first_slice", "device", "trust"}),
        "models": [_digest("denoise", job.denoise, job.modality), _digest("anomaly", job.detect, job.modality)],
        "files": [(str(path), stat.st_size, stat.st_mtime_ns) for path, stat in stats],
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def _digest(task: str, model: str | None, modality: str | None) -> str:
    """SHA-256 of the model that the job will use; empty where there is none (the job will say why)."""
    if model is None or model == bundle.NONE:
        return ""
    try:
        if model != "auto":
            infos = bundle.find_all(model)
        elif task == "anomaly":  # the one whose normal scans are most alike
            infos = bundle.fitting(task, modality or "")
        else:
            infos = (bundle.choose(task, modality or ""),)
    except MedaeError:
        return ""
    return "+".join(info.sha256 for info in infos)


def _exports(source: Source, template: ProcessJob) -> tuple[str, ...]:
    if source.reader != "dicom":
        exports = ["nifti"]
    else:
        exports = ["derived-series"] if template.denoise is not None else []
        exports += ["parametric-map"] if template.detect is not None else []
    return (*exports, "findings") if template.detect is not None else tuple(exports)


def _places(sources: Sequence[Source], roots: Sequence[Path]) -> list[tuple[Path, str]]:
    """Give the folder (relative to OUT) and the name of each series; no two are the same."""
    homes = [_home(source) for source in sources]
    crowd = Counter(home for home, source in zip(homes, sources, strict=True) if source.reader == "dicom")
    numbers = Counter((home, source.series_number) for home, source in zip(homes, sources, strict=True))
    taken: Counter[tuple[str, str]] = Counter()
    places = []
    for source, home in zip(sources, homes, strict=True):
        file = source.paths[0].absolute()
        if file in roots:
            folder, name = Path(), _stem(file)
        else:
            folder = _relative(home, roots)
            if source.reader != "dicom":
                name = _stem(file)
            elif crowd[home] == 1:
                folder, name = folder.parent, home.name
            elif source.series_number is not None and numbers[home, source.series_number] == 1:
                name = f"{home.name}_s{source.series_number:03d}"
            else:
                name = f"{home.name}_{_stem(file)}"
        name = name.lstrip(".") or "series"
        key = (str(folder).casefold(), name.casefold())
        taken[key] += 1
        places.append((folder, name if taken[key] == 1 else f"{name}-{taken[key]}"))
    return places


def _home(source: Source) -> Path:
    """Folder that holds all files of a series."""
    first, *others = {path.absolute().parent for path in source.paths}
    while any(first not in (other, *other.parents) for other in others):
        first = first.parent
    return first


def _relative(folder: Path, roots: Iterable[Path]) -> Path:
    """Give the folder relative to the innermost given folder that holds it."""
    holding = [root for root in roots if root == folder or root in folder.parents]
    return folder.relative_to(max(holding, key=lambda root: len(root.parts))) if holding else Path()


def _stem(file: Path) -> str:
    name = file.name
    for suffix in (".gz", file.with_suffix("").suffix if name.endswith(".gz") else file.suffix):
        name = name.removesuffix(suffix)
    return name
