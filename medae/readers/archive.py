"""ZIP archives: unpacked into the user's cache folder, with guards against bombs and against leaving that folder."""

import errno
import hashlib
import os
import re
import shutil
import stat
import struct
import time
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from medae.readers.reader import Skipped
from medae.settings import cache_folder

SUFFIX = ".zip"
MOST_FILES = 200_000
MOST_BYTES = 64 * 1024**3
MOST_RATIO = 200
"""An archive may expand so many times, where that makes more than `ALWAYS_BYTES`."""
ALWAYS_BYTES = 256 * 1024**2
RESERVE_BYTES = 1024**3
"""Left free on the disk."""
KEPT_SECONDS = 2 * 24 * 3600
"""What was unpacked is removed by a scan that comes so long after its last use."""

OUTSIDE = "its name leads out of the archive; it was not unpacked"
_BLOCK = 1 << 20


def is_archive(path: Path, head: bytes) -> bool:
    """Tell from the name and the first bytes whether a file is a ZIP archive (and no document that is one inside)."""
    return path.suffix.lower() == SUFFIX and head[:4] in (b"PK\3\4", b"PK\5\6")


def archives_folder() -> Path:
    """Where archives are unpacked, one folder each; not made yet."""
    return cache_folder() / "archives"


def unpacked(path: Path) -> Iterator[Path | Skipped]:
    """Unpack an archive, and give each file as soon as it is there; what was unpacked before is given again.

    Hidden files and a DICOMDIR are left out, as in folders.

    Parameters
    ----------
    path
        The archive, which stays as it is.

    Yields
    ------
    Path or Skipped
        Files in the cache folder; and what was not unpacked, with the reason.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            reason = _refused(path, members)
            if reason is not None:
                yield Skipped(path, reason)
                return
            folder = _folder(path)
            taken: set[str] = set()
            for member in members:
                if not _is_hidden(member):
                    yield _unpack(archive, member, path, folder, taken)
    except (zipfile.BadZipFile, EOFError, zlib.error, struct.error, ValueError):
        yield Skipped(path, "the archive is damaged or cut off; copy it again")
    except NotImplementedError:
        yield Skipped(path, "the archive is of a kind that cannot be unpacked here; unpack it first")
    except OSError as error:
        yield Skipped(path, _os_reason(error))


def forget_old() -> None:
    """Remove what was unpacked long ago."""
    try:
        folders = list(archives_folder().iterdir())
    except OSError:
        return
    for folder in folders:
        try:
            old = time.time() - folder.stat().st_mtime > KEPT_SECONDS
        except OSError:
            continue
        if old:
            shutil.rmtree(folder, ignore_errors=True)


def _refused(path: Path, members: list[zipfile.ZipInfo]) -> str | None:
    """Say why an archive is not unpacked at all, by what its directory declares."""
    total = sum(member.file_size for member in members)
    if len(members) > MOST_FILES:
        return f"it holds {len(members)} files; unpack it first"
    if total > MOST_BYTES or (total > ALWAYS_BYTES and total > MOST_RATIO * path.stat().st_size):
        return f"it would expand to {total / 1e9:.1f} GB, far more than scans do; unpack it first if you trust it"
    folder = archives_folder()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if total + RESERVE_BYTES > shutil.disk_usage(folder).free:
        return f"there is not enough room on the disk to unpack its {total / 1e9:.1f} GB; free some"
    return None


def _folder(path: Path) -> Path:
    """Make the folder of this very archive, or find it from an earlier scan."""
    status = path.stat()
    key = f"{path.absolute()}\n{status.st_size}\n{status.st_mtime_ns}"
    own = archives_folder() / hashlib.blake2b(os.fsencode(key), digest_size=8).hexdigest()
    own.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.utime(own)
    return own / _plain(path.stem)


def _is_hidden(member: zipfile.ZipInfo) -> bool:
    parts = _parts(member)
    hidden = any(part.startswith(".") and part not in (".", "..") for part in parts)
    return hidden or parts[0] == "__MACOSX" or parts[-1].upper() == "DICOMDIR"


def _parts(member: zipfile.ZipInfo) -> list[str]:
    return re.split(r"[/\\]", member.filename)


def _unpack(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path, folder: Path, taken: set[str]
) -> Path | Skipped:
    parts = _parts(member)
    place = path / "/".join(part for part in parts if part)
    if "" in parts[:1] or ".." in parts or re.match(r"[A-Za-z]:", parts[0]):
        return Skipped(place, OUTSIDE)
    if stat.S_ISLNK(member.external_attr >> 16):
        return Skipped(place, "a link, which is not followed")
    if member.flag_bits & 1:
        return Skipped(place, "it is encrypted; unpack the archive first")
    target = _free(folder.joinpath(*(_plain(part) for part in parts if part not in ("", "."))), taken)
    try:
        if not target.is_file() or target.stat().st_size != member.file_size:
            _extract(archive, member, target)
    except (zipfile.BadZipFile, EOFError, zlib.error):
        return Skipped(place, "it is damaged in the archive; copy that again")
    except NotImplementedError:
        return Skipped(place, "it is compressed in a way that cannot be unpacked here; unpack the archive first")
    except OSError as error:
        return Skipped(place, _os_reason(error))
    return target


def _extract(archive: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path) -> None:
    """Write one file whole or not at all; `zipfile` gives no more bytes than declared, and checks their CRC."""
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    staged = target.with_name(f".{hashlib.blake2b(os.fsencode(target.name), digest_size=8).hexdigest()}.{os.getpid()}")
    try:
        with archive.open(member) as packed, staged.open("wb") as file:
            shutil.copyfileobj(packed, file, _BLOCK)
        staged.replace(target)
    finally:
        staged.unlink(missing_ok=True)


def _plain(name: str) -> str:
    """Make a name that every file system takes."""
    name = re.sub(r'[<>:"|?*\x00-\x1f]', "_", name).rstrip(". ") or "_"
    if len(os.fsencode(name)) <= 200:
        return name
    return name[-40:] + hashlib.blake2b(os.fsencode(name), digest_size=8).hexdigest()


def _free(target: Path, taken: set[str]) -> Path:
    """Give the name, or a similar one where the archive has it already (also in other case)."""
    found, number = target, 1
    while str(found).casefold() in taken:
        number += 1
        found = target.with_name(f"{target.stem} ({number}){target.suffix}")
    taken.add(str(found).casefold())
    return found


def _os_reason(error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "the disk became full while it was unpacked; free some room"
    return f"it could not be unpacked ({error.strerror or type(error).__name__})"
