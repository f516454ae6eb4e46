"""Tables about models for the terminal, narrow ones too."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table

    from medae.bundle import BundleInfo

WIDE, USUAL = 120, 80
"""Columns of a terminal from which all facts fit, and most of them."""


def list_table(models: Sequence["BundleInfo"], width: int) -> "Table":
    """Give one row per model, with as many facts as fit beside each other."""
    from rich.table import Table
    from rich.text import Text

    from medae.bundle.library import origin, size_text

    columns = {
        "Name": [info.name for info in models],
        "Version": [info.version for info in models],
        "Task": [info.task for info in models],
        "For": [", ".join(info.modalities) for info in models],
        "Family": [info.family for info in models],
        "Size": [size_text(info.size) for info in models],
        "Made": [info.created for info in models],
        "From": [origin(info) for info in models],
        "Title": [info.title for info in models],
    }
    shown = list(columns)
    if width < USUAL:
        shown = ["Name", "Task", "For", "Family"]
    elif width < WIDE:
        shown = [title for title in shown if title not in ("Title", "Made")]
    shown = [title for title in shown if any(columns[title])] if models else shown
    table = Table(box=None, pad_edge=False, collapse_padding=True)
    for title in shown:
        table.add_column(
            title, justify="right" if title == "Size" else "left", overflow="fold", no_wrap=title in ("Size", "Made")
        )
    for row in zip(*(columns[title] for title in shown), strict=True):
        table.add_row(*map(Text, row))
    return table


def facts_table(info: "BundleInfo") -> "Table":
    """Give facts, training and metrics of one model, and the figures of its recipe."""
    from rich.table import Table
    from rich.text import Text

    from medae.bundle import compare
    from medae.bundle.library import metrics

    table = Table(show_header=False)
    table.add_column(style="dim", overflow="fold")
    table.add_column(overflow="fold")
    for title, (value,) in compare([info]):
        table.add_row(Text(title), Text(value))
    told = ("name", "title", "description", "version", "task", "modality", "family", "licence", "data", "phantoms")
    settings = {key: value for key, value in info.recipe.items() if key not in told and value is not None}
    if settings:
        table.add_section()
    for title, value in metrics(settings, "recipe: "):
        table.add_row(Text(title), Text(value))
    return table


def comparison(models: Sequence["BundleInfo"]) -> "Table":
    """Give a column per model and a row per fact."""
    from rich.table import Table
    from rich.text import Text

    from medae.bundle import compare

    table = Table()
    table.add_column("", style="dim", overflow="fold")
    for info in models:
        table.add_column(Text(info.name), overflow="fold")
    for title, values in compare(models):
        table.add_row(Text(title), *map(Text, values))
    return table
