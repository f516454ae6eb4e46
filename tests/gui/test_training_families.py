"""The families as the window knows them."""

import pytest

from medae.gui.training_families import cache_path, cached, from_answer, keep
from tests.gui.training_samples import FAMILIES


def test_kept_for_the_next_start() -> None:
    assert cached() == ()
    families = from_answer(FAMILIES)
    assert families[0].tasks == ("denoise", "anomaly")
    keep(families)
    assert cached() == families
    assert [path.name for path in cache_path().parent.iterdir()] == ["families.json"]


@pytest.mark.parametrize("text", ["", "{}}", "[1]", '[{"key": "x"}]', "null"])
def test_a_damaged_cache_counts_as_none(text: str) -> None:
    cache_path().parent.mkdir(parents=True)
    cache_path().write_text(text, "utf-8")
    assert cached() == ()


def test_another_answer_is_refused() -> None:
    with pytest.raises(ValueError, match="no list of families"):
        from_answer(None)
