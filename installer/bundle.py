"""The bundle: one folder with MedAE, Python and every library, from a clean build environment."""

import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import contents
import elf

ROOT = Path(__file__).resolve().parents[1]
TOOLS = ("pyinstaller>=6.20,<7", "packaging")
"""In the build environment, beside MedAE; PyInstaller's licence has an exception for what it makes."""

REPORT_TOOLS = ("cyclonedx-bom>=7,<8", "pip-licenses>=5,<6")
"""In an environment of their own, so that they are not listed themselves."""

COPYLEFT = ("GNU General Public", "GPLv2", "GPLv3", "GPL-2.0", "GPL-3.0", "AGPL")
TOOLS_OF_THE_BUILD = frozenset(
    {"pyinstaller", "pyinstaller-hooks-contrib", "altgraph", "pip", "setuptools", "packaging"}
)


class BuildError(Exception):
    """A step that failed; one sentence on what to do."""


def run(*command: str | Path, **more: object) -> None:
    """Run a command, shown as it is, and fail if it fails.

    Raises
    ------
    BuildError
        If it ends with another code than 0.
    """
    print("+", " ".join(str(part) for part in command), flush=True)
    done = subprocess.run([str(part) for part in command], check=False, **more)  # type: ignore[call-overload]
    if done.returncode:
        raise BuildError(f"{Path(command[0]).name} ended with code {done.returncode}")


def python_of(environment: Path) -> Path:
    """Python of a virtual environment."""
    return environment / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def make_environment(folder: Path, *requirements: str, pip: Sequence[str] = ()) -> Path:
    """Make a virtual environment anew and give its Python."""
    shutil.rmtree(folder, ignore_errors=True)
    run(sys.executable, "-m", "venv", folder)
    python = python_of(folder)
    run(python, "-m", "pip", "install", "--quiet", "--no-compile", *pip, *requirements)
    return python


def check_torch(python: Path, *, gpu: bool) -> None:
    """See that torch is the variant that is wanted.

    Raises
    ------
    BuildError
        If it is the other one.
    """
    code = "import torch; print(torch.version.cuda or '')"
    cuda = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    if bool(cuda) != gpu:
        found = f"CUDA {cuda}" if cuda else "the CPU only"
        wanted = "a CUDA build" if gpu else "the CPU build (https://download.pytorch.org/whl/cpu)"
        raise BuildError(f"torch here is for {found}; name the package index of {wanted} with --torch-index")


def version_of(python: Path) -> str:
    """Version of the MedAE that is installed: pyproject.toml's."""
    code = "import medae; print(medae.__version__)"
    return subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def commit() -> str:
    """Abbreviated commit of the checkout, with a plus sign where files differ from it; empty without git."""
    found = subprocess.run(
        ["git", "describe", "--always", "--dirty=+", "--exclude=*"],
        capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip
    return found.stdout.strip()


def write_build_file(path: Path) -> None:
    """Write what `medae.build` reads."""
    build = f"{datetime.now(UTC):%Y-%m-%d} {sys.platform}-{platform.machine()}"
    path.write_text(json.dumps({"commit": commit(), "build": build}) + "\n", "utf-8")


def freeze(python: Path, work: Path) -> Path:
    """Run PyInstaller; give the folder it made."""
    build_file = work / "build.json"
    write_build_file(build_file)
    environment = {**os.environ, "MEDAE_BUILD_FILE": str(build_file), "PYTHONPATH": ""}
    run(
        python, "-m", "PyInstaller", "--noconfirm", "--log-level", "WARN", "--distpath", work / "dist",
        "--workpath", work / "pyinstaller", ROOT / "installer" / "medae.spec", env=environment, cwd=work,
    )  # fmt: skip
    return work / "dist" / "medae"


def write_licences(python: Path, tools: Path, folder: Path) -> None:
    """Collect the licence texts and a CycloneDX list of everything bundled into ``folder``.

    Raises
    ------
    BuildError
        If something bundled is under the GPL.
    """
    folder.mkdir(parents=True, exist_ok=True)
    scripts = python_of(tools).parent
    ignored = sorted(TOOLS_OF_THE_BUILD | contents.EXCLUDED_DISTRIBUTIONS)
    texts = folder / "LICENCES.json"
    run(
        scripts / "pip-licenses", f"--python={python}", "--format=json", "--with-license-file", "--with-notice-file",
        "--no-license-path", "--with-urls", "--ignore-packages", *ignored, f"--output-file={texts}",
    )  # fmt: skip
    packages = json.loads(texts.read_text("utf-8"))
    texts.unlink()
    check_licences(packages)
    with (folder / "LICENCES.txt").open("w", encoding="utf-8") as file:
        for one in packages:
            file.write(f"{'=' * 100}\n{one['Name']} {one['Version']}\nLicence: {one['License']}\n{one['URL']}\n\n")
            file.writelines(f"{text.strip()}\n\n" for text in _texts(one))
    shutil.copy(ROOT / "LICENSE", folder / "LICENSE")
    run(
        scripts / "cyclonedx-py", "environment", "--pyproject", ROOT / "pyproject.toml", "--output-format", "JSON",
        "--output-file", folder / "sbom.cdx.json", python,
    )  # fmt: skip


def write_system_licences(bundle: Path, folder: Path) -> None:
    """Copy the licences of Python, and of the libraries that come from the building system (Debian)."""
    text = Path(sysconfig.get_path("stdlib")) / "LICENSE.txt"
    if text.is_file():
        shutil.copy(text, folder / "Python-LICENSE.txt")
    names = {path.name for path in (bundle / "_internal").glob("*.so*") if not path.is_symlink()}
    packages, _ = elf.debian_packages(names) if shutil.which("dpkg-query") else ({}, ())
    for package in sorted(set(packages.values())):
        text = Path("/usr/share/doc", package, "copyright")
        if text.is_file():
            shutil.copy(text, folder / f"{package}-copyright.txt")


def _texts(package: dict[str, str]) -> list[str]:
    found = [package.get("LicenseText", ""), package.get("NoticeText", "")]
    return [text for text in found if text and text != "UNKNOWN"]


def check_licences(packages: list[dict[str, str]]) -> None:
    """Refuse what is under the GPL; a package that may also be had under another licence passes.

    Raises
    ------
    BuildError
        With the names.
    """
    bad = [
        f"{one['Name']} ({one['License']})"
        for one in packages
        if any(word in one["License"] for word in COPYLEFT)
        and not any(way in one["License"] for way in ("Lesser", "LGPL", " OR ", "exception"))
    ]
    if bad:
        raise BuildError(f"these must not be bundled, their licence is the GPL: {', '.join(bad)}")


def make(work: Path, *, torch_index: str = "", gpu: bool = False, keep: bool = False) -> tuple[Path, str]:
    """Make the bundle.

    Parameters
    ----------
    work
        Folder for environments and intermediate files.
    torch_index
        Package index that has the wanted variant of torch.
    gpu
        A CUDA build of torch is wanted.
    keep
        Take the bundle that an earlier call has made.

    Returns
    -------
    tuple
        Folder and version.
    """
    work.mkdir(parents=True, exist_ok=True)
    bundle = work / "dist" / "medae"
    python = python_of(work / "environment")
    if not (keep and bundle.is_dir()):
        pip = ("--extra-index-url", torch_index) if torch_index else ()
        python = make_environment(work / "environment", str(ROOT), *TOOLS, pip=pip)
        check_torch(python, gpu=gpu)
        bundle = freeze(python, work)
        make_environment(work / "report-tools", *REPORT_TOOLS)
        write_licences(python, work / "report-tools", bundle / "licences")
        write_system_licences(bundle, bundle / "licences")
        if sys.platform == "linux":
            print(f"Symbols taken off: {elf.strip(bundle) / 1e6:.0f} MB")
            print(f"Second copies made links: {link_copies(bundle) / 1e6:.0f} MB")
    return bundle, version_of(python)


def link_copies(folder: Path) -> int:
    """Make links of libraries that equal another of their folder (``a.so``, ``a.so.3``); give the bytes saved."""
    saved = 0
    for place in (folder, *(path for path in folder.rglob("*") if path.is_dir() and not path.is_symlink())):
        first: dict[tuple[int, str], Path] = {}
        for path in sorted(place.glob("*.so*"), key=lambda path: (len(path.name), path.name)):
            if path.is_symlink() or not path.is_file():
                continue
            with path.open("rb") as file:
                key = path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest()
            if (same := first.setdefault(key, path)) is not path:
                saved += key[0]
                path.unlink()
                path.symlink_to(same.name)
    return saved


def size(folder: Path) -> int:
    """Bytes of all files in a folder, links left out."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
