"""Weights of others: read as data or not at all."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from medae.bundle import checkpoint
from medae.bundle.checkpoint import read_state
from medae.errors import ModelError
from tests.bundle.payloads import PAYLOADS


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "models").mkdir()
    return tmp_path


WEIGHT = {"a.weight": torch.arange(3.0)}


@pytest.mark.parametrize(
    "content", [WEIGHT, {"state_dict": WEIGHT, "epoch": 1}, {"model": WEIGHT}, {"module.a.weight": torch.arange(3.0)}]
)
def test_checkpoints_of_all_habits_are_read(folder: Path, content: object) -> None:
    torch.save(content, folder / "models" / "model.pt")
    state = read_state(folder)
    assert list(state) == ["a.weight"]
    assert torch.equal(state["a.weight"], torch.arange(3.0))


def test_safetensors_come_first(folder: Path) -> None:
    torch.save({"other": torch.ones(1)}, folder / "models" / "model.pt")
    save_file(WEIGHT, folder / "models" / "model.safetensors")
    assert list(read_state(folder)) == ["a.weight"]
    (folder / "models" / "model.safetensors").write_bytes(b"nothing of the kind")
    with pytest.raises(ModelError, match="damaged"):
        read_state(folder)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_payloads_do_not_run_here_either(folder: Path, payload: Callable[[Path, Path], None]) -> None:
    payload(folder / "models" / "model.pt", folder / "ran")
    with pytest.raises(ModelError, match=r"cannot be read as plain weights|no dictionary|more than weights"):
        read_state(folder)
    assert not (folder / "ran").exists()


@pytest.mark.parametrize("name", ["model.ts", "model.pt"])
def test_torchscript_is_refused(folder: Path, name: str) -> None:
    with zipfile.ZipFile(folder / "models" / name, "w") as archive:
        archive.writestr("model/constants.pkl", b"\x80\x02).")
        archive.writestr("model/data.pkl", b"\x80\x02).")
    with pytest.raises(ModelError, match="TorchScript"):
        read_state(folder)


def test_no_weights_are_said(folder: Path) -> None:
    (folder / "models" / "model.onnx").write_bytes(b"")
    with pytest.raises(ModelError, match=r"no weights.*model\.onnx"):
        read_state(folder)
    with pytest.raises(ModelError, match="no weights"):
        read_state(folder / "models")


@pytest.mark.parametrize("content", [torch.ones(2), {}, {"epoch": 3}])
def test_what_is_no_dictionary_of_weights_is_refused(folder: Path, content: object) -> None:
    torch.save(content, folder / "models" / "model.pt")
    with pytest.raises(ModelError, match=r"no dictionary of weights|more than weights"):
        read_state(folder)


def test_tensors_that_grow_in_memory_are_refused(folder: Path) -> None:
    torch.save({"a": torch.ones(1).expand(1 << 31)}, folder / "models" / "model.pt")
    assert (folder / "models" / "model.pt").stat().st_size < 10_000
    with pytest.raises(ModelError, match="larger than any model"):
        read_state(folder)


def test_archives_that_grow_are_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.save(WEIGHT, folder / "models" / "model.pt")
    monkeypatch.setattr(checkpoint, "MOST_BYTES", 10)
    with pytest.raises(ModelError, match="of memory"):
        read_state(folder)
