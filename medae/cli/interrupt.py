"""Ctrl+C: heard even where a library swallows it, or taken as a wish to stop where the work can go on later."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from medae.errors import Cancelled, MedaeError
from medae.progress import Report

_pressed = threading.Event()


@contextmanager
def remembered() -> Iterator[None]:
    """Let Ctrl+C raise `KeyboardInterrupt` as ever, and remember it for `heeding`.

    Python swallows an exception that a signal raises in a callback without a caller, such as the one that frees an
    import's lock, and compiled libraries that call Python (OpenVINO's conversion) make a `RuntimeError` of it; the work
    would go on, or fail, as if nothing had been pressed. Where SIGINT has another handler than Python's
    own (a background job ignores it), or outside the main thread, nothing is changed.
    """
    main = threading.current_thread() is threading.main_thread()
    if not main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        _pressed.set()
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    except MedaeError:
        heed()  # what failed, failed because of it
        raise
    finally:
        _pressed.clear()
        signal.signal(signal.SIGINT, signal.default_int_handler)


def heed() -> None:
    """Raise `KeyboardInterrupt` if Ctrl+C was pressed and `remembered`, however long ago."""
    if _pressed.is_set():
        raise KeyboardInterrupt


def heeding(report: Report) -> Report:
    """Give a report that heeds Ctrl+C each time."""

    def told(fraction: float, message: str = "", /) -> None:
        heed()
        report(fraction, message)

    return told


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
