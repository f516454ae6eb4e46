"""What the bundle's ELF files need from the system, and their symbols taken off; by readelf and strip of binutils."""

import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

_NEEDED = re.compile(r"\(NEEDED\).*\[(.+)\]")
_VERSIONS = re.compile(r"Name: (GLIBC|GLIBCXX)_(\d+(?:\.\d+)*)\b")
_LOAD = re.compile(r"^\s+LOAD\s+(0x\w+)\s+(0x\w+)\s+0x\w+\s+0x\w+\s+0x\w+\s+.{3}\s+(0x\w+)", re.MULTILINE)


class Needs(NamedTuple):
    """What a bundle needs.

    Attributes
    ----------
    libraries
        File names of shared libraries that the bundle lacks.
    glibc, glibcxx
        Newest versions of the GNU C and C++ libraries that any file asks for, as texts.
    """

    libraries: frozenset[str]
    glibc: str
    glibcxx: str


def elf_files(folder: Path) -> Iterator[Path]:
    """Programs and shared libraries in a folder, links left out."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            with path.open("rb") as file:
                if file.read(4) == b"\x7fELF":
                    yield path


def needs(folder: Path) -> Needs:
    """Find out what the ELF files of a folder need from outside of it."""
    needed: set[str] = set()
    newest: dict[str, tuple[int, ...]] = {"GLIBC": (0,), "GLIBCXX": (0,)}
    for path in elf_files(folder):
        text = _readelf("-dVW", path)
        needed |= set(_NEEDED.findall(text))
        for name, version in _VERSIONS.findall(text):
            newest[name] = max(newest[name], tuple(int(part) for part in version.split(".")))
    own = {path.name for path in folder.rglob("*.so*")}
    texts = [".".join(map(str, newest[name])) for name in ("GLIBC", "GLIBCXX")]
    return Needs(frozenset(needed - own), *texts)


def strip(folder: Path) -> int:
    """Take symbols that nothing needs at run time off every ELF file; give the bytes saved.

    A file that was edited by patchelf can come out misaligned; it stays as it was.
    """
    saved = 0
    for path in elf_files(folder):
        if _has_archive(path):
            continue
        made = path.with_name(f"{path.name}.stripped")
        done = subprocess.run(["strip", "--strip-unneeded", "-o", made, path], capture_output=True, check=False)
        if done.returncode == 0 and is_aligned(made) and made.stat().st_size < path.stat().st_size:
            saved += path.stat().st_size - made.stat().st_size
            shutil.copymode(path, made)
            made.replace(path)
        made.unlink(missing_ok=True)
    return saved


def is_aligned(path: Path) -> bool:
    """Whether every loaded segment can be mapped: offset and address agree modulo the alignment (ELF, p_align)."""
    segments = [tuple(int(number, 16) for number in found) for found in _LOAD.findall(_readelf("-lW", path))]
    return bool(segments) and all(offset % align == address % align for offset, address, align in segments)


def debian_packages(libraries: Iterable[str]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Name the installed Debian package of each library, and the libraries of which none is installed."""
    packages: dict[str, str] = {}
    unknown = []
    for library in sorted(libraries):
        found = subprocess.run(["dpkg-query", "-S", f"*/{library}"], capture_output=True, text=True, check=False)
        names = {line.split(":")[0] for line in found.stdout.splitlines() if ": /" in line}
        if found.returncode == 0 and names:
            packages[library] = min(names, key=lambda name: (name.endswith("-dev"), len(name)))
        else:
            unknown.append(library)
    return packages, tuple(unknown)


def _has_archive(path: Path) -> bool:
    """Whether PyInstaller has appended its archive (strip would cut it off)."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 4096))
        return b"MEI\014\013\012\013\016" in file.read()


def _readelf(option: str, path: Path) -> str:
    return subprocess.run(
        ["readelf", option, path], capture_output=True, text=True, errors="replace", check=False
    ).stdout
