"""The database: all or nothing, several processes, damage."""

import logging
from pathlib import Path

import pytest

from medae.errors import ExportError
from medae.pacs.database import Database

INSERT = "INSERT INTO batches (id, node, title, owned, added) VALUES (?, 'pacs', '', '', 0)"


def ids(database: Database) -> list[object]:
    return [row[0] for row in database.rows("SELECT id FROM batches ORDER BY id")]


def test_a_transaction_is_all_or_nothing(tmp_path: Path) -> None:
    one, other = Database(tmp_path / "db"), Database(tmp_path / "db")
    with one.transaction() as cursor:
        cursor.execute(INSERT, ("a",))
    assert ids(other) == ["a"]
    with pytest.raises(ExportError), one.transaction() as cursor:
        cursor.execute(INSERT, ("b",)).execute("SELECT nonsense")
    assert ids(other) == ["a"]
    one.close()
    other.close()


def test_a_damaged_file_is_set_aside(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "db"
    path.write_bytes(b"this is no database, and longer than a header of one" * 50)
    with caplog.at_level(logging.WARNING):
        database = Database(path)
    assert ids(database) == []
    assert (tmp_path / "db.bad").read_bytes().startswith(b"this is no database")
    assert "db.bad" in caplog.text
    database.close()


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="send queue"):
        Database(tmp_path / "absent" / "db")
