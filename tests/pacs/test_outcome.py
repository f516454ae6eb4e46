"""Outcomes are compared by value, as the queue and the tests need."""

from pathlib import Path

from medae.pacs.outcome import Outcome


def test_an_outcome_is_data() -> None:
    assert Outcome(Path("a"), "sent") == Outcome(Path("a"), "sent", "")
    assert Outcome(Path("a"), "sent") != Outcome(Path("a"), "later")
