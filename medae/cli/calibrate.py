"""``medae calibrate``: tell a model's z-scores against normal scans of one's own."""

import json
from pathlib import Path
from typing import Annotated

import typer

from medae.cli import options as given
from medae.cli.terminal import Terminal


def calibrate(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="An anomaly model from 'medae models list'.")],
    normals: Annotated[
        list[Path],
        typer.Option("--normals", metavar="FOLDER", exists=True, help="Normal scans; may be given several times."),
    ],
    name: Annotated[
        str, typer.Option("--name", metavar="NAME", help="Of the calibrated copy; default: MODEL-site.")
    ] = "",
    device: given.DeviceName = "auto",
    as_json: given.AsJson = False,
) -> None:
    """Calibrate an anomaly model on your own normal scans; the copy is among your models then.

    The weights stay as they are. To teach a shipped model your normal anatomy:
    medae train MODEL --data FOLDER --set start=MODEL (see 'medae train --help').
    """
    from medae.jobs.job import CalibrateJob
    from medae.jobs.run import run

    terminal = Terminal(quiet=as_json)
    job = CalibrateJob(model=model, paths=tuple(normals), name=name, device=device)
    with terminal.task("Calibrating") as report:
        outcome = run(job, report)
    facts = outcome.answer
    assert isinstance(facts, dict)
    for warning in (*facts["warnings"], *(f"left out: {reason}" for reason in facts["left_out"])):
        terminal.warn(str(warning))
    if as_json:
        typer.echo(json.dumps({"folder": str(outcome.paths[0]), **facts}, indent=2))
        return
    false = facts["false_findings_per_normal_scan"]
    typer.echo(
        f"{outcome.paths[0].name}: calibrated on {facts['calibration_scans']} normal scans; findings above "
        f"z {facts['threshold_z']:g} ({false:g} per normal scan). Use it with --model {outcome.paths[0].name}."
    )
