"""The index of headers: equal to reading, never in the way, without patient data."""

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from medae import readers
from medae.readers import dicom, index
from medae.readers.index import HeaderIndex, State, clear_index, index_path, index_size, open_index

from . import odd

SECRET = "Müller^Erika"
NAMES = {"PatientName": SECRET, "PatientID": "ID-4711", "PatientBirthDate": "19610407", "SeriesDescription": "Prof Xy"}


def forbid_reading(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Count the files whose header is read."""
    read: list[Path] = []
    real = dicom.read_headers

    def counted(path: Path) -> list[dicom.Header]:
        read.append(path)
        return real(path)

    monkeypatch.setattr(dicom, "read_headers", counted)
    return read


def test_a_second_scan_gives_the_same_and_reads_one_file_of_each_volume(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd.series(tmp_path / "a", 5, **NAMES)
    odd.series(tmp_path / "b", 4, SeriesInstanceUID="1.2.3", EchoTime="2.5", SpecificCharacterSet="ISO_IR 100")
    odd.enhanced(tmp_path / "e.dcm")
    first = readers.scan(tmp_path)
    read = forbid_reading(monkeypatch)
    assert readers.scan(tmp_path) == first
    assert len(read) == 3
    assert {source.description for source in first.sources} >= {"Prof Xy"}
    assert all(source.patient for source in first.sources if source.description == "Prof Xy")


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    paths = odd.series(tmp_path, 3)
    readers.scan(tmp_path)
    odd.write(paths[0], 7, SliceThickness="2.500")
    paths[1].unlink()
    (source,) = readers.scan(tmp_path).sources
    assert source.shape[0] == 2
    assert source.spacing[0] == pytest.approx(12.5)


def test_no_patient_data_and_no_names_are_kept(tmp_path: Path) -> None:
    folder = tmp_path / "Mueller Erika"
    odd.series(folder, 3, **NAMES)
    readers.scan(tmp_path)
    content = index_path().read_bytes()
    assert b"2.5" in content
    for secret in (
        SECRET.encode(),
        SECRET.encode("latin-1"),
        b"Mueller",
        b"ID-4711",
        b"19610407",
        b"Prof Xy",
        b"001.dcm",
    ):
        assert secret not in content


def _garbage(path: Path) -> None:
    path.write_bytes(b"no database at all" * 1000)


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])


def _foreign(path: Path) -> None:
    path.unlink()
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE files (mine)")
    database.close()


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _older(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("UPDATE facts SET value = 'medae 0.0' WHERE name = 'reading'")
    database.close()


def _nonsense(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("""UPDATE files SET headers = '[[1,2],"x",{"a":1}]'""")
    database.close()


def _no_salt(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("DELETE FROM facts WHERE name = 'salt'")
    database.close()


def _half_made(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("DROP TABLE folders")
    database.close()


@pytest.mark.parametrize("damage", [_garbage, _cut, _foreign, _folder, _older, _nonsense, _no_salt, _half_made])
def test_whatever_is_wrong_with_the_index_files_are_read(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    odd.series(tmp_path / "a")
    first = readers.scan(tmp_path)
    damage(index_path())
    assert readers.scan(tmp_path) == first
    assert readers.scan(tmp_path) == first


def test_a_damaged_or_older_index_begins_anew_and_a_foreign_one_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd.series(tmp_path / "a")
    for damage in (_garbage, _older, _no_salt, _half_made, _foreign):
        readers.scan(tmp_path)
        damage(index_path())
        readers.scan(tmp_path)
        with monkeypatch.context() as patch:
            read = forbid_reading(patch)
            readers.scan(tmp_path)
        assert (len(read) == 1) is (damage != _foreign), damage
    database = sqlite3.connect(index_path())
    assert database.execute("SELECT sql FROM sqlite_master").fetchall() == [("CREATE TABLE files (mine)",)]
    database.close()


def test_a_locked_index_is_not_waited_for(tmp_path: Path) -> None:
    odd.series(tmp_path / "a")
    first = readers.scan(tmp_path)
    lock = sqlite3.connect(index_path(), isolation_level=None)
    lock.execute("BEGIN EXCLUSIVE")
    assert readers.scan(tmp_path) == first
    lock.close()


def test_an_index_that_cannot_be_made_is_done_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    monkeypatch.setenv("MEDAE_HOME", str(blocked))
    odd.series(tmp_path / "a")
    assert len(readers.scan(tmp_path / "a").sources) == 1
    assert index_size() == 0


def test_it_stays_within_its_size_and_keeps_what_was_scanned_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    header = replace(dicom.read_headers(odd.write(tmp_path / "a.dcm", 0))[0], warnings=("x" * 500,))
    monkeypatch.setattr(index, "MAX_BYTES", 100_000)
    for folder in range(120):
        with open_index() as known:
            for name in range(3):
                known.remember(tmp_path / str(folder) / str(name), State(1, 2), [header])
    assert index_size() < 150_000
    with open_index() as known:
        assert known.recall(tmp_path / "119" / "2", State(1, 2)) is not None
        assert known.recall(tmp_path / "0" / "2", State(1, 2)) is None


def test_clearing(tmp_path: Path) -> None:
    odd.series(tmp_path)
    assert clear_index() == 0
    readers.scan(tmp_path)
    size = index_size()
    assert size > 0
    assert clear_index() == size
    assert index_size() == 0


def test_another_state_is_not_recalled(tmp_path: Path) -> None:
    path = odd.write(tmp_path / "a.dcm", 3)
    (header,) = dicom.read_headers(path)
    state = State.of(path)
    known = HeaderIndex(index_path())
    known.remember(path, state, [header])
    known.close()
    known = HeaderIndex(index_path())
    assert known.recall(path, state) == [replace(header, recalled=True, description="", patient="")]
    assert known.recall(path, State(state.size + 1, state.changed)) is None
    assert known.recall(path, State(state.size, state.changed + 1)) is None
    known.close()
    assert known.recall(path, state) is None
