"""``medae index``: what is kept of the headers of scans, and how to be rid of it."""

from typing import Annotated

import typer


def index(
    clear: Annotated[bool, typer.Option("--clear", help="Delete the index; the next scan reads all headers.")] = False,
) -> None:
    """Tell where headers of scans are kept to find them faster (no names, no patient data), or delete them."""
    from medae.readers.index import clear_index, index_path, index_size

    if clear:
        typer.echo(f"{_megabytes(clear_index())} freed")
    else:
        typer.echo(f"{_megabytes(index_size())} in {index_path()}")


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"
