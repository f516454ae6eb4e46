"""How every command ends: exit codes, one sentence instead of a traceback."""

import os
import sys
import traceback
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperGroup

from medae.cli.interrupt import remembered
from medae.errors import Cancelled, MedaeError

FAILED = 1
"""Exit code when something failed; the rest was done."""

USAGE = 2
"""Exit code for a command line that makes no sense (typer's own)."""

INTERRUPTED = 130
"""Exit code after Ctrl+C."""

STOPPED = "Stopped. Nothing partial was left behind."


class MedaeGroup(TyperGroup):
    """The commands of MedAE: an error becomes one sentence, Ctrl+C one line; ``medae PATH`` opens the path."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command; what is none, but a file or folder, is opened."""
        if args and args[0] not in self.commands and "open" in self.commands and Path(args[0]).exists():
            args = ["open", *args]
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run a command and turn what it raises into a message and an exit code."""
        try:
            with remembered():
                return super().invoke(ctx)
        except MedaeError as error:
            if wants_debug(ctx.params.get("debug")):
                traceback.print_exc(file=sys.stderr)
            typer.echo(f"Error: {error}", err=True)
            raise typer.Exit(FAILED) from error
        except (KeyboardInterrupt, Cancelled) as stop:
            typer.echo(STOPPED, err=True)
            raise typer.Exit(INTERRUPTED) from stop


def wants_debug(flag: object = False) -> bool:
    """Whether the user has asked for tracebacks, by ``--debug`` or by ``MEDAE_DEBUG=1``."""
    return bool(flag) or os.environ.get("MEDAE_DEBUG", "") not in ("", "0")
