"""ZIP archives: opened like folders, and nothing that they can do to the disk."""

import errno
import os
import stat
import time
import zipfile
from pathlib import Path

import pytest

from medae import readers
from medae.readers import archive
from medae.readers.archive import OUTSIDE, archives_folder, forget_old, is_archive, unpacked

from . import odd


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    return odd.series(tmp_path / "in", 4)


def pack(path: Path, files: list[Path], folder: str = "study/series/", method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as packed:
        for file in files:
            packed.write(file, folder + file.name)
    return path


def reasons(path: Path) -> dict[str, str]:
    return {item.path.relative_to(path).as_posix(): item.reason for item in readers.scan(path).skipped}


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_series_in_an_archive_opens(tmp_path: Path, files: list[Path], method: int) -> None:
    path = pack(tmp_path / "scan.zip", [*files], method=method)
    before = path.read_bytes()
    volume = readers.open_volume(path)
    assert volume.shape[0] == 4
    assert not volume.source.warnings
    assert all(file.is_relative_to(archives_folder()) for file in volume.source.paths)
    assert volume.source.paths[0].parent.name == "series"
    assert path.read_bytes() == before
    assert readers.open_volume(path).source.paths == volume.source.paths


def test_in_a_folder_beside_others(tmp_path: Path, files: list[Path]) -> None:
    (tmp_path / "both").mkdir()
    pack(tmp_path / "both" / "a.ZIP", files, "")
    odd.series(tmp_path / "both", 2, SeriesInstanceUID="1.2.9")
    found = readers.scan(tmp_path / "both")
    assert sorted(source.shape[0] for source in found.sources) == [2, 4]
    assert found.sources[1].paths[0].parent.name == "a" or found.sources[0].paths[0].parent.name == "a"


def test_what_was_unpacked_is_private_and_is_removed_when_old(tmp_path: Path, files: list[Path]) -> None:
    path = pack(tmp_path / "scan.zip", files)
    readers.scan(path)
    (own,) = archives_folder().iterdir()
    assert stat.S_IMODE(own.stat().st_mode) == 0o700 or os.name == "nt"
    forget_old()
    assert own.is_dir()
    old = time.time() - archive.KEPT_SECONDS - 9
    os.utime(own, (old, old))
    readers.scan(files[0])
    assert not own.exists()


def test_a_changed_archive_is_unpacked_anew(tmp_path: Path, files: list[Path]) -> None:
    path = pack(tmp_path / "scan.zip", files)
    assert readers.open_volume(path).shape[0] == 4
    pack(path, files[:2])
    assert readers.open_volume(path).shape[0] == 2


@pytest.mark.parametrize(
    "name", ["../evil.dcm", "a/../../evil.dcm", "/evil.dcm", "..\\evil.dcm", "C:\\evil.dcm", "C:evil"]
)
def test_names_that_lead_out_are_not_unpacked(tmp_path: Path, files: list[Path], name: str) -> None:
    path = pack(tmp_path / "scan.zip", files)
    with zipfile.ZipFile(path, "a") as packed:
        packed.writestr(zipfile.ZipInfo(name), files[0].read_bytes())
    assert [item.reason for item in readers.scan(path).skipped] == [OUTSIDE]
    assert readers.open_volume(path).shape[0] == 4
    assert not list(tmp_path.rglob("evil*"))
    assert not list(archives_folder().rglob("*evil*"))


def test_links_are_not_followed(tmp_path: Path, files: list[Path]) -> None:
    path = pack(tmp_path / "scan.zip", files)
    link = zipfile.ZipInfo("passwords")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "a") as packed:
        packed.writestr(link, "/etc/passwd")
    assert "not followed" in reasons(path)["passwords"]


def test_a_bomb_is_refused_before_anything_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "ALWAYS_BYTES", 20_000_000)
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
        for number in range(10):
            packed.writestr(f"{number}.dcm", bytes(5_000_000))
    assert path.stat().st_size < 200_000
    started = time.monotonic()
    assert "would expand to 0.1 GB" in readers.scan(path).skipped[0].reason
    assert time.monotonic() - started < 2
    assert not list(archives_folder().glob("*/*"))


def test_too_many_files_and_too_little_room(tmp_path: Path, files: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    path = pack(tmp_path / "scan.zip", files)
    monkeypatch.setattr(archive, "MOST_FILES", 3)
    assert "4 files" in readers.scan(path).skipped[0].reason
    monkeypatch.undo()
    monkeypatch.setattr(archive, "RESERVE_BYTES", 1 << 62)
    assert "not enough room" in readers.scan(path).skipped[0].reason


def test_a_disk_that_becomes_full_leaves_no_half_file(
    tmp_path: Path, files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = pack(tmp_path / "scan.zip", files)

    def full(source: object, target: object, length: int) -> None:
        target.write(b"half")  # type: ignore[attr-defined]
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(archive.shutil, "copyfileobj", full)
    found = readers.scan(path)
    assert not found.sources
    assert {item.reason for item in found.skipped} == {"the disk became full while it was unpacked; free some room"}
    assert not [file for file in archives_folder().rglob("*") if file.is_file()]


def test_a_declared_size_that_is_wrong_is_damage(tmp_path: Path, files: list[Path]) -> None:
    path = pack(tmp_path / "scan.zip", files, method=zipfile.ZIP_STORED)
    content = bytearray(path.read_bytes())
    place = content.index(b"\xff\x7f") if b"\xff\x7f" in content else len(content) // 2
    content[place] ^= 0xFF
    path.write_bytes(content)
    found = readers.scan(path)
    assert sum(len(source.paths) for source in found.sources) + len(found.skipped) == 4


@pytest.mark.parametrize("kept", [0, 3, 30, 200, -5])
def test_cut_off_archives_are_one_sentence(tmp_path: Path, files: list[Path], kept: int) -> None:
    path = pack(tmp_path / "scan.zip", files)
    path.write_bytes(path.read_bytes()[:kept])
    found = readers.scan(path)
    assert not found.sources
    assert len(found.skipped) == 1
    assert found.skipped[0].path == path


def test_encrypted_files_are_named(tmp_path: Path, files: list[Path]) -> None:
    path = pack(tmp_path / "scan.zip", files[:1])
    content = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        content[content.index(mark) + offset] |= 1
    path.write_bytes(content)
    assert "encrypted" in reasons(path)[f"study/series/{files[0].name}"]


def test_names_that_collide_or_that_no_disk_takes(tmp_path: Path, files: list[Path]) -> None:
    path = tmp_path / "scan.zip"
    names = ["a.dcm", "A.dcm", 'b"?*.dcm', "長" * 90 + ".dcm"]
    with zipfile.ZipFile(path, "w") as packed:
        for name, file in zip(names, files, strict=True):
            packed.writestr(name, file.read_bytes())
        packed.writestr("__MACOSX/._a.dcm", b"x")
        packed.writestr("DICOMDIR", b"x")
        packed.writestr(".DS_Store", b"x")
    assert readers.open_volume(path).shape[0] == 4
    assert not readers.scan(path).skipped


def test_an_archive_in_an_archive_and_documents_stay_closed(tmp_path: Path, files: list[Path]) -> None:
    inner = pack(tmp_path / "inner.zip", files)
    outer = pack(tmp_path / "outer.zip", [inner], "")
    assert list(reasons_by_name(outer).values()) == ["not an image format that MedAE reads"]
    document = pack(tmp_path / "report.docx", files)
    assert not is_archive(document, document.read_bytes()[:512])
    assert not readers.scan(document).sources


def reasons_by_name(path: Path) -> dict[str, str]:
    return {item.path.name: item.reason for item in readers.scan(path).skipped}


def test_the_same_names_again_are_not_written_again(tmp_path: Path, files: list[Path]) -> None:
    path = pack(tmp_path / "scan.zip", files)
    first = [item for item in unpacked(path) if isinstance(item, Path)]
    times = [file.stat().st_mtime_ns for file in first]
    assert [item for item in unpacked(path) if isinstance(item, Path)] == first
    assert [file.stat().st_mtime_ns for file in first] == times
