"""Call one function in a process of its own: what it imports, and what a stranger's file does to it, stays there."""

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import ParamSpec, TypeVar

from medae.errors import WorkerDied

P = ParamSpec("P")
R = TypeVar("R")


def call_apart(function: Callable[P, R], /, *arguments: P.args, **options: P.kwargs) -> R:
    """Call ``function`` in a new process and wait; to be called in a thread.

    Raises
    ------
    WorkerDied
        If the process ended before it answered.
    Exception
        What the function raised.
    """
    try:
        with ProcessPoolExecutor(1, get_context("spawn")) as pool:
            return pool.submit(function, *arguments, **options).result()
    except BrokenProcessPool as error:
        raise WorkerDied(
            "the process that did this ended unexpectedly (out of memory?); nothing was changed"
        ) from error
