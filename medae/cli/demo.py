"""``medae demo``: the whole way in one command, on a sample scan whose truth is known."""

import json
import tempfile
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from medae.cli import options as given
from medae.cli.run_report import HINT, write_whole
from medae.cli.terminal import Terminal
from medae.cli.window import can_open_window, open_window
from medae.errors import ExportError
from medae.progress import Report, part

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from medae.phantom import Phantom
    from medae.results import AnomalyMap, Result
    from medae.volume import Volume

SHAPE = (24, 192, 160)
SPACING = (4.0, 1.0, 1.0)
LESIONS = 3
NOISE = 0.04
"""Standard deviation of the noise per complex channel, as a share of the 99.9th percentile of the scan."""

EXPORTS = ("derived-series", "parametric-map", "secondary-capture", "png", "findings")
RECORD = "demo.json"
"""File by which a folder is known as an earlier demo, which may be replaced."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the demo measured.

    Attributes
    ----------
    psnr_before, psnr_after
        In dB, in the body, against the noise-free truth.
    lesions, found, false_findings
        Lesions in the truth, how many of them a finding touches, and findings that touch none.
    """

    psnr_before: float
    psnr_after: float
    lesions: int
    found: int
    false_findings: int

    @property
    def missed(self) -> int:
        """Lesions that no finding touches."""
        return self.lesions - self.found


def demo(
    no_gui: Annotated[bool, typer.Option("--no-gui", help="Do not open the window at the end.")] = False,
    out: Annotated[Path, typer.Option(metavar="DIR", file_okay=False, help="Where to write.")] = Path("medae-demo"),
    device: given.DeviceName = "auto",
    as_json: given.AsJson = False,
) -> None:
    """Make a sample scan, denoise it, map anomalies, export DICOM and PNG, and show what improved."""
    terminal = Terminal(quiet=as_json)
    _check_place(out)
    out.absolute().parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".medae-demo-", dir=out.absolute().parent) as stage:
        made = Path(stage, out.name)
        with terminal.task("Demo") as report:
            outcome, result = _make(made, device, report)
        facts = {
            **asdict(outcome),
            "missed": outcome.missed,
            "files": sorted(path.relative_to(made).as_posix() for path in made.rglob("*") if path.is_file()),
            "provenance": [step.to_dict() for step in result.provenance],
            "hint": HINT,
        }
        write_whole(made / RECORD, json.dumps(facts, indent=2) + "\n")
        if out.exists():
            out.rename(Path(stage, "earlier"))
        made.rename(out)
    if as_json:
        typer.echo(json.dumps({"out": str(out), **facts}, indent=2))
        return
    _print(outcome, out)
    if not no_gui and can_open_window():
        open_window(result=_moved(result, made, out))


def _check_place(out: Path) -> None:
    if out.exists() and any(out.iterdir()) and not (out / RECORD).is_file():
        raise ExportError(f"{out} holds other files, which are not replaced; choose another folder with --out.")


def _moved(result: "Result", stage: Path, out: Path) -> "Result":
    """Give the result with its files named where they lie now."""

    def moved(volume: "Volume") -> "Volume":
        paths = tuple(out.absolute() / path.relative_to(stage) for path in volume.source.paths)
        return replace(volume, source=replace(volume.source, paths=paths))

    denoised, found = result.denoised, result.anomaly_map
    return replace(
        result,
        original=moved(result.original),
        denoised=moved(denoised) if denoised else None,
        anomaly_map=replace(found, volume=moved(found.volume)) if found else None,
    )


def _make(folder: Path, device: str, report: Report) -> "tuple[Outcome, Result]":
    """Write the scan and all outputs into a folder; give what was measured, and the result."""
    from medae.exporters import export
    from medae.jobs.job import ProcessJob
    from medae.jobs.run import run
    from medae.phantom import write_dicom

    report(0.0, "Drawing a head with lesions")
    truth, noisy = make_scan()
    report(0.05, "Writing it as a DICOM series")
    paths = write_dicom(noisy, folder / "scan", description="MedAE demo head FLAIR")
    job = ProcessJob(paths=paths, denoise="auto", detect="auto", device=device)
    result = run(job, part(report, 0.1, 0.85)).result
    assert result is not None
    export(result, folder, EXPORTS, name="head", report=part(report, 0.85, 0.98))
    report(0.98, "Comparing with the truth")
    return judge(truth, result), result


def make_scan(seed: int = 1) -> "tuple[Phantom, Volume]":
    """Give a noise-free head with lesions, and the noisy scan of it."""
    import numpy as np

    from medae.phantom import head
    from medae.training.noise import rician

    truth = head("FLAIR", SHAPE, SPACING, lesions=LESIONS, seed=seed)
    clean = truth.volume.values()
    sigma = NOISE * float(np.percentile(clean, 99.9))
    stored, _ = truth.volume.to_stored(rician(clean, sigma, seed))
    return truth, truth.volume.with_array(stored)


def judge(truth: "Phantom", result: "Result") -> Outcome:
    """Compare a result with the truth."""
    assert result.denoised is not None
    assert result.anomaly_map is not None
    clean = truth.volume.values()
    lesions, found, false_findings = compare_findings(truth.lesions, result.anomaly_map)
    return Outcome(
        psnr_before=psnr(result.original.values(), clean),
        psnr_after=psnr(result.denoised.values(), clean),
        lesions=lesions,
        found=found,
        false_findings=false_findings,
    )


def psnr(values: "NDArray[np.float32]", clean: "NDArray[np.float32]") -> float:
    """Peak signal-to-noise ratio in dB, in the body.

    Parameters
    ----------
    values, clean
        (slices, rows, columns); the peak is the 99.9th percentile of ``clean``, the body what is brighter than
        a twentieth of it, holes filled slice by slice.
    """
    import numpy as np
    from scipy import ndimage

    peak = float(np.percentile(clean, 99.9))
    body = np.stack([ndimage.binary_fill_holes(image) for image in clean > peak / 20])
    error = float(np.mean((values[body] - clean[body]) ** 2))
    return float(10 * np.log10(peak**2 / error)) if error else float("inf")


def compare_findings(lesions: "NDArray[np.bool_]", anomaly_map: "AnomalyMap") -> tuple[int, int, int]:
    """Count the lesions of the truth, those that a finding touches, and the findings that touch none.

    Parameters
    ----------
    lesions
        (slices, rows, columns), the truth.
    anomaly_map
        On the same grid.
    """
    import numpy as np
    from scipy import ndimage

    labels, count = ndimage.label(lesions, structure=np.ones((3, 3, 3)))
    above = anomaly_map.volume.values() > anomaly_map.threshold
    touched: set[int] = set()
    false_findings = 0
    for finding in anomaly_map.findings:
        box = tuple(slice(low, high) for low, high in zip(*finding.bounding_box, strict=True))
        hit = set(np.unique(labels[box][above[box]]).tolist()) - {0}
        touched |= hit
        false_findings += not hit
    return int(count), len(touched), false_findings


def _print(outcome: Outcome, out: Path) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title="MedAE demo: a FLAIR head with known truth", show_header=False)
    table.add_row("PSNR in the body, noisy", f"{outcome.psnr_before:.1f} dB")
    gain = outcome.psnr_after - outcome.psnr_before
    table.add_row("PSNR in the body, denoised", f"{outcome.psnr_after:.1f} dB ({gain:+.1f} dB)")
    table.add_row("Lesions found by a finding", f"{outcome.found} of {outcome.lesions} ({outcome.missed} missed)")
    table.add_row("Findings where there is no lesion", f"{outcome.false_findings}")
    Console().print(table)
    for what, where in (
        ("Noisy scan (DICOM)", "scan/"),
        ("Denoised series (DICOM)", "head_denoised/"),
        ("Heatmap (DICOM Parametric Map)", "head_heatmap.dcm"),
        ("Heatmap over the scan (DICOM Secondary Capture)", "head_heatmap_sc/"),
        ("Pictures", "head_denoised.png, head_heatmap.png"),
        ("Findings", "head_findings.json, head_findings.csv"),
    ):
        typer.echo(f"{what}: {out}/{where}")
    typer.echo(f"A synthetic scan shows that all parts work, not how good they are on yours. {HINT}")
