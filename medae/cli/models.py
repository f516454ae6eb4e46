"""``medae models``: what models there are, bring them in, give them away, compare, verify, remove."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from medae.cli import options as given
from medae.cli.group import FAILED
from medae.cli.model_tables import comparison, facts_table, list_table
from medae.cli.terminal import Terminal
from medae.errors import ModelError

if TYPE_CHECKING:
    from medae.bundle import BundleInfo, Damaged

app = typer.Typer(help="List, show, verify, import, export, remove and compare models.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="A name from 'medae models list', or a bundle folder.")]


def facts(info: "BundleInfo") -> dict[str, Any]:
    """Give what is known about a model, as plain JSON values."""
    return {
        "name": info.name,
        "version": info.version,
        "title": info.title,
        "task": info.task,
        "family": info.family,
        "modalities": list(info.modalities),
        "description": info.description,
        "licence": info.licence,
        "sha256": info.sha256,
        "folder": str(info.folder),
        "shipped": info.shipped,
        "created": info.created,
        "origin": info.origin,
        "parameters": info.parameters,
        "bytes": info.size,
        "metrics": dict(info.metrics),
        "training": dict(info.training),
        "usable": True,
        "reason": "",
    }


def _damaged_facts(one: "Damaged") -> dict[str, Any]:
    """Give the same keys for a folder that cannot be used."""
    texts = dict.fromkeys(
        ("version", "title", "task", "family", "description", "licence", "sha256", "created", "origin"), ""
    )
    return {
        "name": one.name,
        **texts,
        "modalities": [],
        "folder": str(one.folder),
        "shipped": one.shipped,
        "parameters": None,
        "bytes": 0,
        "metrics": {},
        "training": {},
        "usable": False,
        "reason": one.reason,
    }


@app.command("list")
def list_(as_json: given.AsJson = False) -> None:
    """List the models: those that came with MedAE and your own, damaged ones with the reason."""
    from rich.console import Console

    from medae import bundle

    known, broken = bundle.bundles(), bundle.damaged()
    if as_json:
        everything = [*(facts(info) for info in known), *(_damaged_facts(one) for one in broken)]
        typer.echo(json.dumps(everything, indent=2))
        return
    console = Console()
    console.print(list_table(known, console.width))
    if broken:
        typer.echo("Cannot be used:")
    for one in broken:
        typer.echo(f"  {one.name}: {one.reason}")


@app.command("show")
def show(
    name: Name,
    as_json: given.AsJson = False,
    recipe: Annotated[
        bool, typer.Option("--recipe", help="Print only the recipe, which 'medae train' takes as a file.")
    ] = False,
) -> None:
    """Show a model's card: what it was trained on, how well it does, its licence."""
    from rich.console import Console
    from rich.markdown import Markdown

    from medae import bundle
    from medae.bundle.info import printable

    info = bundle.find(name)
    if recipe:
        if not info.recipe:
            raise ModelError(f"model {info.name} was not trained by MedAE and has no recipe")
        typer.echo(json.dumps({**info.recipe, "data": []}, indent=2))  # where its scans were is not recorded
        return
    if as_json:
        typer.echo(json.dumps({**facts(info), "recipe": dict(info.recipe)}, indent=2))
        return
    try:
        text = info.card.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        text = f"# {info.title}\n\n{info.description}\n\nThis model has no card ({info.card} is missing)."
    console = Console()
    console.print(Markdown(printable(text), hyperlinks=False))
    console.print(facts_table(info))
    typer.echo(f"\n{info.name} {info.version}, {info.folder}\nSHA-256 {info.sha256}")
    if info.recipe:
        typer.echo(f"Recipe of its last training: medae models show {info.name} --recipe > recipe.json")


@app.command("verify")
def verify(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="All models when left out.")] = None,
    as_json: given.AsJson = False,
) -> None:
    """Compare a model's weights with their SHA-256; exit code 1 if one is damaged."""
    from medae import bundle

    outcomes = []
    for info in [bundle.find(name)] if name else bundle.bundles():
        try:
            bundle.verify(info)
            outcomes.append({"name": info.name, "intact": True, "reason": ""})
        except ModelError as error:
            outcomes.append({"name": info.name, "intact": False, "reason": str(error)})
    for one in () if name else bundle.damaged():
        outcomes.append({"name": one.name, "intact": False, "reason": one.reason})
    if as_json:
        typer.echo(json.dumps(outcomes, indent=2))
    for outcome in [] if as_json else outcomes:
        typer.echo(f"{outcome['name']}: {'intact' if outcome['intact'] else outcome['reason']}")
    if not outcomes:
        raise ModelError("there is no model to verify; install MedAE again or train one with 'medae train'")
    if not all(outcome["intact"] for outcome in outcomes):
        raise typer.Exit(FAILED)


@app.command("import")
def import_(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A bundle's folder or zip: MedAE's or MONAI's.")],
    name: Annotated[str | None, typer.Option(metavar="NAME", help="Its name here; its own by default.")] = None,
    task: Annotated[
        str | None,
        typer.Option(
            metavar="TASK", help="What a bundle of others is for, if it does not say: denoise or reconstruct."
        ),
    ] = None,
    modality: Annotated[
        given.Modality | None,
        typer.Option(case_sensitive=False, help="The scans that a bundle of others is for, if it does not say."),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace your own model of this name.")] = False,
    as_json: given.AsJson = False,
) -> None:
    """Bring in a model that somebody gave you. It is looked through first; nothing of it is run."""
    from medae import bundle

    if task is not None and task not in bundle.TASKS:
        raise typer.BadParameter(f"{task!r} is not one of {', '.join(bundle.TASKS)}", param_hint="'--task'")
    terminal = Terminal(quiet=as_json)
    with terminal.task(f"Importing {path.name}") as report:
        done = bundle.import_bundle(
            path,
            name=name,
            task=task,
            modality=modality.dicom if modality else None,
            overwrite=overwrite,
            report=report,
        )
    if as_json:
        typer.echo(json.dumps({**facts(done.info), "left_out": done.left_out, "notes": done.notes}, indent=2))
        return
    for note in done.notes:
        terminal.warn(note)
    if done.left_out:
        terminal.say(f"Left out, because only data is taken over: {', '.join(done.left_out)}")
    info = done.info
    typer.echo(f"{info.name}: {info.title}, {bundle.TASKS[info.task]}, for {', '.join(info.modalities)}; {info.folder}")


@app.command("export")
def export(
    name: Name,
    out: Annotated[Path, typer.Argument(metavar="OUT", help="A name ending in .zip, or a folder.")],
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an earlier export.")] = False,
    as_json: given.AsJson = False,
) -> None:
    """Write a model as a MONAI bundle, to give it to others. It is verified first."""
    from medae import bundle

    with Terminal(quiet=as_json).task(f"Exporting {name}") as report:
        written = bundle.export_bundle(bundle.find(name), out, overwrite=overwrite, report=report)
    typer.echo(json.dumps({"name": name, "path": str(written)}) if as_json else str(written))


@app.command("remove")
def remove(
    name: Annotated[str, typer.Argument(metavar="NAME", help="One of your own models, as 'medae models list' says.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Delete one of your own models for good. Models that came with MedAE stay."""
    from medae import bundle

    bundle.check_removable(name)
    if not yes and not typer.confirm(f"Delete model {name} for good?", err=True):
        typer.echo("Nothing was deleted.", err=True)
        raise typer.Exit(FAILED)
    bundle.remove_bundle(name)
    typer.echo(f"{name} was deleted.")


@app.command("compare")
def compare(
    names: Annotated[list[str], typer.Argument(metavar="NAME NAME…", help="Two models or more.")],
    as_json: given.AsJson = False,
) -> None:
    """Put models side by side: what for, how large, learnt from what, how well they do."""
    from rich.console import Console

    from medae import bundle

    if len(names) < 2:
        raise typer.BadParameter("give two models or more", param_hint="'NAME NAME…'")
    models = [bundle.find(name) for name in names]
    if as_json:
        typer.echo(json.dumps([facts(info) for info in models], indent=2))
        return
    Console().print(comparison(models))
