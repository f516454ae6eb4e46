"""Opening the window, or saying why none can open."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from medae.errors import SettingsError

if TYPE_CHECKING:
    from medae.results import Result


def open_window(paths: Sequence[Path] = (), result: "Result | None" = None, *, new_window: bool = False) -> None:
    """Open the window on some paths, or on a result, and stay until it is closed.

    A window that is open already takes the paths, unless ``new_window``.

    Raises
    ------
    SettingsError
        If there is no display, or Qt's system libraries are missing; the sentence says what to install.
    """
    from medae.gui.system_libraries import window_problem

    problem = window_problem()
    if problem:
        raise SettingsError(problem)
    from medae.gui.app import run

    if code := run(tuple(paths), result, new_window=new_window):
        raise typer.Exit(code)


def can_open_window() -> bool:
    """Whether a window would open here."""
    from medae.gui.system_libraries import window_problem

    return window_problem() is None
