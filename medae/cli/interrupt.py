"""Ctrl+C as a wish: the work stops where it can go on later, not in the middle."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from medae.errors import Cancelled
from medae.progress import Report


@contextmanager
def stoppable(report: Report) -> Iterator[Report]:
    """Give a report that raises `Cancelled` after Ctrl+C; a second Ctrl+C interrupts at once.

    Parameters
    ----------
    report
        What is told the progress.
    """
    wanted = threading.Event()

    def note(_signal: int, _frame: FrameType | None) -> None:
        wanted.set()
        signal.signal(signal.SIGINT, before)

    def stopping(fraction: float, message: str = "", /) -> None:
        if wanted.is_set():
            raise Cancelled
        report(fraction, message)

    before = signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, note)
    try:
        yield stopping
    finally:
        signal.signal(signal.SIGINT, before)
