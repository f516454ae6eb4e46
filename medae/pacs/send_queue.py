"""What is to be sent, on disk: it survives a restart, each file is sent once, and one sees how far it is."""

import shutil
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from medae.errors import SettingsError
from medae.pacs.database import Database
from medae.pacs.outcome import Outcome

MAX_ATTEMPTS = 500
"""After so many failures in a row it is given up: more than three days, with the longest pause between them."""

FIRST_PAUSE, LONGEST_PAUSE = 2.0, 600.0
"""Seconds until the second attempt, and the most that it doubles to."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Files that are sent together.

    Attributes
    ----------
    title
        What it is, without patient data.
    waiting, sent, refused
        How many files are in each state.
    not_before
        Seconds since the epoch when the next attempt is due.
    message
        Why the last attempt failed, or why files were refused.
    owned
        Folder that MedAE made for this batch and removes with it.
    """

    id: str
    node: str
    title: str
    added: float
    attempts: int
    not_before: float
    message: str
    waiting: int
    sent: int
    refused: int
    owned: Path | None

    @property
    def state(self) -> str:
        """``"waiting"``, ``"retrying"``, ``"failed"`` (in part, too) or ``"sent"``."""
        if self.waiting:
            return "retrying" if self.attempts else "waiting"
        return "failed" if self.refused else "sent"


class SendQueue:
    """The batches of one database.

    Parameters
    ----------
    database
        Where they are kept.
    clock
        Gives seconds since the epoch.
    """

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database, self._clock = database, clock

    def add(
        self, node: str, paths: Sequence[Path], title: str, batch: str | None = None, owned: Path | None = None
    ) -> str:
        """Queue files and give the id of their batch.

        Parameters
        ----------
        node
            Name of the receiver in the settings.
        paths
            The files, which must stay where they are until they are sent.
        title
            What it is, without patient data.
        batch
            An id of your own: files that this batch has already are not queued again.
        owned
            Folder that goes when the batch does.
        """
        batch = batch or uuid.uuid4().hex
        with self._database.transaction() as cursor:
            cursor.execute(
                "INSERT OR IGNORE INTO batches (id, node, title, owned, added) VALUES (?, ?, ?, ?, ?)",
                (batch, node, title, str(owned or ""), self._clock()),
            )
            cursor.executemany(
                "INSERT OR IGNORE INTO sends (batch, path) VALUES (?, ?)",
                [(batch, str(path.absolute())) for path in paths],
            )
        return batch

    def batches(self) -> tuple[Batch, ...]:
        """Give all batches, oldest first."""
        rows = self._database.rows(
            "SELECT id, node, title, added, attempts, not_before, batches.message, SUM(state = 'waiting'),"
            " SUM(state = 'sent'), SUM(state = 'refused'), owned, MAX(sends.message)"
            " FROM batches LEFT JOIN sends ON batch = id GROUP BY id ORDER BY added, batches.rowid"
        )
        return tuple(_batch(row) for row in rows)

    def batch(self, batch: str) -> Batch:
        """Find a batch by its id, or the beginning of it.

        Raises
        ------
        SettingsError
            There is none, or more than one.
        """
        found = [one for one in self.batches() if one.id.startswith(batch)]
        if len(found) != 1:
            problem = "No" if not found else "More than one"
            raise SettingsError(f"{problem} batch is called {batch!r}; 'medae pacs queue' lists them.")
        return found[0]

    def due(self) -> tuple[Batch, ...]:
        """Give the batches to be sent now."""
        now = self._clock()
        return tuple(one for one in self.batches() if one.waiting and one.not_before <= now)

    def waiting_files(self, batch: str) -> tuple[Path, ...]:
        """Give the files of a batch that are still to be sent."""
        rows = self._database.rows("SELECT path FROM sends WHERE batch = ? AND state = 'waiting' ORDER BY path", batch)
        return tuple(Path(str(path)) for (path,) in rows)

    def note(self, batch: str, outcomes: Sequence[Outcome]) -> None:
        """Note what became of files; those that are to be tried later stay as they are."""
        decided = [(one.state, one.message, batch, str(one.path)) for one in outcomes if one.state != "later"]
        with self._database.transaction() as cursor:
            cursor.executemany("UPDATE sends SET state = ?, message = ? WHERE batch = ? AND path = ?", decided)
            if any(one.state == "sent" for one in outcomes):
                cursor.execute("UPDATE batches SET attempts = 0, message = '' WHERE id = ?", (batch,))

    def postpone(self, batch: str, message: str) -> None:
        """Note a failed attempt: the next one is due after a pause that doubles each time, the last one never."""
        with self._database.transaction() as cursor:
            ((attempts,),) = cursor.execute("SELECT attempts FROM batches WHERE id = ?", (batch,)).fetchall() or [(0,)]
            pause = min(FIRST_PAUSE * 2 ** min(attempts, 20), LONGEST_PAUSE)
            cursor.execute(
                "UPDATE batches SET attempts = attempts + 1, not_before = ?, message = ? WHERE id = ?",
                (self._clock() + pause, message, batch),
            )
        if attempts + 1 >= MAX_ATTEMPTS:
            self.give_up(batch, message)

    def give_up(self, batch: str, message: str) -> None:
        """Send no more of a batch, until the user wants it again."""
        with self._database.transaction() as cursor:
            cursor.execute(
                "UPDATE sends SET state = 'refused', message = ? WHERE batch = ? AND state = 'waiting'",
                (message, batch),
            )

    def again(self, batch: str) -> None:
        """Try all files that were not sent once more, now."""
        with self._database.transaction() as cursor:
            cursor.execute(
                "UPDATE sends SET state = 'waiting', message = '' WHERE batch = ? AND state = 'refused'", (batch,)
            )
            cursor.execute("UPDATE batches SET attempts = 0, not_before = 0, message = '' WHERE id = ?", (batch,))

    def remove(self, batch: str) -> None:
        """Forget a batch, whatever its state; files that MedAE made for it are deleted."""
        rows = self._database.rows("SELECT owned FROM batches WHERE id = ?", batch)
        with self._database.transaction() as cursor:
            cursor.execute("DELETE FROM batches WHERE id = ?", (batch,))
        for (owned,) in rows:
            if owned:
                shutil.rmtree(str(owned), ignore_errors=True)

    def sweep(self, keep_hours: float) -> None:
        """Forget batches that were sent completely and are older."""
        oldest = self._clock() - 3600 * keep_hours
        for one in self.batches():
            if one.state == "sent" and one.added < oldest:
                self.remove(one.id)


def _batch(row: tuple[str | float | int, ...]) -> Batch:
    id_, node, title, added, attempts, not_before, message, waiting, sent, refused, owned, detail = row
    return Batch(
        str(id_),
        str(node),
        str(title),
        float(added),
        int(attempts),
        float(not_before),
        str(message or detail or ""),
        int(waiting or 0),
        int(sent or 0),
        int(refused or 0),
        Path(str(owned)) if owned else None,
    )
