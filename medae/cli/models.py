"""``medae models``: what models there are, what they are for, and whether they are intact."""

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from medae.cli import options as given
from medae.cli.group import FAILED
from medae.errors import ModelError

if TYPE_CHECKING:
    from medae.bundle import BundleInfo

app = typer.Typer(help="List, show and verify models.", no_args_is_help=True)

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
        "metrics": dict(info.metrics),
    }


@app.command("list")
def list_(as_json: given.AsJson = False) -> None:
    """List the models: those that came with MedAE and your own."""
    from rich.console import Console
    from rich.table import Table

    from medae import bundle

    known = bundle.bundles()
    if as_json:
        typer.echo(json.dumps([facts(info) for info in known], indent=2))
        return
    table = Table("Name", "Version", "Task", "For", "Title", "From")
    for info in known:
        origin = "MedAE" if info.shipped else "you"
        table.add_row(info.name, info.version, info.task, ", ".join(info.modalities), info.title, origin)
    Console().print(table)


@app.command("show")
def show(name: Name, as_json: given.AsJson = False) -> None:
    """Show a model's card: what it was trained on, how well it does, its licence."""
    from rich.console import Console
    from rich.markdown import Markdown

    from medae import bundle

    info = bundle.find(name)
    if as_json:
        typer.echo(json.dumps(facts(info), indent=2))
        return
    card = info.folder / "docs" / "README.md"
    try:
        text = card.read_text(encoding="utf-8")
    except OSError:
        text = f"# {info.title}\n\n{info.description}\n\nThis model has no card ({card} is missing)."
    Console().print(Markdown(text))
    typer.echo(f"\n{info.name} {info.version}, {info.folder}\nSHA-256 {info.sha256}")


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
    if as_json:
        typer.echo(json.dumps(outcomes, indent=2))
    for outcome in [] if as_json else outcomes:
        typer.echo(f"{outcome['name']}: {'intact' if outcome['intact'] else outcome['reason']}")
    if not outcomes:
        raise ModelError("there is no model to verify; install MedAE again or train one with 'medae train'")
    if not all(outcome["intact"] for outcome in outcomes):
        raise typer.Exit(FAILED)
