"""Outputs appear whole or not at all, and never over what is there."""

import errno
import io
import os
import socket
from pathlib import Path

import pydicom
import pytest

from medae.errors import ExportError, ReadError, SettingsError
from medae.exporters import export
from medae.exporters.exporter import STAGING_PREFIX, disk_error, staged
from medae.results import Result


def test_existing_file_is_refused_and_kept(in_memory: Result, tmp_path: Path) -> None:
    taken = tmp_path / "s_denoised.nii.gz"
    taken.write_text("mine")
    with pytest.raises(ExportError, match="exists already"):
        export(in_memory, tmp_path, ("nifti", "png"), name="s")
    assert [path.name for path in tmp_path.iterdir()] == [taken.name]
    assert taken.read_text() == "mine"


def test_overwrite_replaces(in_memory: Result, tmp_path: Path) -> None:
    first = export(in_memory, tmp_path, ("nifti",), name="s")
    first[0].write_text("old")
    assert export(in_memory, tmp_path, ("nifti",), name="s", overwrite=True) == first
    assert first[0].stat().st_size > 100


def test_overwriting_a_folder_never_removes_foreign_files(ct: Result, tmp_path: Path) -> None:
    out = tmp_path / "out"
    export(ct, out, name="s")
    export(ct, out, name="s", overwrite=True)
    (out / "s_denoised" / "notes.txt").write_text("mine")
    with pytest.raises(ExportError, match="other files"):
        export(ct, out, name="s", overwrite=True)
    assert (out / "s_denoised" / "notes.txt").read_text() == "mine"
    assert len(list((out / "s_denoised").iterdir())) == 7


def test_input_is_never_replaced_even_through_a_link(ct: Result, tmp_path: Path) -> None:
    folder = ct.original.source.paths[0].parent
    for number, path in enumerate(ct.original.source.paths, start=1):
        (folder / f"{number:04d}.dcm").symlink_to(path)
    before = {path: path.read_bytes() for path in ct.original.source.paths}
    with pytest.raises(ExportError, match="never replaced"):
        export(ct, folder, options={"flat": True}, overwrite=True)
    assert {path: path.read_bytes() for path in before} == before


def test_failure_of_the_second_exporter_leaves_nothing(ct: Result, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="One file name"):
        export(ct, tmp_path / "out", ("derived-series", "nifti"), options={"nifti": {"file_name": "a.nii.gz"}})
    assert not (tmp_path / "out").exists()


def test_failure_while_moving_puts_everything_back(
    in_memory: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export(in_memory, tmp_path, ("nifti",), name="s")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    rename = Path.rename

    def full(self: Path, target: Path) -> Path:
        if target == tmp_path / "s_heatmap.nii.gz" and ".replaced" not in self.parts:
            raise OSError(28, "No space left on device")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", full)
    with pytest.raises(ExportError, match="disk is full"):
        export(in_memory, tmp_path, ("nifti",), name="s", overwrite=True)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_read_only_and_blocked_folders_are_explained(in_memory: Result, tmp_path: Path) -> None:
    assert "read-only" in str(disk_error(tmp_path, OSError(30, "x")))
    (tmp_path / "file").write_text("")
    with pytest.raises(ExportError, match="is a file"):
        export(in_memory, tmp_path / "file" / "out", ("png",))


class FullDisk(io.BytesIO):
    """Takes headers, and no pixels."""

    def write(self, data: bytes, /) -> int:  # type: ignore[override]
        if len(data) > 1000:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(data)


def test_what_pydicom_wraps_around_a_full_disk_is_taken_off(ct: Result, tmp_path: Path) -> None:
    data = pydicom.dcmread(ct.original.source.paths[0])
    with pytest.raises(OSError, match="Traceback") as caught:
        pydicom.dcmwrite(FullDisk(), data)
    said = str(disk_error(tmp_path, caught.value))
    assert "disk is full; free some space" in said
    assert "Traceback" not in said


def test_full_disk_is_explained(in_memory: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: object, **options: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(ExportError, match="disk is full"):
        export(in_memory, tmp_path / "out", ("findings",))
    assert list(tmp_path.iterdir()) == []


def test_missing_source_file_is_named(ct: Result, tmp_path: Path) -> None:
    ct.original.source.paths[3].unlink()
    with pytest.raises(ReadError, match="gone"):
        export(ct, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(os.name != "posix", reason="swept on POSIX only")
def test_leftovers_of_a_killed_export_are_swept(tmp_path: Path) -> None:
    dead = tmp_path / f"{STAGING_PREFIX}{socket.gethostname()}-4194400-abcdef01"
    alive = tmp_path / f"{STAGING_PREFIX}{socket.gethostname()}-{os.getppid()}-abcdef01"
    for folder in (dead, alive):
        folder.mkdir()
    with staged(tmp_path, (), overwrite=False) as stage:
        (stage / "a.txt").write_text("a")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([alive.name, "a.txt"])


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden"])
def test_impossible_names_are_refused(name: str, in_memory: Result, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="name"):
        export(in_memory, tmp_path, ("png",), name=name)


def test_unknown_exporter_and_option_are_named(in_memory: Result, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="docx"):
        export(in_memory, tmp_path, ("docx",))
    with pytest.raises(SettingsError, match="flat"):
        export(in_memory, tmp_path, ("png",), options={"flat": True})
    with pytest.raises(SettingsError, match="height"):
        export(in_memory, tmp_path, ("png",), options={"png": {"height": 1}})
