"""A function in a process of its own: its answer, its error, its death."""

import os

import pytest

from medae.errors import ModelError, WorkerDied
from medae.gui.child_process import call_apart


def refuse(name: str) -> None:
    raise ModelError(f"{name} is refused")


def test_the_answer_comes_from_another_process() -> None:
    assert call_apart(os.getpid) != os.getpid()


def test_its_errors_are_raised_here() -> None:
    with pytest.raises(ModelError, match="model-x is refused"):
        call_apart(refuse, name="model-x")


def test_its_death_is_said() -> None:
    with pytest.raises(WorkerDied, match="ended unexpectedly"):
        call_apart(os._exit, 3)
