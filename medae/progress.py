"""Progress and cancellation: one callable, one argument everywhere."""

from typing import Protocol

from medae.errors import Cancelled

__all__ = ["Cancelled", "Report", "part", "silent"]


class Report(Protocol):
    """Takes a fraction in [0, 1] and a message; may raise `Cancelled`."""

    def __call__(self, fraction: float, message: str = "", /) -> None:
        """Take note of the progress; raise `Cancelled` when the user wants to stop."""
        ...


def silent(fraction: float, message: str = "", /) -> None:
    """Ignore progress and never cancel."""


def part(report: Report, start: float, stop: float) -> Report:
    """Give a report for a sub-task that covers ``[start, stop]`` of the whole."""

    def inner(fraction: float, message: str = "", /) -> None:
        report(start + (stop - start) * min(max(fraction, 0.0), 1.0), message)

    return inner
