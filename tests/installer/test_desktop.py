"""Menu entry, icons, file types, description."""

import configparser
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from PySide6.QtGui import QImage

MIME = "{http://www.freedesktop.org/standards/shared-mime-info}"


@pytest.fixture(scope="module")
def share(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import desktop

    folder = tmp_path_factory.mktemp("share")
    desktop.write_share(folder, Path(sys.executable), "1.2.3")
    return folder


def checked(*command: object) -> str:
    """Output of a validator that must be satisfied; the test is skipped where it is not installed."""
    if shutil.which(str(command[0])) is None:
        pytest.skip(f"{command[0]} is not installed")
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_the_menu_entry_is_valid_and_takes_files(share: Path) -> None:
    path = share / "applications" / "medae.desktop"
    entry = configparser.ConfigParser(interpolation=None)
    entry.optionxform = str  # type: ignore[assignment]
    entry.read(path, "utf-8")
    assert entry["Desktop Entry"]["Exec"] == "medae open %F"
    assert checked("desktop-file-validate", path) == ""


def test_open_without_a_file_opens_the_window(medae, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = []
    monkeypatch.setattr("medae.cli.window.open_window", lambda paths, **_: opened.append(tuple(paths)))
    assert medae("open").exit_code == 0  # what the menu runs: %F is empty
    assert opened == [()]


def test_the_description_is_valid(share: Path) -> None:
    path = share / "metainfo" / "org.medae.medae.metainfo.xml"
    (release,) = ElementTree.parse(path).getroot().iter("release")
    assert release.get("version") == "1.2.3"
    checked("appstreamcli", "validate", "--no-net", path)


def test_compressed_nifti_goes_before_gzip(share: Path) -> None:
    types = {one.get("type"): one for one in ElementTree.parse(share / "mime/packages/medae.xml").getroot()}
    globs = {
        glob.get("pattern"): int(glob.get("weight", 50)) for glob in types["application/x-nifti"].iter(f"{MIME}glob")
    }
    assert globs.keys() == {"*.nii", "*.nii.gz"}
    assert min(globs.values()) > 50
    listed = configparser.ConfigParser(interpolation=None)
    listed.read(share / "applications" / "medae.desktop", "utf-8")
    assert set(types) <= set(listed["Desktop Entry"]["MimeType"].split(";"))


def test_the_mime_database_takes_it(share: Path, tmp_path: Path) -> None:
    shutil.copytree(share / "mime", tmp_path / "mime")
    checked("update-mime-database", tmp_path / "mime")
    globs = (tmp_path / "mime" / "globs2").read_text()
    assert "60:application/x-nifti:*.nii.gz" in globs
    assert (tmp_path / "mime" / "application" / "x-nifti.xml").is_file()


def test_icons_have_the_sizes_of_their_folders(share: Path) -> None:
    found = sorted((share / "icons" / "hicolor").rglob("medae.png"))
    assert len(found) == 4
    for path in found:
        size = path.parents[1].name
        image = QImage(str(path))
        assert f"{image.width()}x{image.height()}" == size
        assert image.pixelColor(image.width() // 2, image.height() // 2).alpha() == 255
    assert (share / "icons/hicolor/scalable/apps/medae.svg").is_file()


def test_the_man_page_lies_where_man_looks(share: Path) -> None:
    assert (share / "man" / "man1" / "medae.1.gz").stat().st_size > 1000
