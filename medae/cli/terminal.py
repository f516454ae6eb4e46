"""What the user sees while a command runs. All of it goes to stderr: stdout is for results."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console, RenderableType
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.text import Text

from medae.cli.interrupt import heeding
from medae.progress import Report, silent


class Terminal:
    """Progress bars on a terminal, short plain lines elsewhere.

    Parameters
    ----------
    quiet
        Say nothing but errors (``--json``).
    console
        Where to write; stderr by default.
    """

    def __init__(self, *, quiet: bool = False, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True)
        self._quiet = quiet

    @contextmanager
    def task(self, title: str) -> Iterator[Report]:
        """Show one piece of work; the block gets the `Report` to pass on."""
        if self._quiet:
            yield heeding(silent)
        elif not self._console.is_terminal:
            self.say(f"{title} …")
            yield heeding(silent)
        else:
            columns = (
                TextColumn("{task.description}", markup=False),
                BarColumn(),
                TaskProgressColumn(),
                TimeRemainingColumn(),
            )
            with Progress(*columns, console=self._console, transient=True) as progress:
                bar = progress.add_task(title, total=1.0)

                def report(fraction: float, message: str = "", /) -> None:
                    text = f"{title}: {message}" if message else title
                    progress.update(bar, completed=fraction, description=text)

                yield heeding(report)

    def show(self, renderable: RenderableType) -> None:
        """Write a table or another of rich's renderables, unless quiet."""
        if not self._quiet:
            self._console.print(renderable)

    def say(self, text: str) -> None:
        """Write a line, unless quiet."""
        if not self._quiet:
            self._line(Text(text))

    def warn(self, text: str) -> None:
        """Write a warning, unless quiet."""
        if not self._quiet:
            self._line(Text(f"Warning: {text}", style="yellow"))

    def error(self, text: str) -> None:
        """Write an error, always."""
        self._line(Text(f"Error: {text}", style="red"))

    def _line(self, text: Text) -> None:
        self._console.print(text, soft_wrap=True)
