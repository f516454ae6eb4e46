"""Payloads are seen without being run; plain weights are not suspected."""

import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from medae.bundle.pickles import UNNAMED, is_torchscript, unsafe_names
from tests.bundle.payloads import PAYLOADS, Touch, raw_pickle


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_payload_is_named_and_not_run(payload: Callable[[Path, Path], None], tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    payload(tmp_path / "model.pt", marker)
    assert "posix.system" in unsafe_names(tmp_path / "model.pt")
    assert not marker.exists()


def test_the_payloads_are_real(tmp_path: Path) -> None:
    """Without this, the tests above could pass with payloads that do nothing."""
    marker = tmp_path / "ran"
    raw_pickle(tmp_path / "model.pt", marker)
    pickle.loads((tmp_path / "model.pt").read_bytes())
    assert marker.exists()


@pytest.mark.parametrize("name", ["data.bin", "notes.txt", "readme"])
def test_names_of_files_hide_nothing(tmp_path: Path, name: str) -> None:
    raw_pickle(tmp_path / name, tmp_path / "ran")
    assert unsafe_names(tmp_path / name) == ("posix.system",)


def test_a_payload_in_an_inner_archive_member_is_seen(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "model.pt", "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(OrderedDict(), protocol=2))
        archive.writestr("archive/other", pickle.dumps(Touch(tmp_path / "ran"), protocol=4))
    assert unsafe_names(tmp_path / "model.pt") == ("posix.system",)


def test_a_zip_behind_a_pickle_does_not_hide_the_pickle(tmp_path: Path) -> None:
    raw_pickle(tmp_path / "model.pt", tmp_path / "ran")
    with zipfile.ZipFile(tmp_path / "model.pt", "a") as archive:
        archive.writestr("harmless.txt", "hello")
    assert unsafe_names(tmp_path / "model.pt") == ("posix.system",)


def test_numpy_objects_are_pickles(tmp_path: Path) -> None:
    for name, save in (("a.npy", np.save), ("b.npz", np.savez)):
        save(tmp_path / name, np.array([Touch(tmp_path / "ran")], dtype=object), allow_pickle=True)
        assert "posix.system" in unsafe_names(tmp_path / name)
    np.save(tmp_path / "c.npy", np.zeros(4))
    assert unsafe_names(tmp_path / "c.npy") == ()


def test_a_name_put_together_at_run_time_is_suspect(tmp_path: Path) -> None:
    (tmp_path / "a.pkl").write_bytes(b"\x80\x04NN\x93.")
    assert unsafe_names(tmp_path / "a.pkl") == (UNNAMED,)


@pytest.mark.parametrize("modern", [True, False])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.bool, torch.uint8])
def test_plain_weights_are_not_suspected(tmp_path: Path, modern: bool, dtype: torch.dtype) -> None:
    module = torch.nn.Sequential(torch.nn.Conv2d(1, 4, 3), torch.nn.BatchNorm2d(4))
    state = {**module.state_dict(), "more": torch.ones(3, dtype=dtype), "parameter": torch.nn.Parameter(torch.ones(2))}
    torch.save({"state_dict": OrderedDict(state), "epoch": 3}, tmp_path / "a.pt", _use_new_zipfile_serialization=modern)
    assert unsafe_names(tmp_path / "a.pt") == ()


def test_tensors_that_look_like_pickles_are_not_suspected(tmp_path: Path) -> None:
    looks = torch.frombuffer(bytearray(b"\x80\x04NN\x93." * 4), dtype=torch.uint8)
    torch.save({"weight": looks}, tmp_path / "a.pt")
    assert unsafe_names(tmp_path / "a.pt") == ()


def test_what_is_no_pickle_is_not_suspected(tmp_path: Path) -> None:
    save_file({"weight": torch.ones(3)}, tmp_path / "model.safetensors")
    (tmp_path / "README.md").write_text("# cos\nsystem\n")
    (tmp_path / "empty.pt").write_bytes(b"")
    (tmp_path / "cut.zip").write_bytes(b"PK\x03\x04")
    for path in tmp_path.iterdir():
        assert unsafe_names(path) == (), path


def test_torchscript_is_told_apart(tmp_path: Path) -> None:
    torch.save({"weight": torch.ones(2)}, tmp_path / "state.pt")
    with zipfile.ZipFile(tmp_path / "script.pt", "w") as archive:
        archive.writestr("model/constants.pkl", b"\x80\x02).")
        archive.writestr("model/data.pkl", b"\x80\x02c__torch__\nNet\n.")
    assert is_torchscript(tmp_path / "script.pt")
    assert not is_torchscript(tmp_path / "state.pt")
    assert unsafe_names(tmp_path / "script.pt") == ()
