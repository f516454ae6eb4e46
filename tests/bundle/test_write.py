"""Bundles are written whole or not at all."""

import json
from pathlib import Path

import pytest

from medae import bundle
from medae.bundle.write import write_json
from medae.errors import ModelError
from tests.bundle.conftest import DEFINITION, metadata


def test_writing_fails_whole(info: bundle.BundleInfo, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", broken)
    with pytest.raises(OSError, match="No space"):
        bundle.write(info.folder, {}, DEFINITION, {"medae": {}}, "")
    assert [path.name for path in info.folder.parent.iterdir()] == ["test-model"]
    bundle.verify(info)


def test_numbers_lie_on_one_line_and_all_is_read_as_it_was(tmp_path: Path) -> None:
    content = {"edges": [0.5, -1e-05, 3], "table": [[1, 2], [3.25, 4]], "names": ["[ 1,  2 ]", "a,\n b"], "none": []}
    write_json(tmp_path / "some.json", content)
    text = (tmp_path / "some.json").read_text("utf-8")
    assert json.loads(text) == content
    assert '  "edges": [0.5, -1e-05, 3],\n' in text
    assert text.count("\n") == 12, "names stay one on a line"


def test_further_files_go_inside(info: bundle.BundleInfo) -> None:
    state = bundle.build_network(DEFINITION).state_dict()
    again = bundle.write(info.folder, state, DEFINITION, metadata(), "# New", {"docs/preview.png": b"pixels"})
    assert [path.read_bytes() for path in again.previews] == [b"pixels"]
    assert again.card.read_text("utf-8") == "# New"


@pytest.mark.parametrize("name", ["../outside.png", "/tmp/outside.png"])
def test_further_files_cannot_go_elsewhere(info: bundle.BundleInfo, name: str) -> None:
    with pytest.raises(ValueError, match="outside"):
        bundle.write(info.folder, {}, DEFINITION, metadata(), "", {name: b"x"})
    assert [path.name for path in info.folder.parent.iterdir()] == ["test-model"]


def test_a_derived_bundle_keeps_its_weights(info: bundle.BundleInfo) -> None:
    made = bundle.derive(
        info, "copy-2", title="Copy", settings={"extra": 1}, metrics={"scans": 3}, note="Made by the user."
    )
    assert (made.name, made.title, made.sha256) == ("copy-2", "Copy", info.sha256)
    assert made.settings["extra"] == 1
    assert made.metrics["scans"] == 3
    assert made.card.read_text("utf-8").startswith("> Made by the user.")
    bundle.verify(made)


def test_a_derived_bundle_needs_a_name_and_sound_weights(info: bundle.BundleInfo) -> None:
    how = {"title": "", "settings": {}, "metrics": {}, "note": ""}
    with pytest.raises(ModelError, match="no name for a model"):
        bundle.derive(info, "../elsewhere", **how)
    info.weights.write_bytes(b"broken")
    with pytest.raises(ModelError, match="install it again"):
        bundle.derive(info, "copy", **how)
