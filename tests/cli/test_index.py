"""``medae index`` shows and clears the index of headers."""

from collections.abc import Callable
from pathlib import Path

from medae.readers.index import index_path, index_size


def test_the_index_is_told_and_cleared(medae: Callable, tree: Path) -> None:
    assert medae("index").stdout == f"0.0 MB in {index_path()}\n"
    medae("info", tree)
    assert index_size() > 0
    result = medae("index", "--clear")
    assert result.exit_code == 0
    assert "MB freed" in result.stdout
    assert index_size() == 0
