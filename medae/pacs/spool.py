"""Series that were pushed to the listener, on disk, from the first image until the result is queued.

Each series of each sender has a folder. Its files are all that counts: states can be lost and are found again.
"""

import json
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from medae.errors import MedaeError
from medae.pacs.database import Database
from medae.pacs.instance_files import identity, instance_files, key, write_instance
from medae.pacs.status_codes import CANNOT_UNDERSTAND, OUT_OF_RESOURCES, SUCCESS

MAX_ATTEMPTS = 3
"""A series at which MedAE was killed so often is not tried any more."""

_ORIGIN = "origin.json"


@dataclass(frozen=True, slots=True)
class Arrival:
    """A series that was pushed.

    Attributes
    ----------
    state
        ``"receiving"``, ``"processing"``, ``"done"`` (the result is in the send queue), ``"kept"`` (no rule fits),
        ``"failed"``.
    message
        What was done, or why not.
    changed
        Seconds since the epoch of the last change of state.
    """

    key: str
    calling: str
    series_instance_uid: str
    state: str
    attempts: int
    message: str
    changed: float
    folder: Path

    def files(self) -> tuple[Path, ...]:
        """Give the images that are here, by name."""
        return instance_files(self.folder)


class Spool:
    """The pushed series in a folder. One process takes and processes them; others may look.

    Parameters
    ----------
    database
        Keeps the states.
    folder
        Takes one folder per series.
    clock
        Gives seconds since the epoch.
    """

    def __init__(self, database: Database, folder: Path, clock: Callable[[], float] = time.time) -> None:
        self._database, self._folder, self._clock = database, folder, clock
        self._lock = threading.Lock()
        self._receiving: set[str] = set()
        self._last: dict[str, float] = {}
        self._opened = time.monotonic()

    def recover(self) -> None:
        """Begin after a restart: what was being received or processed goes on; call it once, before anything else."""
        with self._database.transaction() as cursor:
            cursor.execute("UPDATE arrivals SET state = 'receiving' WHERE state = 'processing'")
        known = {arrival.key for arrival in self.arrivals()}
        for place in self._folder.glob("*/") if self._folder.is_dir() else ():
            if place.name not in known:
                self._find_again(place)

    def take(self, calling: str, data: bytes) -> int:
        """Keep an instance; gives the status of the C-STORE, success only once it is on the disk."""
        try:
            found = identity(data)
        except MedaeError:
            return CANNOT_UNDERSTAND
        name = key(calling, found.series_instance_uid)
        try:
            self._note(name, calling, found.series_instance_uid)
            write_instance(data, found.sop_instance_uid, self._folder / name)
        except (OSError, MedaeError):
            return OUT_OF_RESOURCES
        with self._lock:
            self._last[name] = time.monotonic()
        return SUCCESS

    def arrivals(self) -> tuple[Arrival, ...]:
        """Give all series, the last changed first."""
        rows = self._database.rows(
            "SELECT key, calling, series_instance_uid, state, attempts, message, changed FROM arrivals"
            " ORDER BY changed DESC, rowid DESC"
        )
        return tuple(
            Arrival(
                str(name),
                str(calling),
                str(uid),
                str(state),
                int(tries),
                str(text),
                float(at),
                self._folder / str(name),
            )
            for name, calling, uid, state, tries, text, at in rows
        )

    def begin_next(self, quiet_seconds: float) -> Arrival | None:
        """Begin with the oldest series of which nothing came for so long; None where there is none.

        It is "processing" from now on; what comes of it later makes it "receiving" again.
        """
        received = [one for one in reversed(self.arrivals()) if one.state == "receiving"]
        with self._lock:
            now = time.monotonic()
            for one in received:
                if now - self._last.get(one.key, self._opened) >= quiet_seconds:
                    self._receiving.discard(one.key)
                    self._set(one.key, "processing", "", one.attempts + 1)
                    return one
        return None

    def finish(self, arrival: Arrival, state: str, message: str) -> None:
        """Note how it went, unless more images of the series have come meanwhile: then it is received still."""
        with self._lock, self._database.transaction() as cursor:
            cursor.execute(
                "UPDATE arrivals SET state = ?, message = ?, changed = ?, attempts = 0"
                " WHERE key = ? AND state = 'processing'",
                (state, message, self._clock(), arrival.key),
            )

    def again(self, name: str) -> None:
        """Process a series again, e.g. when the rules have changed."""
        self._set(name, "receiving", "", 0)

    def remove(self, arrival: Arrival) -> None:
        """Delete a series and its files."""
        with self._database.transaction() as cursor:
            cursor.execute("DELETE FROM arrivals WHERE key = ?", (arrival.key,))
        shutil.rmtree(arrival.folder, ignore_errors=True)

    def sweep(self, keep_hours: float) -> None:
        """Delete series whose result was queued longer ago; what no rule fits, or what failed, stays."""
        oldest = self._clock() - 3600 * keep_hours
        for one in self.arrivals():
            if one.state == "done" and one.changed < oldest:
                self.remove(one)

    def _note(self, name: str, calling: str, series_instance_uid: str) -> None:
        """Note the first image of a series, or the first after it was processed."""
        with self._lock:
            self._last[name] = time.monotonic()
            if name in self._receiving:
                return
            place = self._folder / name
            place.mkdir(parents=True, exist_ok=True)
            origin = {"calling": calling, "series_instance_uid": series_instance_uid}
            (place / _ORIGIN).write_text(json.dumps(origin), encoding="utf-8")
            with self._database.transaction() as cursor:
                cursor.execute(
                    "INSERT INTO arrivals (key, calling, series_instance_uid, state, changed)"
                    " VALUES (?, ?, ?, 'receiving', ?) ON CONFLICT (key) DO UPDATE"
                    " SET state = 'receiving', message = '', attempts = 0, changed = excluded.changed",
                    (name, calling, series_instance_uid, self._clock()),
                )
            self._receiving.add(name)

    def _set(self, name: str, state: str, message: str, attempts: int) -> None:
        with self._database.transaction() as cursor:
            cursor.execute(
                "UPDATE arrivals SET state = ?, message = ?, attempts = ?, changed = ? WHERE key = ?",
                (state, message, attempts, self._clock(), name),
            )

    def _find_again(self, place: Path) -> None:
        """Take up a series whose state was lost."""
        try:
            origin = json.loads((place / _ORIGIN).read_text(encoding="utf-8"))
            self._note(place.name, str(origin["calling"]), str(origin["series_instance_uid"]))
        except (OSError, ValueError, KeyError, TypeError):
            return  # not a folder of the spool
