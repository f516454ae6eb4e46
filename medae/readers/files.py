"""Finding the files below the paths that were dropped: no loops, no hidden files, each file once."""

import os
import re
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from medae.readers import archive, dicomdir
from medae.readers.reader import HEAD_BYTES, Skipped

NOT_AN_IMAGE = "not an image format that MedAE reads"
GZIP = b"\x1f\x8b"
"""First bytes of what gzip has compressed."""
ZIPPED = "compressed with gzip; unpack it first"


def os_reason(error: OSError) -> str:
    """Say in one sentence, without the path, why the operating system refused."""
    if isinstance(error, FileNotFoundError):
        return "there is no such file or folder; check the path"
    if isinstance(error, PermissionError):
        return "you are not allowed to read it; change its permissions or copy it"
    return f"it could not be read ({error.strerror or type(error).__name__})"


def natural_key(path: Path) -> tuple[tuple[int, int | str], ...]:
    """Sort ``IM9`` before ``IM10``."""
    parts = re.split(r"(\d+)", str(path))
    return tuple((0, int(part)) if part.isdecimal() else (1, part) for part in parts)


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A regular file, its size in bytes and the time of its last change in nanoseconds."""

    path: Path
    size: int
    changed: int


def find_files(paths: Sequence[Path]) -> Iterator[FoundFile | Skipped]:
    """Find the regular files at and below ``paths``, in natural order, each once.

    Names that begin with a dot are left out below a folder, and so is a DICOMDIR, whose files are
    found themselves. A DICOMDIR that was named itself stands for the files that it names, or for its folder where
    it names none. Linked folders are followed, but no folder is entered twice. ZIP archives are unpacked and looked
    through like folders (`medae.readers.archive`); one in another is not.

    Yields
    ------
    FoundFile or Skipped
        Files to look into, and what could not be entered or is not a file.
    """
    seen_folders: set[tuple[int, int]] = set()
    seen_files: set[tuple[int, int]] = set()
    for start in paths:
        tops, missing = _tops(start)
        yield from missing
        for path, found in chain.from_iterable(_walk(top, seen_folders) for top in tops):
            if isinstance(found, Skipped):
                yield found
                continue
            identity = (found.st_dev, found.st_ino)
            if identity not in seen_files:
                seen_files.add(identity)
                yield from _opened(path, found)


def _opened(path: Path, status: os.stat_result) -> Iterator[FoundFile | Skipped]:
    """Give a file, or what is in it."""
    try:
        packed = path.suffix.lower() == archive.SUFFIX and archive.is_archive(path, read_head(path))
    except OSError:
        packed = False  # who looks into it says why it cannot be read
    if not packed:
        yield FoundFile(path, status.st_size, status.st_mtime_ns)
        return
    for item in archive.unpacked(path):
        if isinstance(item, Skipped):
            yield item
        else:
            inner = item.stat()
            yield FoundFile(item, inner.st_size, inner.st_mtime_ns)


def _tops(start: Path) -> tuple[list[Path], list[Skipped]]:
    """Give the files or folders that a path which was named stands for."""
    try:
        is_index = start.is_file() and dicomdir.is_index(start, read_head(start))
    except OSError:
        is_index = False  # the walk says why it cannot be read
    if not is_index:
        return [start], []
    return dicomdir.referenced(start) or ([start.parent], [])


def _walk(top: Path, seen: set[tuple[int, int]]) -> Iterator[tuple[Path, Skipped | os.stat_result]]:
    waiting = [top]
    while waiting:
        path = waiting.pop()
        try:
            status = path.stat()
            identity = (status.st_dev, status.st_ino)
            if stat.S_ISDIR(status.st_mode):
                if identity not in seen:
                    seen.add(identity)
                    waiting.extend(_children(path))
                elif path.is_symlink():
                    yield path, Skipped(path, "a link to a folder that was already read")
            elif stat.S_ISREG(status.st_mode):
                yield path, status
            else:
                yield path, Skipped(path, "not a regular file (a device, pipe or socket)")
        except OSError as error:
            yield path, Skipped(path, _stat_reason(path, error))


def _stat_reason(path: Path, error: OSError) -> str:
    if isinstance(error, FileNotFoundError) and path.is_symlink():
        return "a link to a file that is not there"
    return os_reason(error)


def _children(folder: Path) -> Iterable[Path]:
    names = (path for path in folder.iterdir() if not path.name.startswith("."))
    return sorted((path for path in names if path.name.upper() != "DICOMDIR"), key=natural_key, reverse=True)


def read_head(path: Path) -> bytes:
    """Give the first `HEAD_BYTES` bytes; raises OSError."""
    with path.open("rb") as file:
        return file.read(HEAD_BYTES)
