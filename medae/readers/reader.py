"""What a reader is: a module with these names, entered in `medae.readers.READERS`."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from medae.progress import Report
from medae.volume import Source, Volume

HEAD_BYTES = 512
"""How many of a file's first bytes `Reader.accepts` is shown."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that gave no volume.

    Attributes
    ----------
    path
        The file or folder.
    reason
        One sentence without the path: what is wrong and, where possible, what to do.
    """

    path: Path
    reason: str


@dataclass(frozen=True, slots=True)
class Scan:
    """What a look at the headers found.

    Attributes
    ----------
    sources
        One entry per volume, each of which `medae.readers.read` can load.
    skipped
        Every file that gave no volume, with its reason.
    """

    sources: tuple[Source, ...] = ()
    skipped: tuple[Skipped, ...] = ()


class Reader(Protocol):
    """One file format.

    Attributes
    ----------
    TITLE
        Name of the format, as the user knows it.
    SUFFIXES
        Lower-case endings of its files, for file dialogues; empty where names say nothing.
    """

    TITLE: str
    SUFFIXES: tuple[str, ...]

    def accepts(self, path: Path, head: bytes) -> bool:
        """Tell from the name and the first `HEAD_BYTES` bytes whether this reader is in charge."""
        ...

    def scan(self, paths: Sequence[Path], report: Report) -> Scan:
        """Read the headers of files that were accepted; never raises because of a file's content."""
        ...

    def read(self, source: Source, report: Report) -> Volume:
        """Load one volume; raises `medae.errors.ReadError`."""
        ...
