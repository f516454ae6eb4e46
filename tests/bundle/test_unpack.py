"""Folders and zips of strangers: nothing is written outside, nothing grows without end."""

import os
import stat
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from medae.bundle import unpack
from medae.errors import ModelError


def bundle_folder(path: Path) -> Path:
    (path / "configs").mkdir(parents=True)
    (path / "configs" / "metadata.json").write_text("{}")
    return path


def zipped(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize("top", ["", "inner/"])
def test_the_bundle_is_found_in_folder_and_zip(tmp_path: Path, top: str) -> None:
    bundle_folder(tmp_path / "outer" / top)
    with unpack.opened(tmp_path / "outer") as folder:
        assert folder == tmp_path / "outer" / top
    with unpack.opened(zipped(tmp_path / "a.b.zip", {f"{top}configs/metadata.json": b"{}"})) as folder:
        assert folder.name == (top.strip("/") or "a.b")
        kept = folder
    assert not kept.exists()


@pytest.mark.parametrize(
    "name", ["../evil.txt", "/tmp/evil.txt", "a/../../evil.txt", "..\\evil.txt", "C:\\evil.txt", "C:/evil.txt"]
)
def test_a_zip_cannot_write_outside(tmp_path: Path, name: str) -> None:
    path = zipped(tmp_path / "a.zip", {"configs/metadata.json": b"{}", name: b"evil"})
    with pytest.raises(ModelError, match="outside the bundle"), unpack.opened(path):
        pass
    assert not list(tmp_path.rglob("evil.txt"))


def test_links_in_a_zip_are_refused(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("configs/passwords")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("configs/metadata.json", "{}")
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(ModelError, match="link or device"), unpack.opened(tmp_path / "a.zip"):
        pass


def test_links_and_pipes_in_a_folder_are_refused(tmp_path: Path) -> None:
    folder = bundle_folder(tmp_path / "a")
    (folder / "docs").symlink_to("/etc")
    with pytest.raises(ModelError, match="link to somewhere else"), unpack.opened(folder):
        pass
    (folder / "docs").unlink()
    os.mkfifo(folder / "pipe")
    with pytest.raises(ModelError, match="not a regular file"), unpack.opened(folder):
        pass


def test_bombs_are_refused_before_they_are_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = zipped(tmp_path / "a.zip", {"configs/metadata.json": b"{}", "big.bin": bytes(3_000_000)})
    assert path.stat().st_size < 10_000
    monkeypatch.setattr(unpack, "MOST_BYTES", 1_000_000)
    with pytest.raises(ModelError, match="would take more"), unpack.opened(path):
        pass
    folder = bundle_folder(tmp_path / "folder")
    (folder / "big.bin").write_bytes(bytes(1_000_001))
    with pytest.raises(ModelError, match="would take more"), unpack.opened(folder):
        pass


def test_a_member_larger_than_announced_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"configs/metadata.json": b"{}", "big.bin": bytes(3_000_000)})
    content = path.read_bytes().replace((3_000_000).to_bytes(4, "little"), (30).to_bytes(4, "little"))
    path.write_bytes(content)
    with pytest.raises(ModelError, match="damaged"), unpack.opened(path):
        pass


def test_too_many_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpack, "MOST_FILES", 3)
    path = zipped(tmp_path / "a.zip", {f"configs/{n}": b"" for n in range(5)})
    with pytest.raises(ModelError, match="more than 3 files"), unpack.opened(path):
        pass


def test_no_room_on_the_disk_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpack.shutil, "disk_usage", lambda _: SimpleNamespace(free=0))
    path = zipped(tmp_path / "a.zip", {"configs/metadata.json": b"{}"})
    with pytest.raises(ModelError, match="not enough room"), unpack.opened(path):
        pass


def test_what_is_no_bundle_says_why(tmp_path: Path) -> None:
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "model.pt").write_bytes(b"")
    (tmp_path / "cut.zip").write_bytes(b"PK\x03\x04")
    (tmp_path / "scan.nii").write_bytes(b"")
    (tmp_path / "empty").mkdir()
    bundle_folder(tmp_path / "two" / "a")
    bundle_folder(tmp_path / "two" / "b")
    for name, reason in {
        "weights": "it has weights, but no configs/metadata.json",
        "cut.zip": "not a whole zip",
        "scan.nii": "neither a bundle's folder nor a zip",
        "empty": "is not a MONAI bundle",
        "nothing": "nothing of that name",
        "two": "several bundles",
    }.items():
        with pytest.raises(ModelError, match=reason), unpack.opened(tmp_path / name):
            pass
