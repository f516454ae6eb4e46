"""What the headers of files said, kept between scans: an SQLite file in the user's cache folder.

Only what the grouping into volumes needs is kept. Left out are paths and names of files (keyed hashes stand for
them), SeriesDescription and the key of the patient (read again from one file of each volume), and everything else
that names somebody. An entry counts while size and time of change of its file are the same.

The index is a help, never a condition: whatever is wrong with it (locked, damaged, somebody else's, a full disk), it
falls silent and the files are read.
"""

import contextlib
import hashlib
import json
import logging
import os
import secrets
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any, NamedTuple

import medae
from medae.readers.series import Header
from medae.settings import cache_folder

MAX_BYTES = 256 * 1024 * 1024
"""The index may grow to this size (about half a million files); then the folders scanned longest ago are dropped."""

READING = 2
"""To be raised when headers are read in another way, so that older entries no longer count."""

_APPLICATION = 0x4D644145  # "MdAE": SQLite's application_id
_WRITE_EVERY = 2000
_LEFT_OUT = frozenset({"path", "description", "patient", "recalled"})
_KEPT = tuple(field.name for field in fields(Header) if field.name not in _LEFT_OUT)
_LISTS = ("pixel_spacing", "warnings")
_TABLES = """
CREATE TABLE facts (name TEXT PRIMARY KEY, value BLOB);
CREATE TABLE folders (folder BLOB PRIMARY KEY, used INTEGER) WITHOUT ROWID;
CREATE TABLE files (folder BLOB, name BLOB, size INTEGER, changed INTEGER, headers TEXT, PRIMARY KEY (folder, name))
WITHOUT ROWID;
"""
_NAMES = {"facts", "folders", "files"}
_log = logging.getLogger(__name__)


class State(NamedTuple):
    """Size in bytes and time of the last change in nanoseconds: what tells whether a file is still the same."""

    size: int
    changed: int

    @classmethod
    def of(cls, path: Path) -> "State":
        """State of a file now; raises OSError."""
        status = path.stat()
        return cls(status.st_size, status.st_mtime_ns)


def index_path() -> Path:
    """Where the index lies."""
    return cache_folder() / "headers.sqlite"


def index_size() -> int:
    """Bytes that the index takes on disk, 0 where there is none."""
    with contextlib.suppress(OSError):
        return sum(path.stat().st_size for path in _files(index_path()))
    return 0


def clear_index() -> int:
    """Delete the index and give the bytes that were freed; what is in use elsewhere stays."""
    before = index_size()
    for path in _files(index_path()):
        with contextlib.suppress(OSError):
            path.unlink()
    return before - index_size()


def _files(path: Path) -> list[Path]:
    """Give the index and the files that SQLite keeps beside it."""
    every = [path.with_name(path.name + ending) for ending in ("", "-wal", "-shm", "-journal")]
    return [each for each in every if each.is_file()]


class HeaderIndex:
    """The index, as long as one scan lasts; see `open_index`. To be used by one thread.

    Parameters
    ----------
    path
        The SQLite file; made if absent.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._database: sqlite3.Connection | None = None
        self._salt = b""
        self._folder: tuple[Path, bytes] = (Path(), b"")
        self._known: dict[bytes, tuple[int, int, str]] = {}
        self._new: list[tuple[bytes, bytes, int, int, str]] = []
        self._used: set[bytes] = set()
        with self._silently():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._open()

    def recall(self, path: Path, state: State) -> list[Header] | None:
        """Give the headers of an unchanged file, without what is left out; None where it has to be read."""
        if self._database is None:
            return None
        if path.parent != self._folder[0]:
            self._enter(path.parent)
        known = self._known.get(self._hash(path.name))
        if known is None or known[:2] != state:
            return None
        try:
            return [_header(path, entry) for entry in json.loads(known[2])]
        except (ValueError, TypeError, RecursionError):
            return None

    def remember(self, path: Path, state: State, headers: Sequence[Header]) -> None:
        """Keep what was read from a file."""
        if self._database is None:
            return
        if path.parent != self._folder[0]:
            self._enter(path.parent)
        text = json.dumps([[getattr(header, name) for name in _KEPT] for header in headers], separators=(",", ":"))
        self._new.append((self._folder[1], self._hash(path.name), *state, text))
        if len(self._new) >= _WRITE_EVERY:
            self._write()

    def close(self) -> None:
        """Write what is new, and keep to the size allowed."""
        self._write()
        with self._silently():
            if self._database is not None:
                self._shrink(self._database)
        if self._database is not None:
            self._database.close()
            self._database = None

    @contextmanager
    def _silently(self) -> Iterator[None]:
        """Fall silent at the first error of the database."""
        try:
            yield
        except (sqlite3.Error, OSError, OverflowError) as error:
            _log.info("The index of headers is not used (%s).", type(error).__name__)
            if self._database is not None:
                with contextlib.suppress(sqlite3.Error):
                    self._database.close()
            self._database = None

    def _open(self) -> None:
        try:
            opened = _opened(self._path)
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):  # locked, not allowed, a full disk
                raise
            for path in _files(self._path):  # no longer a database
                path.unlink()
            opened = _opened(self._path)
        if opened is not None:
            self._database, self._salt = opened

    def _hash(self, text: str) -> bytes:
        return hashlib.blake2b(os.fsencode(text), digest_size=12, key=self._salt).digest()

    def _enter(self, folder: Path) -> None:
        """Fetch all entries of a folder at once."""
        key = self._hash(str(folder.absolute()))
        self._folder, self._known = (folder, key), {}
        self._used.add(key)
        with self._silently():
            if self._database is not None:
                rows = self._database.execute("SELECT name, size, changed, headers FROM files WHERE folder = ?", (key,))
                self._known = {name: (size, changed, text) for name, size, changed, text in rows}

    def _write(self) -> None:
        with self._silently():
            if self._database is not None:
                with self._database:
                    (now,) = self._database.execute("SELECT coalesce(max(used), 0) + 1 FROM folders").fetchone()
                    self._database.executemany("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?)", self._new)
                    self._database.executemany(
                        "INSERT OR REPLACE INTO folders VALUES (?, ?)", [(folder, now) for folder in self._used]
                    )
        self._new.clear()
        self._used.clear()

    def _shrink(self, database: sqlite3.Connection) -> None:
        """Drop the folders scanned longest ago until the index is well below `MAX_BYTES`."""
        if _bytes(database) <= MAX_BYTES:
            return
        while _bytes(database) > MAX_BYTES // 2:
            oldest = database.execute("SELECT folder FROM folders ORDER BY used LIMIT 100").fetchall()
            if not oldest:
                break
            with database:
                database.executemany("DELETE FROM files WHERE folder = ?", oldest)
                database.executemany("DELETE FROM folders WHERE folder = ?", oldest)
        database.execute("VACUUM")


@contextmanager
def open_index() -> Iterator[HeaderIndex]:
    """Open the user's index for one scan, and close it at its end, however that comes."""
    index = HeaderIndex(index_path())
    try:
        yield index
    finally:
        index.close()


def _opened(path: Path) -> tuple[sqlite3.Connection, bytes] | None:
    """Open the database with our tables in it, and give its salt; None where it is somebody else's.

    Raises sqlite3.Error.
    """
    database = sqlite3.connect(path, timeout=0.2, isolation_level="IMMEDIATE")
    try:
        (application,) = database.execute("PRAGMA application_id").fetchone()
        tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if tables and application != _APPLICATION:
            database.close()
            return None
        database.execute("PRAGMA synchronous = OFF")  # a loss is none
        facts = dict(database.execute("SELECT name, value FROM facts")) if tables == _NAMES else {}
        if facts.get("reading") != _reading() or not isinstance(facts.get("salt"), bytes):
            facts = _make_tables(database, tables)
    except BaseException:
        database.close()
        raise
    return database, bytes(facts["salt"])


def _make_tables(database: sqlite3.Connection, old: Iterable[str]) -> dict[str, Any]:
    """Begin anew, and give the facts of the new index."""
    facts = {"salt": secrets.token_bytes(32), "reading": _reading()}
    for name in old:
        database.execute(f'DROP TABLE "{name}"')
    database.executescript(f"PRAGMA application_id = {_APPLICATION};{_TABLES}")
    with database:
        database.executemany("INSERT INTO facts VALUES (?, ?)", facts.items())
    return facts


def _reading() -> str:
    """How headers are read by this MedAE; entries of another one do not count."""
    return f"{medae.__version__} {READING} {' '.join(_KEPT)}"


def _bytes(database: sqlite3.Connection) -> int:
    (used, free, size) = (
        database.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
    )
    return int((used - free) * size)


def _header(path: Path, entry: list[Any]) -> Header:
    """Make a header of an entry; raises TypeError or ValueError where it is none."""
    facts = dict(zip(_KEPT, entry, strict=True))
    for name in _LISTS:  # JSON knows no tuples
        facts[name] = tuple(facts[name])
    for name in ("position", "orientation"):
        facts[name] = None if facts[name] is None else tuple(facts[name])
    for name in ("kind", "phase"):
        facts[name] = tuple([(word, value) for word, value in facts[name]])
    return Header(path, recalled=True, **facts)
