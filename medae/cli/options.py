"""Arguments and options that several commands share."""

import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import typer


class Modality(StrEnum):
    """Kinds of scan, as the user names them."""

    CT = "CT"
    MR = "MR"
    XR = "XR"

    @property
    def dicom(self) -> str:
        """DICOM Modality (0008,0060)."""
        return "DX" if self is Modality.XR else self.value


EXPORTERS = {
    "dicom": "derived-series",
    "pm": "parametric-map",
    "sc": "secondary-capture",
    "seg": "segmentation",
    "sr": "structured-report",
    "gsps": "presentation-state",
    "nifti": "nifti",
    "png": "png",
    "animation": "animation",
    "csv": "findings",
    "trust": "trust-report",
}
"""Names for ``--format``, and the exporter behind each."""


def _check_device(name: str) -> str:
    if not re.fullmatch(r"auto|cpu|cuda(:\d+)?", name):
        raise typer.BadParameter(f"{name!r} is not one of auto, cpu, cuda, cuda:N")
    return name


def parse_formats(text: str | None, allowed: tuple[str, ...]) -> tuple[str, ...]:
    """Split a ``--format`` value at its commas and check each name; empty when nothing was asked for."""
    names = tuple(dict.fromkeys(name.strip().lower() for name in (text or "").split(",") if name.strip()))
    for name in names:
        if name not in allowed:
            raise typer.BadParameter(f"{name!r} is not one of {', '.join(allowed)}", param_hint="'--format'")
    return names


def check_report(report_file: Path | None, source: Path, endings: tuple[str, ...] = (".json",)) -> None:
    """Refuse a report whose ending says nothing, or that would take the place of a file of the input."""
    if report_file is None:
        return
    if report_file.suffix.lower() not in endings:
        pages = "" if ".pdf" in endings else "; 'medae denoise' also writes .html and .pdf pages"
        raise typer.BadParameter(
            f"{report_file.name} does not end in {' or '.join(endings)}; name it so{pages}", param_hint="'--report'"
        )
    if not report_file.exists():
        return
    report, given = report_file.resolve(), source.resolve()
    if given in (report, *report.parents):
        raise typer.BadParameter(
            f"{report_file} is there already and part of IN; name another", param_hint="'--report'"
        )


Input = Annotated[
    Path,
    typer.Argument(metavar="IN", exists=True, help="A file, a series folder, or a tree with many series."),
]
Output = Annotated[
    Path,
    typer.Argument(metavar="OUT", help="A folder; for a single volume also a file ending in .nii.gz."),
]
OutputFolder = Annotated[Path, typer.Argument(metavar="OUT", file_okay=False, help="A folder; made when absent.")]
Model = Annotated[
    str, typer.Option(metavar="NAME", help="'auto' chooses by modality; 'medae models list' shows the names.")
]
Strength = Annotated[float, typer.Option(min=0.0, max=1.0, help="0 keeps the scan as it is, 1 denoises fully.")]
Adapt = Annotated[
    bool, typer.Option("--adapt", help="Fine-tune the model on each scan first, about a minute; kept if it helps.")
]
Colour = Annotated[bool, typer.Option("--colour", help="Take the brightness of colour images too; left alone else.")]
GapChoice = Annotated[
    Literal["keep", "largest", "single"],
    typer.Option("--gaps", help="Where slices are missing: keep all as one volume, the largest even block, or each."),
]
Threshold = Annotated[float | None, typer.Option(metavar="Z", help="|z| above which a voxel belongs to a finding.")]
Alpha = Annotated[
    float | None,
    typer.Option(
        "--level",
        metavar="SHARE",
        min=0.001,
        max=0.999,
        help="Instead of --threshold: the share of normal scans that may show any finding, such as 0.1.",
    ),
]
DeviceName = Annotated[
    str, typer.Option("--device", metavar="NAME", callback=_check_device, help="auto, cpu, cuda or cuda:N.")
]
ModalityName = Annotated[
    Modality | None,
    typer.Option("--modality", case_sensitive=False, help="What the scan is, where the file cannot say (NIfTI)."),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace earlier outputs. Inputs are never replaced.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print machine-readable JSON, and nothing else, on stdout.")]
ReportFile = Annotated[
    Path | None,
    typer.Option("--report", metavar="FILE", dir_okay=False, help="Also write what was done as a JSON file."),
]
TrustFile = Annotated[
    Path | None,
    typer.Option(
        "--report",
        metavar="FILE",
        dir_okay=False,
        help="Measure what denoising did, and write it: .json (and all that was done), .html or .pdf (pages).",
    ),
]
REPORT_ENDINGS = (".json", ".html", ".pdf")
"""Of a `TrustFile`."""
