"""Results of an earlier run, put together again from its record and its files.

A record is the JSON file of ``--report``, or what a batch keeps in its output folder (`medae.jobs.manifest`).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from medae.errors import ReadError, SettingsError, UnsupportedVolume
from medae.jobs.job import ProcessJob
from medae.jobs.manifest import Manifest
from medae.jobs.run import load
from medae.progress import Report, part, silent
from medae.provenance import Provenance
from medae.results import AnomalyMap, Result
from medae.volume import Volume

_NIFTI = (".nii", ".nii.gz")
_TOLERANCE_MM = 1e-2


@dataclass(frozen=True, slots=True)
class Earlier:
    """One series of an earlier run: what was read, the files that were written, and how."""

    name: str
    job: ProcessJob
    files: tuple[Path, ...]
    provenance: tuple[Provenance, ...]


def is_record(path: Path) -> bool:
    """Whether a path is a record: a JSON file, or the output folder of a batch."""
    return path.suffix.lower() == ".json" if path.is_file() else (path / ".medae" / "batch").is_dir()


def read_record(path: Path) -> tuple[Earlier, ...]:
    """Give the series of an earlier run that were done.

    Raises
    ------
    SettingsError
        If the file is no such record.
    """
    if path.is_dir():
        manifest = Manifest(path)
        return tuple(
            Earlier(
                record.job.name,
                record.job,
                tuple(manifest.out / output for output in record.outputs),
                _steps(record.provenance),
            )
            for record in manifest.done()
            if record.job is not None
        )
    try:
        content = json.loads(path.read_text("utf-8"))
        return tuple(_of_report(one) for one in content["series"] if one["status"] == "done")
    except (OSError, ValueError, TypeError, LookupError, ValidationError) as error:
        raise SettingsError(f"{path}: is no record of a run; give the file that --report has written") from error


def _of_report(one: dict[str, Any]) -> Earlier:
    job = ProcessJob.model_validate({"paths": (one["source"],), **one.get("job", {})})
    return Earlier(one["name"], job, tuple(map(Path, one["files"])), _steps(one["provenance"]))


def _steps(provenance: Sequence[dict[str, Any]]) -> tuple[Provenance, ...]:
    return tuple(Provenance(**{**step, "started": datetime.fromisoformat(step["started"])}) for step in provenance)


def result_of(earlier: Earlier, report: Report = silent) -> Result:
    """Read the scan again, and beside it what was made of it.

    Raises
    ------
    ReadError
        A file is gone or cannot be read.
    UnsupportedVolume
        The files do not belong to the scan, or the run left neither a denoised scan nor a heatmap.
    """
    original = load(earlier.job, part(report, 0.0, 0.5))
    result = Result(original)
    files = {kind: [file for file in earlier.files if _kind(file) == kind] for kind in ("denoised", "heatmap", "table")}
    if files["denoised"]:
        volume = _on_grid(_read(files["denoised"], part(report, 0.5, 0.8)), original)
        array = volume.array
        if array.dtype != original.array.dtype or volume.source.reader != original.source.reader:
            array, _ = original.to_stored(volume.values())
        steps = tuple(step for step in earlier.provenance if step.task == "denoise")
        result = replace(result, denoised=replace(original, array=array, provenance=steps))
    if files["heatmap"]:
        result = replace(result, anomaly_map=_anomaly_map(files["heatmap"], files["table"], earlier, original))
    if result.denoised is None and result.anomaly_map is None:
        raise UnsupportedVolume(
            "the earlier run left neither a denoised scan nor a heatmap as DICOM or NIfTI; give the scan itself"
        )
    return result


def _kind(file: Path) -> str:
    """Tell what a file of an earlier run holds; empty for pictures and what else cannot be read back."""
    name = file.name.lower()
    if name.endswith(("_heatmap.dcm", "_heatmap.nii.gz")):
        return "heatmap"
    if name.endswith("_findings.json"):
        return "table"
    if "_heatmap" in name or "_presentation" in name or file.parent.name.endswith("_heatmap_sc"):
        return ""
    return "denoised" if name.endswith((".dcm", *_NIFTI)) else ""


def _read(files: Sequence[Path], report: Report) -> Volume:
    from medae import readers

    missing = [file for file in files if not file.is_file()]
    if missing:
        raise ReadError(missing[0], "the file of the earlier run is gone; give the scan itself")
    found = readers.scan(files, report)
    if len(found.sources) != 1:
        reason = found.skipped[0].reason if found.skipped else "the files of the earlier run are not one series"
        raise ReadError(files[0], reason)
    return readers.read(found.sources[0], report)


def _on_grid(volume: Volume, original: Volume) -> Volume:
    """Make sure that a volume lies where the original lies."""
    if volume.shape != original.shape or not np.allclose(volume.affine, original.affine, atol=_TOLERANCE_MM):
        raise UnsupportedVolume("the files of the earlier run do not lie where the scan lies; give the scan itself")
    return volume


def _anomaly_map(files: list[Path], tables: list[Path], earlier: Earlier, original: Volume) -> AnomalyMap:
    """Z-scores of a NIfTI file (exact), else of a Parametric Map (16 bits), with the threshold of the table."""
    if not tables:
        raise UnsupportedVolume("the earlier run left no table of findings, which tells the threshold; detect again")
    exact = [file for file in files if file.name.lower().endswith(_NIFTI)]
    scores = _on_grid(_read((exact or files)[:1], silent), original).values()
    try:
        table = json.loads(tables[0].read_text("utf-8"))
        threshold, calibration = float(table["threshold"]), str(table["calibration"])
    except (OSError, ValueError, TypeError, LookupError) as error:
        raise ReadError(tables[0], "the table of findings cannot be read; detect again") from error
    volume = Volume(scores, original.affine, original.modality, source=original.source)
    steps = tuple(step for step in earlier.provenance if step.task == "detect")
    return AnomalyMap(volume, threshold, calibration, steps)
