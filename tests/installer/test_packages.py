"""Packages, on a stand-in for the bundle."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture
def parts(tmp_path: Path):
    import packages

    bundle = tmp_path / "bundle"
    (bundle / "_internal").mkdir(parents=True)
    shutil.copy(shutil.which("true"), bundle / "medae")
    (bundle / "_internal" / "data").write_text("data")
    (bundle / "_internal" / "link").symlink_to("data")
    out = tmp_path / "out"
    out.mkdir()
    return packages.Parts(bundle, Path(sys.executable), "1.2.3", tmp_path / "work", out)


def needed(*programs: str) -> None:
    for program in programs:
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")


def output(*command: object) -> str:
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, check=True).stdout


def test_the_debian_package_declares_what_it_needs_and_says_what_it_is(parts) -> None:
    import packages

    needed("dpkg-deb", "dpkg-query", "readelf")
    made = packages.deb(parts)
    assert made.name == "medae_1.2.3_amd64.deb"
    fields = output("dpkg-deb", "--field", made)
    assert "Version: 1.2.3" in fields
    assert "libc6 (>= 2." in fields
    for name in ("libxcb-cursor0", "libxcb-icccm4", "libxcb-image0", "libxcb-keysyms1", "libxcb-render-util0",
                 "libxkbcommon-x11-0", "libegl1", "libgl1"):  # fmt: skip
        assert name in fields
    listed = output("dpkg-deb", "--contents", made)
    for path in ("/opt/medae/medae", "/usr/bin/medae -> /opt/medae/medae", "/usr/share/applications/medae.desktop",
                 "/usr/share/mime/packages/medae.xml", "/usr/share/man/man1/medae.1.gz",
                 "/usr/share/icons/hicolor/scalable/apps/medae.svg", "/usr/share/doc/medae/copyright"):  # fmt: skip
        assert f".{path}\n" in listed
    assert "root/root" in listed.splitlines()[0]


def test_the_portable_folder_installs_and_removes_itself_for_one_user(parts, tmp_path: Path) -> None:
    import packages

    needed("tar", "zstd", "sh")
    made = packages.portable(parts)
    home = tmp_path / "Zuhause mit Ä & Leerzeichen"
    home.mkdir()
    output("tar", "-C", home, "-xf", made)
    folder = home / "medae-1.2.3"
    environment = {"HOME": str(home), "PATH": "/usr/bin:/bin"}
    subprocess.run([folder / "install.sh"], env=environment, check=True, capture_output=True)
    link = home / ".local" / "bin" / "medae"
    assert link.resolve() == home / ".local" / "opt" / "medae" / "medae"
    entry = (home / ".local/share/applications/medae.desktop").read_text("utf-8")
    assert f'Exec="{home}/.local/opt/medae/medae" open %F' in entry
    subprocess.run([home / ".local/opt/medae/uninstall.sh"], env=environment, check=True, capture_output=True)
    left = [path for path in (home / ".local").rglob("*") if "medae" in path.name.lower()]
    assert left == []


@pytest.mark.parametrize(
    ("glibcxx", "release"), [("3.4.30", "12"), ("3.4.22", "9"), ("3.4.29", "11"), ("3.4.33", "14")]
)
def test_gcc_of_a_library_version(glibcxx: str, release: str) -> None:
    import packages

    assert packages.gcc_of(glibcxx) == release
