"""The bundle as a Debian package, an RPM, a portable archive and a self-extracting file."""

import gzip
import hashlib
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

import desktop
import elf
from bundle import run, size

MAINTAINER = "The MedAE authors <medae@localhost.localdomain>"
"""A Debian package must name a mailbox; the project has none yet."""

QT_PACKAGES = (
    "libegl1", "libgl1", "libxcb-cursor0", "libxcb-icccm4", "libxcb-image0", "libxcb-keysyms1", "libxcb-render-util0",
    "libxkbcommon-x11-0", "libfontconfig1", "fonts-dejavu-core | fonts-liberation | fonts-noto-core",
)  # fmt: skip
"""Debian packages of the window, besides those found in the files; without a font it has no letters."""

RECOMMENDED = ("libwayland-client0", "libwayland-cursor0", "libwayland-egl1", "shared-mime-info", "xdg-utils")

RENAMED = {"libglib2.0-0": "libglib2.0-0t64"}
"""Packages that have another name since the change to 64-bit times (Debian 13, Ubuntu 24.04)."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What packages are made from.

    Attributes
    ----------
    bundle
        Folder that PyInstaller has made.
    python
        Of the build environment.
    version
        Of MedAE.
    work, out
        Folder for staging, and for the finished files.
    """

    bundle: Path
    python: Path
    version: str
    work: Path
    out: Path

    def stage(self, name: str) -> Path:
        """Give an empty folder."""
        folder = self.work / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder


def dependencies(needs: elf.Needs) -> list[str]:
    """Debian relations: the C and C++ libraries with the version needed, and the package of every other library."""
    packages, unknown = elf.debian_packages(needs.libraries)
    optional = {"libwayland", "libvulkan", "libdrm"}
    for library in unknown:
        if not any(library.startswith(start) for start in optional):
            print(f"No installed Debian package has {library}; it is not declared")
    names = set(packages.values()) - {"libc6", "libstdc++6", "libgcc-s1", "libwayland-client0", "libwayland-cursor0"}
    stated = {entry.split(" ")[0] for entry in QT_PACKAGES}
    found = [f"{name} | {RENAMED[name]}" if name in RENAMED else name for name in sorted(names - stated)]
    return [f"libc6 (>= {needs.glibc})", f"libstdc++6 (>= {gcc_of(needs.glibcxx)})", "libgcc-s1", *QT_PACKAGES, *found]


def gcc_of(glibcxx: str) -> str:
    """GCC release whose libstdc++ first had ``GLIBCXX_<glibcxx>`` (libstdc++ manual, ABI history)."""
    releases = {"3.4.26": "9", "3.4.28": "9.3", "3.4.29": "11", "3.4.30": "12", "3.4.31": "13", "3.4.32": "13.2"}
    numbers = tuple(int(part) for part in glibcxx.split("."))
    for known, release in releases.items():
        if numbers <= tuple(int(part) for part in known.split(".")):
            return release
    return "14"


def deb(parts: Parts) -> Path:
    """Make the Debian package: payload in /opt/medae, the rest where Debian wants it."""
    root = parts.stage("deb")
    _lay_out(parts, root)
    needs = elf.needs(parts.bundle)
    print(f"Needs glibc {needs.glibc}, GLIBCXX {needs.glibcxx}, {len(needs.libraries)} libraries of the system")
    doc = root / "usr" / "share" / "doc" / "medae"
    doc.mkdir(parents=True)
    desktop.write_template("copyright", doc / "copyright", year=str(datetime.now(UTC).year))
    (doc / "changelog.Debian.gz").write_bytes(gzip.compress(_changelog(parts.version).encode(), 9, mtime=0))
    control = root / "DEBIAN"
    control.mkdir()
    desktop.write_template(
        "control", control / "control", version=parts.version, maintainer=MAINTAINER,
        installed=str(size(root) // 1024), depends=", ".join(dependencies(needs)), recommends=", ".join(RECOMMENDED),
    )  # fmt: skip
    overrides = root / "usr" / "share" / "lintian" / "overrides" / "medae"
    desktop.write_template("lintian-overrides", overrides)
    sums = [
        f"{hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()}  {path.relative_to(root)}"
        for path in sorted(root.rglob("*"))
        if path.is_file() and not path.is_symlink() and control not in path.parents
    ]
    (control / "md5sums").write_text("\n".join(sums) + "\n")
    made = parts.out / f"medae_{parts.version}_amd64.deb"
    threads = f"--threads-max={os.cpu_count() or 1}"
    run("dpkg-deb", "--root-owner-group", "-Zxz", "-z6", threads, "--build", root, made)
    return made


def rpm(parts: Parts) -> Path:
    """Make the RPM from the same files."""
    root, top = parts.stage("rpm-root"), parts.stage("rpm")
    _lay_out(parts, root)
    spec = top / "medae.spec"
    needs = elf.needs(parts.bundle)
    desktop.write_template("rpm.spec", spec, version=parts.version, root=str(root), glibc=needs.glibc)
    run("rpmbuild", "-bb", "--define", f"_topdir {top}", "--define", f"_rpmdir {top}/out", spec)
    (found,) = (top / "out").rglob("*.rpm")
    return Path(shutil.move(found, parts.out / found.name))


def portable(parts: Parts) -> Path:
    """Make the archive that runs from wherever it is unpacked."""
    root = parts.stage("portable")
    folder = root / f"medae-{parts.version}"
    _portable_folder(parts, folder)
    made = parts.out / f"medae-{parts.version}-linux-x86_64.tar.zst"
    run("tar", "--owner=0", "--group=0", "-C", root, "-I", "zstd -T0 -15", "-cf", made, folder.name)
    return made


def self_extracting(parts: Parts) -> Path:
    """Make the file that installs for one user, without root, by makeself."""
    root = parts.stage("run")
    _portable_folder(parts, root / "medae")
    made = parts.out / f"medae-{parts.version}-linux-x86_64.run"
    run(
        "makeself",
        "--xz",
        "--complevel",
        "6",
        "--threads",
        "0",
        "--nox11",
        "--tar-quietly",
        root / "medae",
        made,
        f"MedAE {parts.version}",
        "./install.sh",
    )
    return made


TARGETS: dict[str, Callable[[Parts], Path]] = {
    "deb": deb,
    "portable": portable,
    "run": self_extracting,
    "rpm": rpm,
}
"""What ``build.py`` can make of the bundle on Linux."""


def _lay_out(parts: Parts, root: Path) -> None:
    """Put the bundle into ``opt/medae``, and a link to it and the desktop's files into ``usr``."""
    (root / "opt").mkdir()
    _copy(parts.bundle, root / "opt" / "medae")
    (root / "usr" / "bin").mkdir(parents=True)
    (root / "usr" / "bin" / "medae").symlink_to("/opt/medae/medae")
    desktop.write_share(root / "usr" / "share", parts.python, parts.version)


def _portable_folder(parts: Parts, folder: Path) -> None:
    _copy(parts.bundle, folder)
    desktop.write_share(folder / "share", parts.python, parts.version)
    for name in ("install.sh", "uninstall.sh"):
        desktop.write_template(name, folder / name, 0o755)


def _copy(source: Path, target: Path) -> None:
    """Copy by hard links, links kept, with the modes that packages have."""
    shutil.copytree(source, target, symlinks=True, copy_function=os.link)
    for path in (target, *target.rglob("*")):
        if path.is_symlink():
            continue
        runs = path.is_dir() or (path.stat().st_mode & 0o100 and ".so" not in path.name)
        path.chmod(0o755 if runs else 0o644)


def _changelog(version: str) -> str:
    now = format_datetime(datetime.now(UTC))
    return f"medae ({version}) unstable; urgency=low\n\n  * See CHANGELOG.md of MedAE.\n\n -- {MAINTAINER}  {now}\n"
