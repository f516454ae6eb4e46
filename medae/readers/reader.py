"""What a reader is: a module with these names, entered in `medae.readers.READERS`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from medae.errors import ReadError
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
class ResultFile:
    """A DICOM object with results of another series.

    Attributes
    ----------
    path
        The file.
    kind
        ``"parametric map"``, ``"segmentation"`` or ``"structured report"``.
    description
        SeriesDescription.
    series
        SeriesInstanceUIDs that it refers to.
    """

    path: Path
    kind: str
    description: str
    series: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Scan:
    """What a look at the headers found.

    Attributes
    ----------
    sources
        One entry per volume, each of which `medae.readers.read` can load.
    skipped
        Every file that gave no volume, with its reason.
    results
        Results that belong to one of the sources; `medae.readers.attach` lays them over it.
    """

    sources: tuple[Source, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    results: tuple[ResultFile, ...] = ()


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


def scan_each(paths: Sequence[Path], report: Report, header_of: Callable[[Path], tuple[Source, int]]) -> Scan:
    """Scan formats in which one file holds one or more whole volumes.

    Parameters
    ----------
    paths
        Files that the reader has accepted.
    report
        Told each file; may raise `Cancelled`.
    header_of
        Reads one header: the source of its first volume, and how many volumes the file holds.
        May raise `ReadError`, which becomes a `Skipped`.
    """
    sources: list[Source] = []
    skipped: list[Skipped] = []
    for number, path in enumerate(paths):
        report(number / len(paths), f"Reading headers: {number} of {len(paths)} files")
        try:
            source, volumes = header_of(path)
        except ReadError as error:
            skipped.append(Skipped(path, error.reason))
            continue
        for part in range(volumes):
            label = f" – volume {part + 1} of {volumes}" if volumes > 1 else ""
            sources.append(replace(source, description=source.description + label, part=part))
    return Scan(tuple(sources), tuple(skipped))
