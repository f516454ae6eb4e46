"""Metadata: read, or refused with the reason."""

import json
from collections.abc import Callable

import pytest

from medae import bundle
from medae.bundle.info import MOST_JSON, printable, read_json
from medae.errors import ModelError

Change = Callable[[dict], object]


def test_everything_the_manager_shows_is_read(info: bundle.BundleInfo) -> None:
    (info.folder / "docs" / "b.png").write_bytes(b"b")
    (info.folder / "docs" / "a.png").write_bytes(b"a")
    assert info.metrics == {"psnr": {"noisy": 20.1, "denoised": 25.2}}
    assert info.parameters == 1234
    assert info.size == info.weights.stat().st_size > 0
    assert info.card.read_text("utf-8") == "# Card"
    assert [path.name for path in info.previews] == ["a.png", "b.png"]
    assert info.created[:2] == "20"
    assert info.recipe == {}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda m: m.pop("medae"), "medae models import"),
        (lambda m: m.pop("version"), "lacks 'version'"),
        (lambda m: m["medae"].pop("sha256"), "lacks 'sha256'"),
        (lambda m: m["medae"].update(modalities="CT"), "modalities is not a list"),
        (lambda m: m["medae"].update(settings=[1]), "settings is not an object"),
        (lambda m: m.update(metrics="good"), "metrics is not an object"),
    ],
)
def test_damaged_metadata_says_what_is_wrong(info: bundle.BundleInfo, change: Change, reason: str) -> None:
    path = info.folder / "configs" / "metadata.json"
    content = json.loads(path.read_text("utf-8"))
    change(content)
    path.write_text(json.dumps(content), "utf-8")
    with pytest.raises(ModelError, match=reason):
        bundle.read_info(info.folder)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "not valid JSON"),
        ("[1]", "not a JSON object"),
        ("[" * 200_000, "not valid JSON"),
        ("\ud800", "not valid JSON"),
    ],
    ids=["cut", "list", "deep", "bytes"],
)
def test_no_json_is_explained(info: bundle.BundleInfo, text: str, reason: str) -> None:
    path = info.folder / "configs" / "metadata.json"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(ModelError, match=reason):
        read_json(path)


def test_a_huge_configuration_is_not_read(info: bundle.BundleInfo) -> None:
    path = info.folder / "configs" / "metadata.json"
    with path.open("wb") as file:
        file.truncate(MOST_JSON + 1)
    with pytest.raises(ModelError, match="too large"):
        read_json(path)


def test_texts_cannot_act_on_the_terminal(info: bundle.BundleInfo) -> None:
    path = info.folder / "configs" / "metadata.json"
    path.write_text(path.read_text().replace("Test model", "Test\\u001b[2J model"))
    assert bundle.read_info(info.folder).title == "Test[2J model"
    assert printable("a\x1b\n\tb\u202e") == "a\n\tb"


def test_a_model_that_was_just_removed_has_no_size(tiny_bundle) -> None:
    info = tiny_bundle()
    info.weights.unlink()
    assert info.size == 0
