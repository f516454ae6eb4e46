"""Configurations as data."""

from pathlib import Path

import pytest

from medae.bundle.config import plain, read_config
from medae.errors import ModelError


def test_references_to_values_are_followed() -> None:
    config = {"dims": 2, "sizes": [4, 8], "net": {"in": 1}, "again": "@dims"}
    definition = {
        "_target_": "X",
        "_desc_": "a comment",
        "dims": "@again",
        "last": "@sizes#1",
        "channels": ["@net::in", "@net#in"],
        "act": {"name": "relu", "on": None},
    }
    assert plain(definition, config, "here") == {
        "_target_": "X",
        "dims": 2,
        "last": 8,
        "channels": [1, 1],
        "act": {"name": "relu", "on": None},
    }


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("$__import__('os').system('true')", "never runs code"),
        (["$1 + 1"], "never runs code"),
        ("@expression", "never runs code"),
        ("%other.json::x", "another file"),
        ("@nothing", "not there"),
        ("@list#7", "not there"),
        ("@loop", "refers to itself"),
        ("@tree", "refers to itself or is too long"),
        ({"_target_": "os.system"}, "builds a os.system inside"),
    ],
)
def test_what_is_no_data_is_refused(value: object, reason: str) -> None:
    config = {"expression": "$2", "list": [1], "loop": "@loop", "tree": ["@branch"] * 30, "branch": ["@twig"] * 30}
    config["twig"] = [1] * 30
    with pytest.raises(ModelError, match=reason):
        plain({"_target_": "X", "value": value}, config, "network_def")


def test_parts_that_act_are_refused() -> None:
    with pytest.raises(ModelError, match="_requires_"):
        plain({"_target_": "X", "_requires_": "y"}, {}, "network_def")


def test_yaml_is_read_as_data_only(tmp_path: Path) -> None:
    pytest.importorskip("yaml")
    path = tmp_path / "inference.yaml"
    path.write_text("network_def:\n  _target_: AutoEncoder\n  channels: [4, 8]\n")
    assert read_config(path) == {"network_def": {"_target_": "AutoEncoder", "channels": [4, 8]}}
    path.write_text(f"a: !!python/object/apply:os.system ['touch {tmp_path / 'ran'}']\n")
    with pytest.raises(ModelError, match="not plain YAML"):
        read_config(path)
    assert not (tmp_path / "ran").exists()
    path.write_text("- 1\n")
    with pytest.raises(ModelError, match="holds no settings"):
        read_config(path)
    path.write_bytes(b"\xff\xfe\xfa")
    with pytest.raises(ModelError, match="not plain YAML"):
        read_config(path)


def test_huge_yaml_is_not_read(tmp_path: Path) -> None:
    pytest.importorskip("yaml")
    (tmp_path / "a.yaml").write_bytes(b"#" * (1 << 20) + b"\n")
    with pytest.raises(ModelError, match="too large"):
        read_config(tmp_path / "a.yaml")
