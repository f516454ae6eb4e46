"""``medae train``: a recipe in, a model out."""

import json
from pathlib import Path
from typing import Annotated

import typer

from medae.cli import options as given
from medae.cli.run_report import write_whole
from medae.cli.terminal import Terminal


def train(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", exists=True, dir_okay=False, help="A recipe (JSON).")],
    as_json: given.AsJson = False,
    report_file: given.ReportFile = None,
) -> None:
    """Train a model by a recipe and keep it among your models.

    Ctrl+C stops the training; nothing is written then.
    """
    from medae import bundle
    from medae.jobs.job import TrainJob
    from medae.jobs.run import run
    from medae.training.recipe import Recipe

    terminal = Terminal(quiet=as_json)
    with terminal.task(f"Training {config.stem}") as report:
        (folder,) = run(TrainJob(recipe=Recipe.load(config)), report).paths
    made = bundle.read_info(folder)
    facts = {
        "name": made.name,
        "version": made.version,
        "task": made.task,
        "modalities": list(made.modalities),
        "folder": str(made.folder),
        "sha256": made.sha256,
        "metrics": dict(made.metrics),
    }
    text = json.dumps(facts, indent=2)
    if report_file is not None:
        write_whole(report_file, text + "\n")
    typer.echo(text if as_json else f"{made.name} {made.version} is ready in {made.folder}")
