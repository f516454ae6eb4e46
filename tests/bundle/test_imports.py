"""Bundles of strangers come in as data, or not at all."""

import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from medae import bundle
from medae.bundle import imports
from medae.errors import Cancelled, ModelError
from tests.bundle.conftest import DEFINITION
from tests.bundle.foreign_bundles import METADATA, NETWORK, state, zoo_bundle
from tests.bundle.payloads import PAYLOADS, old_format, raw_pickle, zip_format


@pytest.fixture
def sent(info: bundle.BundleInfo, tmp_path: Path) -> Path:
    """A bundle of MedAE's that somebody sent: not in the library."""
    folder = tmp_path / "Sent Model"
    shutil.move(info.folder, folder)
    return folder


def library() -> list[str]:
    root = bundle.user_models_folder()
    return sorted(path.name for path in root.iterdir()) if root.is_dir() else []


def as_zip(folder: Path) -> Path:
    with zipfile.ZipFile(folder.with_suffix(".zip"), "w") as archive:
        for path in folder.rglob("*"):
            archive.write(path, path.relative_to(folder.parent))
    return folder.with_suffix(".zip")


@pytest.mark.parametrize("zipped", [False, True])
def test_a_bundle_of_medae_comes_in_unchanged(sent: Path, zipped: bool) -> None:
    weights = (sent / "models" / "model.safetensors").read_bytes()
    done = bundle.import_bundle(as_zip(sent) if zipped else sent)
    assert done.info.name == "sent-model"
    assert done.left_out == ()
    assert done.info.weights.read_bytes() == weights
    assert done.info.card.read_text("utf-8") == "# Card"
    assert done.info.origin == ("Sent Model.zip" if zipped else "Sent Model")
    assert bundle.load_network(bundle.find("sent-model"))(torch.rand(1, 1, 16, 16)).shape == (1, 1, 16, 16)
    assert library() == ["sent-model"]


def test_only_data_is_taken_over(sent: Path) -> None:
    (sent / "scripts").mkdir()
    (sent / "scripts" / "setup.py").write_text("raise SystemExit")
    (sent / "configs" / "train.json").write_text('{"run": "$import os"}')
    (sent / "docs" / "tool.exe").write_bytes(b"MZ\0")
    (sent / "docs" / "fake.png").write_bytes(b"MZ\0")
    (sent / "docs" / "preview.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (sent / "LICENSE").write_text("Apache")
    inference = sent / "configs" / "inference.json"
    inference.write_text(json.dumps({**json.loads(inference.read_text()), "run": "$__import__('os').system('true')"}))
    done = bundle.import_bundle(sent)
    assert set(done.left_out) == {"scripts/setup.py", "configs/train.json", "docs/tool.exe", "docs/fake.png"}
    assert sorted(path.relative_to(done.info.folder).as_posix() for path in done.info.folder.rglob("*.*")) == [
        "configs/inference.json",
        "configs/metadata.json",
        "docs/README.md",
        "docs/preview.png",
        "models/model.safetensors",
    ]
    assert (done.info.folder / "LICENSE").is_file()
    assert json.loads((done.info.folder / "configs" / "inference.json").read_text()) == {
        "imports": [],
        "network_def": DEFINITION,
    }


def test_a_wrong_hash_is_refused(sent: Path) -> None:
    weights = sent / "models" / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    with pytest.raises(ModelError, match="do not match their SHA-256"):
        bundle.import_bundle(sent)
    assert library() == []


@pytest.mark.parametrize(
    ("place", "payload"),
    [
        *((place, payload) for place in ("models/model.pt", "models/best.ckpt", "s/cache.pkl") for payload in PAYLOADS),
        ("docs/notes", raw_pickle),
        ("docs/README.md", old_format),
        ("models/model.safetensors", zip_format),
    ],
)
def test_a_hidden_payload_is_refused_and_not_run(
    sent: Path, tmp_path: Path, place: str, payload: Callable[[Path, Path], None]
) -> None:
    (sent / place).parent.mkdir(exist_ok=True)
    payload(sent / place, tmp_path / "ran")
    with pytest.raises(ModelError, match=rf"refused: {place} .*posix\.system.*[Nn]othing of it was run"):
        bundle.import_bundle(as_zip(sent))
    with pytest.raises(ModelError, match="refused"):
        bundle.import_bundle(sent)
    assert not (tmp_path / "ran").exists()
    assert library() == []


@pytest.mark.parametrize("payload", PAYLOADS)
def test_weights_with_a_payload_are_refused_and_not_run(tmp_path: Path, payload: Callable[[Path, Path], None]) -> None:
    folder = zoo_bundle(tmp_path / "zoo")
    payload(folder / "models" / "model.pt", tmp_path / "ran")
    with pytest.raises(ModelError, match="would run code"):
        bundle.import_bundle(folder)
    assert not (tmp_path / "ran").exists()
    assert library() == []


def test_a_bundle_of_the_zoo_becomes_a_model(tmp_path: Path) -> None:
    done = bundle.import_bundle(as_zip(zoo_bundle(tmp_path / "zoo_denoiser")))
    info = done.info
    assert (info.name, info.task, info.family, info.modalities) == ("zoo_denoiser", "denoise", "convolutional", ("MR",))
    assert (info.version, info.licence, info.metrics) == ("0.3.1", "Apache-2.0", {"psnr": 31.5})
    assert info.created == ""
    assert info.sha256 == bundle.file_sha256(info.weights)
    assert info.parameters == sum(tensor.numel() for tensor in state().values())
    assert "models/model.pt" in done.left_out
    assert "scripts/evil.py" in done.left_out
    assert "Imported into MedAE" in info.card.read_text("utf-8")
    assert "Research use only" in info.card.read_text("utf-8")
    assert all(torch.equal(value, state()[key.removeprefix("net.")]) for key, value in load_file(info.weights).items())
    bundle.verify(info)
    assert bundle.load_network(info)(torch.rand(1, 1, 30, 31)).shape == (1, 1, 30, 31)


def test_what_the_metadata_do_not_say_can_be_said(tmp_path: Path) -> None:
    folder = zoo_bundle(tmp_path / "zoo", metadata={"version": "1"})
    (folder / "docs" / "README.md").unlink()
    info = bundle.import_bundle(folder, name="mine", task="reconstruct", modality="CT").info
    assert (info.name, info.task, info.modalities, info.title) == ("mine", "reconstruct", ("CT",), "mine")
    assert "without a model card" in info.card.read_text("utf-8")


@pytest.mark.parametrize(
    ("weights", "reason"),
    [
        ({**state(), "extra": torch.ones(1)}, "net.extra has no place"),
        (dict(list(state().items())[1:]), "is missing"),
        ({key: torch.ones(7) for key in state()}, r"is \(7,\) where"),
    ],
)
def test_weights_of_another_network_are_refused(tmp_path: Path, weights: object, reason: str) -> None:
    with pytest.raises(ModelError, match=reason):
        bundle.import_bundle(zoo_bundle(tmp_path / "zoo", weights=weights))
    assert library() == []


def test_a_network_of_absurd_size_takes_no_memory(tmp_path: Path) -> None:
    folder = zoo_bundle(tmp_path / "zoo", {**NETWORK, "channels": [1_000_000, 1_000_000]})
    with pytest.raises(ModelError, match="do not fit"):
        bundle.import_bundle(folder)


@pytest.mark.parametrize("name", ["none", "auto", "../up", "Big", "a/b", ".hidden", "", "x" * 65])
def test_names_that_cannot_be_are_refused(sent: Path, name: str) -> None:
    if name == "":
        assert bundle.import_bundle(sent, name=name).info.name == "sent-model"
        return
    with pytest.raises(ModelError, match="cannot be a model's name"):
        bundle.import_bundle(sent, name=name)


def test_names_that_are_taken_are_refused(sent: Path) -> None:
    shipped = next(info.name for info in bundle.bundles() if info.shipped)
    with pytest.raises(ModelError, match="came with MedAE and stays"):
        bundle.import_bundle(sent, name=shipped, overwrite=True)
    bundle.import_bundle(sent)
    with pytest.raises(ModelError, match=r"--name.*--overwrite"):
        bundle.import_bundle(sent)
    (sent / "docs" / "README.md").write_text("# Newer")
    assert bundle.import_bundle(sent, overwrite=True).info.card.read_text("utf-8") == "# Newer"
    assert library() == ["sent-model"]


def test_a_failed_import_leaves_the_older_model(sent: Path) -> None:
    bundle.import_bundle(sent)
    (sent / "models" / "model.safetensors").write_bytes(b"damaged")
    with pytest.raises(ModelError, match="SHA-256"):
        bundle.import_bundle(sent, overwrite=True)
    bundle.verify(bundle.find("sent-model"))
    assert library() == ["sent-model"]


def test_a_cancelled_import_leaves_nothing(sent: Path) -> None:
    def report(fraction: float, message: str = "", /) -> None:
        if fraction >= 0.5:
            raise Cancelled

    with pytest.raises(Cancelled):
        bundle.import_bundle(sent, report=report)
    assert library() == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [({"task": "cook"}, "task is 'cook'"), ({"family": "quantum"}, "family is 'quantum'")],
)
def test_bundles_of_a_later_medae_say_so(sent: Path, change: dict, reason: str) -> None:
    path = sent / "configs" / "metadata.json"
    content = json.loads(path.read_text())
    content["medae"].update(change)
    path.write_text(json.dumps(content))
    with pytest.raises(ModelError, match=f"{reason}.*update MedAE"):
        bundle.import_bundle(sent)


def test_what_is_not_whole_says_why(sent: Path) -> None:
    (sent / "models" / "model.safetensors").unlink()
    with pytest.raises(ModelError, match=r"model\.safetensors is missing"):
        bundle.import_bundle(sent)
    (sent / "configs" / "metadata.json").unlink()
    with pytest.raises(ModelError, match=r"no configs/metadata\.json"):
        bundle.import_bundle(sent)


def test_large_documents_are_left_out(sent: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "MOST_DOCUMENT", 3)
    assert bundle.import_bundle(sent).left_out == ("docs/README.md",)


def test_metadata_cannot_pretend_to_be_medaes(tmp_path: Path) -> None:
    """A zoo bundle with a 'medae' part is held to MedAE's rules, hash included."""
    folder = zoo_bundle(tmp_path / "zoo", metadata={**METADATA, "name": "x", "medae": {"task": "denoise"}})
    with pytest.raises(ModelError, match="lacks"):
        bundle.import_bundle(folder)
