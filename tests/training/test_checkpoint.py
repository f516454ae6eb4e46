"""Checkpoints are whole or not there, and hold no code."""

import os
import pickle
from pathlib import Path

import pytest
import torch

from medae.errors import SettingsError
from medae.training import checkpoint


class _Payload:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.folder),)


def test_what_is_saved_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "run" / "checkpoint.pt"
    checkpoint.save(path, {"weights": torch.arange(3.0), "step": 7, "best": None})
    stored = checkpoint.load(path)
    assert torch.equal(stored["weights"], torch.arange(3.0))
    assert (stored["step"], stored["best"]) == (7, None)


def test_a_failed_write_keeps_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "checkpoint.pt"
    checkpoint.save(path, {"step": 1})

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        checkpoint.save(path, {"step": 2})
    assert checkpoint.load(path)["step"] == 1
    assert list(tmp_path.iterdir()) == [path]


def test_leftovers_of_a_killed_trainer_are_removed(tmp_path: Path) -> None:
    (tmp_path / ".checkpoint.pt-half").write_bytes(b"half")
    checkpoint.save(tmp_path / "checkpoint.pt", {})
    assert [file.name for file in tmp_path.iterdir()] == ["checkpoint.pt"]


def test_a_payload_is_refused_and_does_not_run(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.pt"
    torch.save({"format": checkpoint.FORMAT, "step": _Payload(tmp_path / "ran")}, path)
    with pytest.raises(SettingsError, match="damaged"):
        checkpoint.load(path)
    path.write_bytes(pickle.dumps(_Payload(tmp_path / "ran")))
    with pytest.raises(SettingsError, match="damaged"):
        checkpoint.load(path)
    assert not (tmp_path / "ran").exists()


def test_another_format_is_said(tmp_path: Path) -> None:
    torch.save({"format": checkpoint.FORMAT + 1}, tmp_path / "checkpoint.pt")
    with pytest.raises(SettingsError, match="another version"):
        checkpoint.load(tmp_path / "checkpoint.pt")
