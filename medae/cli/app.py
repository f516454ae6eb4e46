"""The ``medae`` command and what its sub-commands are."""

from pathlib import Path
from typing import Annotated

import typer

from medae.cli import models, pacs, window
from medae.cli.batch import batch
from medae.cli.calibrate import calibrate
from medae.cli.demo import demo
from medae.cli.doctor import doctor
from medae.cli.export import export
from medae.cli.group import MedaeGroup
from medae.cli.index import index
from medae.cli.info import info
from medae.cli.latent import latent
from medae.cli.process import denoise, detect
from medae.cli.train import train

app = typer.Typer(
    name="medae",
    cls=MedaeGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
    epilog="Research use only, not for diagnosis.",
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from medae.build import this_build

        typer.echo(f"medae {this_build()}")
        raise typer.Exit


@app.callback()
def main(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print version, commit and build.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Print tracebacks (also: MEDAE_DEBUG=1).")] = False,
) -> None:
    """Autoencoders for medical images: denoise, map anomalies, view, send back as DICOM.

    Without a command, the window opens.
    """
    if context.invoked_subcommand is None:
        window.open_window(())


@app.command("open")
def open_(
    paths: Annotated[
        list[Path] | None, typer.Argument(metavar="[PATH…]", exists=True, help="Files or folders.")
    ] = None,
    new_window: Annotated[
        bool, typer.Option("--new-window", help="Open another window, even where one is open.")
    ] = False,
) -> None:
    """Open files or folders, in the window that is open already or in a new one."""
    window.open_window(paths or (), new_window=new_window)


app.command("demo")(demo)
app.command("info")(info)
app.command("index")(index)
app.command("denoise")(denoise)
app.command("detect")(detect)
app.command("batch")(batch)
app.command("export")(export)
app.command("train")(train)
app.command("calibrate")(calibrate)
app.command("latent")(latent)
app.add_typer(models.app, name="models")
app.add_typer(pacs.app, name="pacs")
app.command("doctor")(doctor)
