"""``medae train``: a recipe, or a family and a folder, in; a model out."""

import json
import os
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from medae.cli import options as given
from medae.cli.group import FAILED, INTERRUPTED
from medae.cli.interrupt import stoppable
from medae.cli.run_report import write_whole
from medae.cli.terminal import Terminal
from medae.cli.training_plan import plan_tables
from medae.errors import Cancelled, SettingsError

if TYPE_CHECKING:
    from medae.bundle import BundleInfo
    from medae.jobs.job import TrainJob
    from medae.runs import Run
    from medae.training.plan import Plan
    from medae.training.recipe import Recipe


USE = {
    "denoise": "Use it: medae denoise IN OUT --model {name}",
    "anomaly": "Use it: medae detect IN OUT --model {name}",
    "reconstruct": "Look into it: medae latent {name} IN",
}
"""What to do with a model, by its task."""


class Task(StrEnum):
    """What a model can be trained for."""

    DENOISE = "denoise"
    ANOMALY = "anomaly"
    RECONSTRUCT = "reconstruct"


class Size(StrEnum):
    """How large a network and how long its training."""

    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"


def train(
    recipe: Annotated[
        str | None,
        typer.Argument(metavar="[RECIPE]", help="A recipe (JSON) or a shipped one's name; with --resume also a run's."),
    ] = None,
    data: Annotated[
        list[Path] | None, typer.Option("--data", metavar="PATH", exists=True, help="Scans; may be given repeatedly.")
    ] = None,
    out: Annotated[str | None, typer.Option("--out", metavar="NAME", help="Name of the model and of the run.")] = None,
    family: Annotated[str | None, typer.Option("--family", metavar="NAME", help="Train it without a recipe.")] = None,
    task: Annotated[Task | None, typer.Option("--task", help="What for; by default the family's first.")] = None,
    modality: Annotated[
        str | None, typer.Option("--modality", metavar="NAME", help="CT, MR, DX, …; by default that of most slices.")
    ] = None,
    size: Annotated[Size | None, typer.Option("--size", help="Of network and training; by default small.")] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="An option of the family or a field of the recipe."),
    ] = None,
    max_steps: Annotated[int | None, typer.Option("--max-steps", min=1, help="Train no longer than this.")] = None,
    seed: Annotated[int | None, typer.Option("--seed", help="Of all randomness and of who is held out.")] = None,
    device: given.DeviceName = "auto",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the plan and the time; write nothing.")] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the run named, or else the newest unfinished one.")
    ] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an unfinished run of that name.")] = False,
    list_runs: Annotated[bool, typer.Option("--list", help="List the runs so far.")] = False,
    as_json: given.AsJson = False,
    report_file: given.ReportFile = None,
) -> None:
    """Train a model and keep it among your models.

    Ctrl+C pauses; 'medae train --resume' goes on as if nothing had happened.
    """
    from medae.jobs.job import TrainJob

    terminal = Terminal(quiet=as_json or not _is_first())
    if list_runs:
        _list_runs(as_json)
        return
    facts = {"family": family, "task": task, "modality": modality, "size": size}
    changes = {"data": data, "out": out, "set": settings, "max-steps": max_steps, "seed": seed}
    if resume:
        _refuse({**facts, **changes}, "a run goes on as it began")
        job = TrainJob(recipe=_unfinished(recipe), device=device, resume=True)
    else:
        _check_start(recipe, facts)
        planned = _planned(recipe, facts, changes, device, terminal, measure=dry_run)
        if dry_run:
            _tell_plan(planned, as_json, report_file)
            return
        terminal.show(plan_tables(planned, in_full=False))
        if planned.problem:
            raise SettingsError(planned.problem)
        _check_free(planned.recipe.name, overwrite)
        job = TrainJob(recipe=planned.recipe, device=device)
    _train(job, terminal, as_json, report_file)


def _is_first() -> bool:
    """Whether this is the only process, or the one of those that torchrun started that speaks."""
    return os.environ.get("RANK", "0") == "0"


def _refuse(arguments: dict[str, object], reason: str) -> None:
    for name, value in arguments.items():
        if value not in (None, []):
            raise typer.BadParameter(f"{reason}; leave it out", param_hint=f"'--{name}'")


def _check_start(recipe: str | None, facts: dict[str, Any]) -> None:
    """Refuse a command line that says too little or the same twice."""
    if recipe is not None:
        _refuse(facts, "the recipe says that itself, and --set changes it")
    elif facts["family"] is None:
        raise typer.BadParameter("name a recipe, or --family and --data", param_hint="'RECIPE'")
    elif int(os.environ.get("WORLD_SIZE", "1")) > 1:
        reason = "processes of torchrun must not each make a recipe of their own; name one"
        raise typer.BadParameter(reason, param_hint="'RECIPE'")


def _check_free(name: str, overwrite: bool) -> None:
    """Protect the hours that are in an unfinished run."""
    from medae.runs import Run

    run = Run.named(name)
    if run.checkpoint.is_file() and run.state().state != "finished" and not overwrite:
        raise SettingsError(
            f"the run {name!r} stopped at step {run.state().step}; go on with 'medae train --resume {name}', "
            "choose another name with --out, or start anew with --overwrite"
        )


def _planned(
    recipe: str | None,
    facts: dict[str, Any],
    changes: dict[str, Any],
    device: str,
    terminal: Terminal,
    *,
    measure: bool,
) -> "Plan":
    from medae.jobs.job import PlanJob
    from medae.jobs.run import run
    from medae.training.plan import Plan
    from medae.training.recipe import find_recipe

    options, fields = _settings(changes["set"] or [])
    if changes["seed"] is not None:
        fields["seed"] = changes["seed"]
    chosen = None if recipe is None else find_recipe(recipe)
    wanted = {name: value for name, value in facts.items() if value is not None}
    if "modality" in wanted:
        wanted["modality"] = {"XR": "DX"}.get(wanted["modality"].upper(), wanted["modality"].upper())
    job = PlanJob(
        recipe=chosen,
        data=tuple(changes["data"] or ()),
        name=changes["out"] or _own_name(chosen),
        options=options,
        changes=fields,
        max_steps=changes["max-steps"],
        measure=measure,
        device=device,
        **wanted,
    )
    with terminal.task("Planning") as report, stoppable(report) as stopping:
        return Plan.model_validate(run(job, stopping).answer)


def _own_name(recipe: "Recipe | None") -> str | None:
    """Give a name that does not take the place of a shipped model."""
    from medae import bundle

    if recipe is None or not (bundle.resources_folder() / "models" / recipe.name).is_dir():
        return None
    return f"my-{recipe.name}"


def _settings(texts: list[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Split ``NAME=VALUE`` into options of the family and fields of the recipe; values are JSON, else text."""
    from medae.training.recipe import Recipe

    options: dict[str, Any] = {}
    fields: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise typer.BadParameter(f"{text!r} is not NAME=VALUE", param_hint="'--set'")
        try:
            parsed = json.loads(value)
        except ValueError:
            parsed = value
        (fields if name in Recipe.model_fields else options)[name] = parsed
    return options, fields


def _unfinished(name: str | None) -> "Recipe":
    """Give the recipe of the run of that name, of that recipe, or of the newest run that can go on."""
    from medae.runs import Run, runs
    from medae.training.recipe import Recipe, find_recipe

    known = {run.name: run for run in runs()}
    if name is None:
        able = [run for run in known.values() if run.state().state != "finished" and not run.is_alive()]
        if not able:
            raise SettingsError("there is no run that could go on; 'medae train --list' shows the runs")
        run = able[0]
    elif name in known:
        run = known[name]
    else:
        recipe = find_recipe(name) if name.endswith(".json") else None
        own = [recipe.name if recipe else name, f"my-{recipe.name if recipe else name}"]
        run = next((known[each] for each in own if each in known), Run.named(name))
    return Recipe.made(run.recipe())


def _tell_plan(plan: "Plan", as_json: bool, report_file: Path | None) -> None:
    """Print a plan as the answer; exit with 1 where it cannot be trained."""
    from rich.console import Console

    text = plan.model_dump_json(indent=2)
    if report_file is not None:
        write_whole(report_file, text + "\n")
    if as_json:
        typer.echo(text)
    elif _is_first():
        Console().print(plan_tables(plan, in_full=True))
    if plan.problem:
        raise typer.Exit(FAILED)


def _train(job: "TrainJob", terminal: Terminal, as_json: bool, report_file: Path | None) -> None:
    from medae import bundle
    from medae.jobs.run import run

    name = job.recipe.name
    try:
        with terminal.task(f"Training {name}") as report, stoppable(report) as stopping:
            (folder,) = run(job, stopping).paths
    except (Cancelled, KeyboardInterrupt) as stop:
        _tell_pause(name)
        raise typer.Exit(INTERRUPTED) from stop
    if _is_first():
        _tell_model(bundle.read_info(folder), as_json, report_file)


def _tell_pause(name: str) -> None:
    from medae.runs import Run

    run = Run.named(name)
    if not _is_first():
        return
    if run.checkpoint.is_file():
        state = run.state()
        typer.echo(f"Paused after step {state.step} of {state.steps}. Go on: medae train --resume {name}", err=True)
    else:
        typer.echo("Stopped before the first step was stored.", err=True)


def _tell_model(made: "BundleInfo", as_json: bool, report_file: Path | None) -> None:
    """Print what was made, how good it is, and how to use it."""
    facts = {
        "name": made.name,
        "version": made.version,
        "task": made.task,
        "family": made.family,
        "modalities": list(made.modalities),
        "folder": str(made.folder),
        "sha256": made.sha256,
        "metrics": dict(made.metrics),
    }
    text = json.dumps(facts, indent=2)
    if report_file is not None:
        write_whole(report_file, text + "\n")
    if as_json:
        typer.echo(text)
        return
    for name, value in _flat(made.metrics):
        typer.echo(f"  {name}: {value}")
    typer.echo(f"{made.name} {made.version} is ready in {made.folder}")
    typer.echo(USE[made.task].format(name=made.name))


def _flat(metrics: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    """Give nested numbers by their full names."""
    for name, value in metrics.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{name} ")
        else:
            yield f"{before}{name}", f"{value:.4g}" if isinstance(value, float) else str(value)


def _list_runs(as_json: bool) -> None:
    """Print all runs, the newest first."""
    from rich.console import Console
    from rich.table import Table

    from medae.runs import runs

    found = []
    for run in runs():
        state, recipe = run.state(), _recipe_of(run)
        stopped = state.state == "running" and not run.is_alive()
        found.append(
            {
                "name": run.name,
                "family": recipe.get("family", ""),
                "state": "interrupted" if stopped else state.state,
                "step": state.step,
                "steps": state.steps,
                "folder": str(run.folder),
            }
        )
    if as_json:
        typer.echo(json.dumps(found, indent=2))
        return
    table = Table("Name", "Family", "State", "Step", box=None, pad_edge=False)
    for each in found:
        table.add_row(each["name"], each["family"], each["state"], f"{each['step']} of {each['steps']}")
    Console().print(table if found else "There is no run yet. 'medae train --help' says how to begin.")


def _recipe_of(run: "Run") -> dict[str, Any]:
    try:
        return run.recipe()
    except SettingsError:
        return {}
