"""Get at a bundle that somebody hands over, as folder or zip, without letting it write where it should not."""

import os
import shutil
import stat
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from medae.errors import ModelError
from medae.progress import Report, silent

MOST_FILES = 5000
MOST_BYTES = 4 << 30
"""What a bundle may hold, unpacked."""
CHUNK = 1 << 20


@contextmanager
def opened(path: Path, report: Report = silent) -> Iterator[Path]:
    """Give the bundle's folder: the one that holds ``configs``; its name is the bundle's.

    Parameters
    ----------
    path
        Folder or zip; the bundle may lie one folder deeper, as in the MONAI model zoo's archives.
    report
        Progress of unpacking.

    Raises
    ------
    ModelError
        If the path holds no bundle or several, links or odd files, or more than a bundle may hold.
    """
    if path.is_dir():
        _check_folder(path)
        yield _root(path, path)
    elif not path.is_file():
        raise ModelError(f"{path}: there is nothing of that name; give a bundle's folder or zip")
    elif zipfile.is_zipfile(path):
        with TemporaryDirectory(prefix="medae-bundle-") as temporary:
            folder = Path(temporary) / path.stem
            folder.mkdir()
            _unzip(path, folder, report)
            yield _root(folder, path)
    elif path.suffix.lower() == ".zip":
        raise ModelError(f"{path}: is not a whole zip; download or copy it again")
    else:
        raise ModelError(f"{path}: is neither a bundle's folder nor a zip of one")


def _root(folder: Path, asked: Path) -> Path:
    """Find the folder that holds ``configs``, at most one level down."""
    if (folder / "configs").is_dir():
        return folder
    found = [inner for inner in sorted(folder.iterdir()) if (inner / "configs").is_dir()]
    if len(found) > 1:
        names = ", ".join(inner.name for inner in found[:5])
        raise ModelError(f"{asked}: holds several bundles ({names}); import them one by one")
    if found:
        return found[0]
    if any(folder.rglob("*.ts")) or any(folder.rglob("*.pt")):
        raise ModelError(
            f"{asked}: is not a MONAI bundle: it has weights, but no configs/metadata.json that says of which network"
        )
    raise ModelError(f"{asked}: is not a MONAI bundle (no configs/metadata.json)")


def _check_folder(folder: Path) -> None:
    """Refuse links and odd files, and more than a bundle may hold."""
    count = size = 0
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            status = (Path(parent) / name).lstat()
            inside = (Path(parent) / name).relative_to(folder)
            if stat.S_ISLNK(status.st_mode):
                raise ModelError(
                    f"{folder}: {inside} is a link to somewhere else, which a bundle must not hold; "
                    f"copy the file itself into its place and import again"
                )
            if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
                raise ModelError(f"{folder}: {inside} is not a regular file, which a bundle must not hold")
            count, size = count + 1, size + status.st_size
            _check_amount(folder, count, size)


def _check_amount(path: Path, count: int, size: int) -> None:
    if count > MOST_FILES:
        raise ModelError(f"{path}: holds more than {MOST_FILES} files, which is no bundle")
    if size > MOST_BYTES:
        raise ModelError(f"{path}: would take more than {MOST_BYTES >> 30} GB on the disk, which is no bundle")


def _unzip(path: Path, folder: Path, report: Report) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            total = sum(member.file_size for member in members)
            _check_amount(path, len(members), total)
            if total > shutil.disk_usage(folder).free:
                raise ModelError(f"{path}: there is not enough room in {folder.parents[1]} to unpack it")
            places = {member.filename: _place(path, member) for member in members}
            done = 0
            for member in members:
                report(done / max(total, 1), f"Unpacking {path.name}")
                _extract(archive, member, folder / places[member.filename])
                done += member.file_size
    except (zipfile.BadZipFile, EOFError, NotImplementedError) as error:
        raise ModelError(f"{path}: the zip is damaged ({error}); download or copy it again") from error
    except OSError as error:
        raise ModelError(f"{path}: cannot be unpacked ({error.strerror or error})") from error


def _place(path: Path, member: zipfile.ZipInfo) -> PurePosixPath:
    """Where a member goes, if that is inside the bundle."""
    name = member.filename.replace("\\", "/")
    place = PurePosixPath(name)
    if place.is_absolute() or ".." in place.parts or ":" in name or "\0" in name or not place.parts:
        raise ModelError(f"{path}: refused, because {member.filename!r} would be written outside the bundle")
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise ModelError(f"{path}: refused, because {member.filename!r} is a link or device, not a file")
    if member.flag_bits & 1:
        raise ModelError(f"{path}: is protected by a password; unpack it first and import the folder")
    return place


def _extract(archive: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path) -> None:
    """Write one member and not a byte more than it announced."""
    if member.is_dir():
        target.mkdir(parents=True, exist_ok=True)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    left = member.file_size
    with archive.open(member) as source, target.open("xb") as file:
        while chunk := source.read(CHUNK):
            left -= len(chunk)
            if left < 0:
                raise zipfile.BadZipFile(f"{member.filename} is larger than announced")
            file.write(chunk)
