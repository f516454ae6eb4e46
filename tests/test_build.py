import json
from pathlib import Path

import pytest

import medae
from medae.build import Build, this_build


def test_a_checkout_says_that_it_is_one(tmp_path: Path) -> None:
    assert str(this_build(tmp_path / "absent.json")) == f"{medae.__version__} (from source)"


def test_a_build_tells_commit_and_build(tmp_path: Path) -> None:
    file = tmp_path / "build.json"
    file.write_text(json.dumps({"commit": "abc1234", "build": "2026-11-25 linux-x86_64"}))
    found = this_build(file)
    assert found == Build(medae.__version__, "abc1234", "2026-11-25 linux-x86_64")
    assert str(found) == f"{medae.__version__} (commit abc1234, build 2026-11-25 linux-x86_64)"


@pytest.mark.parametrize("content", ["", "{", "[]", '{"commit": "a"}'])
def test_a_damaged_build_file_counts_as_none(tmp_path: Path, content: str) -> None:
    file = tmp_path / "build.json"
    file.write_text(content)
    assert this_build(file) == Build(medae.__version__)
