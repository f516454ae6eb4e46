"""Listener, router and sender together: the work of ``medae pacs listen`` and of the window's listener."""

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection

from filelock import FileLock, Timeout

from medae.errors import Cancelled, MedaeError, NodeError
from medae.pacs import places
from medae.pacs.database import Database
from medae.pacs.listener import listening
from medae.pacs.router import Router
from medae.pacs.send_queue import SendQueue
from medae.pacs.sender import send_due
from medae.pacs.spool import Spool
from medae.settings import PacsSettings

PAUSE = 0.5
"""Seconds between two looks at what is to be done."""

SWEEP_EVERY = 60.0
"""Seconds between two looks at what has been kept long enough."""

logger = logging.getLogger(__name__)


def serve(
    stop: threading.Event,
    on_change: Callable[[str], None] = lambda _: None,
    on_ready: Callable[[], None] = lambda: None,
    device: str = "auto",
) -> None:
    """Listen, denoise and send until ``stop`` is set, then leave within about two seconds.

    Nodes and rules are read anew for each series, so that changes hold at once; those of the listener itself
    hold from the next start.

    Parameters
    ----------
    stop
        Set it, from any thread, to end.
    on_change
        Told in one sentence what happened, without patient data; from several threads.
    on_ready
        Called once connections are accepted.
    device
        What computes.

    Raises
    ------
    NodeError
        Another MedAE listens already, or the port is taken.
    SettingsError
        TLS files cannot be used.
    """
    listener = PacsSettings.load().listener
    database = Database(places.database_file())
    try:
        with FileLock(places.lock_file("listener"), timeout=0):
            spool, queue = Spool(database, places.spool_folder()), SendQueue(database)
            router = Router(spool, queue, places.outbox_folder(), device, on_change)
            spool.recover()
            router.recover()
            sending = threading.Thread(target=_keep_sending, args=(stop, queue, on_change), name="medae-pacs-sender")
            with listening(listener, spool.take):
                on_ready()
                sending.start()
                try:
                    _keep_routing(stop, spool, router)
                finally:
                    stop.set()
                    sending.join()
    except Timeout as error:
        raise NodeError("MedAE listens already, in another window or as 'medae pacs listen'.") from error
    finally:
        database.close()


def serve_apart(orders: Connection, device: str = "auto") -> None:
    """Serve in a process of its own: tells ``("ready" | "changed" | "failed", text)``, ends when the pipe does."""
    stop = threading.Event()

    def tell(what: str, text: str = "") -> None:
        with suppress(OSError):
            orders.send((what, text))

    def wait_for_the_end() -> None:
        with suppress(EOFError, OSError):
            orders.recv()
        stop.set()

    threading.Thread(target=wait_for_the_end, name="medae-pacs-orders", daemon=True).start()
    try:
        serve(stop, lambda text: tell("changed", text), lambda: tell("ready"), device)
    except MedaeError as error:
        tell("failed", str(error))


def _keep_routing(stop: threading.Event, spool: Spool, router: Router) -> None:
    def report(_fraction: float, _message: str = "", /) -> None:
        if stop.is_set():
            raise Cancelled

    sweep_at = time.monotonic()
    while not stop.wait(PAUSE):
        settings = PacsSettings.load()
        arrival = spool.begin_next(settings.listener.quiet_seconds)
        if arrival is None:
            if time.monotonic() >= sweep_at:
                spool.sweep(settings.listener.keep_hours)
                sweep_at = time.monotonic() + SWEEP_EVERY
            continue
        try:
            router.process(arrival, settings.rules, report)
        except Cancelled:
            spool.again(arrival.key)
        except Exception as error:  # an odd series must not end the listener
            logger.exception("Unexpected error while a pushed series was processed")
            spool.finish(arrival, "failed", f"unexpected {type(error).__name__}; see the log")


def _keep_sending(stop: threading.Event, queue: SendQueue, on_change: Callable[[str], None]) -> None:
    def report(_fraction: float, _message: str = "", /) -> None:
        if stop.is_set():
            raise Cancelled

    sweep_at = time.monotonic()
    while not stop.wait(PAUSE):
        try:
            sent = send_due(queue, report=report)
            if time.monotonic() >= sweep_at:
                queue.sweep(PacsSettings.load().listener.keep_hours)
                sweep_at = time.monotonic() + SWEEP_EVERY
        except Cancelled:
            return
        except Exception:  # whatever it was, the next attempt may do
            logger.exception("Unexpected error while files were sent")
            continue
        if sent:
            on_change(f"{sent} files sent")
