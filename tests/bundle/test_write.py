"""Bundles are written whole or not at all."""

from pathlib import Path

import pytest

from medae import bundle
from tests.bundle.conftest import DEFINITION, metadata


def test_writing_fails_whole(info: bundle.BundleInfo, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", broken)
    with pytest.raises(OSError, match="No space"):
        bundle.write(info.folder, {}, DEFINITION, {"medae": {}}, "")
    assert [path.name for path in info.folder.parent.iterdir()] == ["test-model"]
    bundle.verify(info)


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
