"""``medae info``: what is in a file or folder, and where it lies in space."""

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from medae.cli import options as given
from medae.cli.group import FAILED
from medae.cli.run_report import write_whole
from medae.cli.terminal import Terminal
from medae.errors import MedaeError
from medae.progress import silent

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from medae.readers import ResultFile
    from medae.results import Result
    from medae.volume import Volume

AXES = "array axes (slices, rows, columns) = (k, j, i); world LPS mm; affine maps (k, j, i, 1) to (L, P, S, 1)"
"""How the numbers are to be read."""


def orientation_letters(direction: "NDArray[np.float64]") -> str:
    """Towards which side each array axis runs, nearest of L R P A S I: ``"SPL"`` for an axial scan.

    Parameters
    ----------
    direction
        (3, 3); column n is the LPS direction of array axis n.
    """
    letters = ""
    for axis in direction.T:
        strongest = int(abs(axis).argmax())
        letters += ("LPS" if axis[strongest] > 0 else "RAI")[strongest]
    return letters


def describe(volume: "Volume") -> dict[str, Any]:
    """Facts about a volume as plain JSON values; no patient's name."""
    import numpy as np

    valid = ~volume.padding_mask()
    low, high = float("inf"), float("-inf")
    for k in range(volume.shape[0]):
        values = volume.values(k, k + 1)[valid[k : k + 1]]
        if values.size:
            low, high = min(low, float(values.min())), max(high, float(values.max()))
    slopes, intercepts = np.unique(volume.rescale_slope), np.unique(volume.rescale_intercept)
    source = volume.source
    return {
        "description": source.description,
        "modality": volume.modality,
        "series_number": source.series_number,
        "series_instance_uid": source.series_instance_uid,
        "files": len(source.paths),
        "path": str(source.paths[0] if len(source.paths) == 1 else source.paths[0].parent),
        "shape": list(volume.shape),
        "spacing": list(volume.spacing),
        "origin": list(volume.origin),
        "direction": volume.direction.tolist(),
        "orientation": orientation_letters(volume.direction),
        "affine": volume.affine.tolist(),
        "axes": AXES,
        "dtype": str(volume.array.dtype),
        "unit": volume.unit,
        "suv_factor": volume.suv_factor,
        "value_range": [low, high] if low <= high else None,
        "rescale": {"slope": slopes.tolist(), "intercept": intercepts.tolist()},
        "padding": list(volume.padding) if volume.padding else None,
        "inverted": volume.inverted,
        "windows": [{"center": w.center, "width": w.width, "name": w.name} for w in volume.windows],
        "warnings": list(source.warnings),
    }


def describe_results(result: "Result", files: "Sequence[ResultFile]") -> dict[str, Any]:
    """Facts about results that were read back with a scan, as plain JSON values."""
    anomaly_map = result.anomaly_map
    heatmap = None
    findings = result.findings
    if anomaly_map is not None:
        array = anomaly_map.volume.array
        heatmap = {
            "value_range": [float(array.min()), float(array.max())],
            "threshold": anomaly_map.threshold,
            "calibration": anomaly_map.calibration,
            "made_by": [step.to_dict() for step in anomaly_map.provenance],
        }
        findings = anomaly_map.findings
    return {
        "results": [{"path": str(each.path), "kind": each.kind, "description": each.description} for each in files],
        "heatmap": heatmap,
        "findings": [_without_nan(asdict(finding)) for finding in findings],
        "result_warnings": list(result.original.source.warnings),
    }


def _without_nan(facts: dict[str, Any]) -> dict[str, Any]:
    """JSON knows no NaN: what a file does not tell is null."""
    return {name: None if isinstance(value, float) and isnan(value) else value for name, value in facts.items()}


def info(
    source: Annotated[Path, typer.Argument(metavar="PATH", exists=True, help="A file, a series folder, or a tree.")],
    modality: given.ModalityName = None,
    as_json: given.AsJson = False,
    report_file: given.ReportFile = None,
) -> None:
    """Tell what series PATH holds: size, spacing, orientation, values, and what could not be read."""
    from medae import readers

    given.check_report(report_file, source)
    terminal = Terminal(quiet=as_json)
    with terminal.task("Looking for scans") as report:
        scan = readers.scan(source, report)
    skipped = [{"path": str(each.path), "reason": each.reason} for each in scan.skipped]
    series = []
    for one in scan.sources:
        try:
            volume = readers.read(one, modality=None if one.modality or modality is None else modality.dicom)
        except MedaeError as error:
            skipped.append({"path": str(one.paths[0]), "reason": getattr(error, "reason", str(error))})
            continue
        series.append(describe(volume))
        files = [each for each in scan.results if volume.source.series_instance_uid in each.series]
        if files:
            bare = replace(volume, source=replace(volume.source, warnings=()))
            series[-1].update(describe_results(readers.attach(bare, files, silent), files))
    text = json.dumps({"series": series, "skipped": skipped}, indent=2)
    if report_file is not None:
        write_whole(report_file, text + "\n")
    if as_json:
        typer.echo(text)
    else:
        for facts in series:
            typer.echo(_text(facts))
    for each in skipped:
        terminal.error(f"{each['path']}: {each['reason']}")
    if skipped or not series:
        raise typer.Exit(FAILED)


def _numbers(values: list[float]) -> str:
    return " × ".join(f"{value:g}" for value in values)


def _text(facts: dict[str, Any]) -> str:
    spread = facts["value_range"]
    unit = "HU" if facts["unit"] == "[hnsf'U]" else ""
    windows = ", ".join(f"{window['center']:g} / {window['width']:g}" for window in facts["windows"]) or "none"
    lines = [
        f"{facts['description'] or 'series'} ({facts['modality'] or 'modality unknown'}, {facts['files']} files)",
        f"  path         {facts['path']}",
        f"  size         {_numbers(facts['shape'])} (slices × rows × columns), {facts['dtype']}",
        f"  spacing      {_numbers([round(value, 4) for value in facts['spacing']])} mm",
        f"  origin       {', '.join(f'{value:.2f}' for value in facts['origin'])} mm (LPS)",
        f"  orientation  {facts['orientation']} (slices, rows, columns grow towards)",
        f"  values       {'none' if spread is None else f'{spread[0]:g} … {spread[1]:g} {unit}'.rstrip()}",
        f"  window       {windows}",
    ]
    lines += [f"  {each['kind']:<18} {each['path']}" for each in facts.get("results", ())]
    if facts.get("heatmap"):
        low, high = facts["heatmap"]["value_range"]
        lines.append(f"  heatmap      {low:.1f} … {high:.1f}, threshold {facts['heatmap']['threshold']:g}")
    lines += [_finding_text(finding) for finding in facts.get("findings", ())]
    lines += [f"  warning      {warning}" for warning in (*facts["warnings"], *facts.get("result_warnings", ()))]
    return "\n".join(lines)


def _finding_text(finding: dict[str, Any]) -> str:
    place = ", ".join(f"{at:.1f}" for at in finding["center_lps"])
    size = "" if finding["volume_mm3"] is None else f", {finding['volume_mm3']:.0f} mm³"
    score = "" if finding["max_score"] is None else f", z max {finding['max_score']:.1f}"
    return f"  finding {finding['number']:<4} at {place} mm (LPS){size}{score}"
