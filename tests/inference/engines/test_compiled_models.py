"""Files of compiled models: keyed, checked, limited."""

import os
from pathlib import Path

import pytest

from medae.inference.engines import compiled_models
from medae.settings import cache_folder

GIVEN = ("ab" * 32, (1, 3, 16, 16), "float32", "2026.4", 2)


@pytest.mark.parametrize(
    ("index", "other"), [(0, "cd" * 32), (1, (1, 3, 16, 32)), (2, "bfloat16"), (3, "2026.5"), (4, 1)]
)
def test_the_place_depends_on_all_that_matters(index: int, other: object) -> None:
    changed = tuple(other if n == index else part for n, part in enumerate(GIVEN))
    assert compiled_models.place(*GIVEN) == compiled_models.place(*GIVEN)
    assert compiled_models.place(*changed) != compiled_models.place(*GIVEN)
    assert compiled_models.place(*GIVEN).is_relative_to(cache_folder())


def test_what_was_written_is_read() -> None:
    place = compiled_models.place(*GIVEN)
    assert compiled_models.read(place) is None
    compiled_models.write(place, b"model")
    assert compiled_models.read(place) == b"model"
    assert [file.name for file in place.parent.iterdir()] == [place.name]


@pytest.mark.parametrize("damage", [b"", b"short", b"x" * 40])
def test_what_is_damaged_is_forgotten(damage: bytes) -> None:
    place = compiled_models.place(*GIVEN)
    compiled_models.write(place, b"model")
    place.write_bytes(damage)
    assert compiled_models.read(place) is None
    assert not place.exists()


def test_the_longest_unused_goes_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(compiled_models, "MOST_KEPT", 2)
    for age, name in enumerate(("new", "middle", "old")):
        compiled_models.write(tmp_path / f"{name}.blob", b"x")
        os.utime(tmp_path / f"{name}.blob", (1000 - age, 1000 - age))
    compiled_models.read(tmp_path / "old.blob")
    compiled_models.write(tmp_path / "latest.blob", b"x")
    assert {file.stem for file in tmp_path.iterdir()} == {"old", "latest"}


def test_a_folder_that_cannot_be_written_is_no_failure(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    compiled_models.write(tmp_path / "file" / "x.blob", b"x")
    assert compiled_models.read(tmp_path / "file" / "x.blob") is None
