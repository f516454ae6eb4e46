"""The findings as tables: JSON with everything, CSV for a spreadsheet."""

import csv
import io
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from medae.errors import UnsupportedVolume
from medae.exporters.exporter import ExporterOptions, Output
from medae.progress import Report
from medae.results import AnomalyMap, Result

TITLE = "Findings as tables (JSON and CSV)"
RESEARCH_USE = "Research use only, not for diagnosis."

_COLUMNS = (
    "number",
    "center_x_mm",
    "center_y_mm",
    "center_z_mm",
    "slice",
    "row",
    "column",
    "first_slice",
    "first_row",
    "first_column",
    "last_slice",
    "last_row",
    "last_column",
    "volume_mm3",
    "voxels",
    "max_z",
    "mean_z",
    "threshold",
    "side",
    "p",
)


class Options(ExporterOptions):
    """Options of the tables."""


def accepts(result: Result) -> str | None:
    """Why there can be no tables; None when there can. A table without findings is one."""
    return None if result.anomaly_map is not None else "there is no heatmap yet; run detect first"


def outputs(result: Result, name: str, options: Options) -> tuple[Output, ...]:
    """Name the two tables."""
    return (Output(f"{name}_findings.json", 1), Output(f"{name}_findings.csv", 1))


def export(result: Result, folder: Path, name: str, options: Options, report: Report) -> tuple[Path, ...]:
    """Write ``<name>_findings.json`` and ``<name>_findings.csv``."""
    report(0.0, "Writing the findings")
    paths = (folder / f"{name}_findings.json", folder / f"{name}_findings.csv")
    for path, text in zip(paths, (findings_json(result), findings_csv(result)), strict=True):
        path.write_text(text, encoding="utf-8", newline="")
    return paths


def findings_json(result: Result) -> str:
    """Give findings, threshold, calibration and provenance as JSON text; no patient data.

    Scores are |z|; ``brighter`` tells the side. ``p`` is null where it is not known (`AnomalyMap.p_value`).
    Coordinates are LPS millimetres; indices are (slice, row, column) from 0; bounding boxes are half-open.
    """
    anomaly_map = _anomaly_map(result)
    record: dict[str, Any] = {
        "warning": RESEARCH_USE,
        "threshold": anomaly_map.threshold,
        "calibration": anomaly_map.calibration,
        "p": anomaly_map.p_value,
        "normal_scans": anomaly_map.normals.scans,
        "expected_findings_per_normal_scan": anomaly_map.normals.expected_findings(anomaly_map.threshold),
        "outside_domain": list(anomaly_map.outside),
        "coordinates": "LPS mm; indices are (slice, row, column) from 0; bounding boxes are half-open",
        "shape": list(anomaly_map.volume.shape),
        "spacing_mm": list(anomaly_map.volume.spacing),
        "findings": [asdict(finding) for finding in anomaly_map.findings],
        "provenance": [step.to_dict() for step in result.provenance],
    }
    return json.dumps(record, indent=2, ensure_ascii=False, default=str) + "\n"


def findings_csv(result: Result) -> str:
    """Give findings as CSV text, one line each; last_* are inclusive, indices count from 0; scores are |z|."""
    anomaly_map = _anomaly_map(result)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    for finding in anomaly_map.findings:
        start, stop = finding.bounding_box
        writer.writerow(
            [
                finding.number,
                *(f"{x:.3f}" for x in finding.center_lps),
                *finding.center_index,
                *start,
                *(last - 1 for last in stop),
                f"{finding.volume_mm3:.3f}",
                finding.voxels,
                f"{finding.max_score:.4f}",
                f"{finding.mean_score:.4f}",
                f"{anomaly_map.threshold:.4f}",
                "brighter" if finding.brighter else "darker",
                "" if finding.p is None else f"{finding.p:.4g}",
            ]
        )
    return text.getvalue()


def _anomaly_map(result: Result) -> AnomalyMap:
    if result.anomaly_map is None:
        raise UnsupportedVolume("There are no findings yet; run detect first.")
    return result.anomaly_map
