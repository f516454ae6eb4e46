"""Progress: parts of a whole, cancel passes through."""

import pytest

from medae.errors import Cancelled
from medae.progress import part, silent


def test_a_part_covers_its_share() -> None:
    seen: list[tuple[float, str]] = []
    inner = part(lambda fraction, message="", /: seen.append((fraction, message)), 0.2, 0.6)
    for fraction in (0.0, 0.5, 1.0, -3.0, 7.0):
        inner(fraction, "step")
    assert [fraction for fraction, _ in seen] == pytest.approx([0.2, 0.4, 0.6, 0.2, 0.6])
    assert seen[0][1] == "step"


def test_parts_nest() -> None:
    seen: list[float] = []
    inner = part(part(lambda fraction, message="", /: seen.append(fraction), 0.5, 1.0), 0.5, 1.0)
    inner(0.0)
    inner(1.0)
    assert seen == pytest.approx([0.75, 1.0])


def test_cancel_passes_through() -> None:
    def stop(fraction: float, message: str = "", /) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        part(stop, 0, 1)(0.5)


def test_silence() -> None:
    silent(0.5)
    silent(1.0, "message")
