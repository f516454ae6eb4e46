"""Pushed series on disk: complete after silence, found again after a restart."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pydicom
import pytest

from medae.pacs.database import Database
from medae.pacs.spool import Spool


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(tmp_path / "db")
    yield made
    made.close()


@pytest.fixture
def spool(database: Database, tmp_path: Path) -> Spool:
    return Spool(database, tmp_path / "received")


def push(spool: Spool, paths: tuple[Path, ...], calling: str = "PACS") -> None:
    assert {spool.take(calling, path.read_bytes()) for path in paths} == {0}


def test_a_series_is_complete_after_silence(spool: Spool, series: tuple[Path, ...]) -> None:
    push(spool, series)
    push(spool, series[:2])  # again, as after a lost association
    assert spool.begin_next(60) is None
    arrival = spool.begin_next(0)
    assert arrival is not None
    assert (arrival.calling, len(arrival.files())) == ("PACS", len(series))
    assert arrival.series_instance_uid == pydicom.dcmread(series[0], stop_before_pixels=True).SeriesInstanceUID
    assert spool.begin_next(0) is None
    spool.finish(arrival, "done", "sent back")
    assert [(one.state, one.message) for one in spool.arrivals()] == [("done", "sent back")]


def test_senders_are_kept_apart(spool: Spool, series: tuple[Path, ...]) -> None:
    push(spool, series[:2], "ONE")
    push(spool, series[:3], "TWO")
    assert {one.calling: len(one.files()) for one in spool.arrivals()} == {"ONE": 2, "TWO": 3}


def test_images_that_come_during_the_work_begin_it_anew(spool: Spool, series: tuple[Path, ...]) -> None:
    push(spool, series[:3])
    arrival = spool.begin_next(0)
    assert arrival is not None
    push(spool, series[3:])
    spool.finish(arrival, "done", "with three")
    again = spool.begin_next(0)
    assert again is not None
    assert len(again.files()) == len(series)


def test_what_was_interrupted_goes_on(
    spool: Spool, database: Database, series: tuple[Path, ...], tmp_path: Path
) -> None:
    push(spool, series)
    assert spool.begin_next(0) is not None  # and MedAE is killed
    later = Spool(database, tmp_path / "received")
    later.recover()
    arrival = later.begin_next(0)
    assert arrival is not None
    assert (len(arrival.files()), arrival.attempts) == (len(series), 1)


def test_files_are_found_again_when_the_database_is_lost(
    spool: Spool, series: tuple[Path, ...], tmp_path: Path
) -> None:
    push(spool, series)
    (tmp_path / "received" / "no-series").mkdir()
    fresh = Database(tmp_path / "new-db")
    later = Spool(fresh, tmp_path / "received")
    later.recover()
    assert [(one.calling, one.state, len(one.files())) for one in later.arrivals()] == [
        ("PACS", "receiving", len(series))
    ]
    fresh.close()


def test_a_disk_that_refuses_and_data_that_is_none(spool: Spool, series: tuple[Path, ...], tmp_path: Path) -> None:
    assert spool.take("PACS", b"no DICOM") == 0xC000
    (tmp_path / "received").write_text("a file where the folder should be")
    assert spool.take("PACS", series[0].read_bytes()) == 0xA700
    assert spool.arrivals() == ()


@pytest.mark.parametrize(("state", "is_deleted"), [("done", True), ("kept", False), ("failed", False)])
def test_only_what_was_sent_back_is_deleted_in_time(
    database: Database, series: tuple[Path, ...], tmp_path: Path, state: str, is_deleted: bool
) -> None:
    now = [1000.0]
    clock: Callable[[], float] = lambda: now[0]  # noqa: E731
    spool = Spool(database, tmp_path / "received", clock)
    push(spool, series)
    arrival = spool.begin_next(0)
    assert arrival is not None
    spool.finish(arrival, state, "")
    now[0] += 3599
    spool.sweep(1.0)
    assert arrival.folder.exists()
    now[0] += 2
    spool.sweep(1.0)
    assert arrival.folder.exists() is not is_deleted
    assert len(spool.arrivals()) == (0 if is_deleted else 1)


def test_again_and_remove(spool: Spool, series: tuple[Path, ...]) -> None:
    push(spool, series)
    arrival = spool.begin_next(0)
    assert arrival is not None
    spool.finish(arrival, "kept", "no rule fits")
    spool.again(arrival.key)
    assert spool.begin_next(0) is not None
    spool.remove(arrival)
    assert spool.arrivals() == ()
    assert not arrival.folder.exists()
