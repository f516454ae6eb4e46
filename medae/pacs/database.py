"""The SQLite file of the send queue and of pushed series: every change is on the disk before it counts."""

import logging
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from medae.errors import ExportError

_SCHEMA = """
CREATE TABLE IF NOT EXISTS batches (
    id TEXT PRIMARY KEY, node TEXT NOT NULL, title TEXT NOT NULL, owned TEXT NOT NULL, added REAL NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0, not_before REAL NOT NULL DEFAULT 0, message TEXT NOT NULL DEFAULT '');
CREATE TABLE IF NOT EXISTS sends (
    batch TEXT NOT NULL REFERENCES batches (id) ON DELETE CASCADE, path TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting', message TEXT NOT NULL DEFAULT '', PRIMARY KEY (batch, path));
CREATE TABLE IF NOT EXISTS arrivals (
    key TEXT PRIMARY KEY, calling TEXT NOT NULL, series_instance_uid TEXT NOT NULL, state TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0, message TEXT NOT NULL DEFAULT '', changed REAL NOT NULL);
"""

_log = logging.getLogger(__name__)


class Database:
    """One connection, for all threads of a process; several processes may have the file open.

    A file that is no database any more is set aside with ``.bad`` after its name.

    Parameters
    ----------
    path
        Made when absent.
    """

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        try:
            self._connection = _open(path)
        except sqlite3.OperationalError as error:
            raise _cannot(error) from error
        except sqlite3.DatabaseError:
            path.replace(path.with_name(path.name + ".bad"))
            _log.warning("The send queue was damaged; it is kept as %s.bad and a new one is begun.", path.name)
            self._connection = _open(path)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Do everything in the block or nothing; other processes wait.

        Raises
        ------
        ExportError
            The disk is full or the file cannot be written.
        """
        with self._lock:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                try:
                    yield self._connection
                except BaseException:
                    self._connection.execute("ROLLBACK")
                    raise
                self._connection.execute("COMMIT")
            except sqlite3.OperationalError as error:
                raise _cannot(error) from error

    def rows(self, query: str, *values: object) -> list[tuple[str | float | int, ...]]:
        """Give the answer to a SELECT."""
        with self._lock:
            try:
                return self._connection.execute(query, values).fetchall()
            except sqlite3.OperationalError as error:
                raise _cannot(error) from error

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._connection.close()


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.executescript(_SCHEMA)
    except BaseException:
        connection.close()
        raise
    return connection


def _cannot(error: sqlite3.OperationalError) -> ExportError:
    return ExportError(f"The send queue cannot be read or written ({error}); is the disk full or read-only?")
