"""A scan while it goes on: series are told as they grow, and it can be stopped."""

import threading
import time
from pathlib import Path

import pytest

from medae import readers
from medae.errors import Cancelled
from medae.phantom import head, write_nifti
from medae.readers import dicom, scanning
from medae.readers.files import FoundFile, Skipped
from medae.readers.index import HeaderIndex, State

from . import odd


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each header takes 20 ms, and series are told as often."""
    real = dicom.read_headers

    def slowly(path: Path) -> list[dicom.Header]:
        time.sleep(0.02)
        return real(path)

    monkeypatch.setattr(dicom, "read_headers", slowly)
    monkeypatch.setattr(scanning, "TELL_EVERY", 0.02)
    monkeypatch.setattr(scanning, "_BATCH", 2)
    monkeypatch.setattr(scanning, "_THREADS", 1)
    monkeypatch.setattr(scanning, "_UNDER_WAY", 2)


@pytest.mark.usefixtures("slow")
def test_series_are_told_while_they_grow_and_at_the_end(tmp_path: Path) -> None:
    odd.series(tmp_path / "a", 12)
    odd.series(tmp_path / "b", 30, SeriesInstanceUID="1.2.3")
    told: list[readers.Found] = []
    found = readers.scan(tmp_path, listener=told.append)
    first = [each for each in told if each.key == told[0].key]
    shapes = [each.sources[0].shape[0] for each in first]
    assert shapes == sorted(shapes)
    assert shapes[0] < shapes[-1] == 12
    assert not first[0].settled
    assert first[-1].settled
    settled = next(n for n, each in enumerate(told) if each.settled and each.sources[0].shape[0] == 12)
    later = told[settled + 1 :]
    assert any(not each.settled for each in later), "the first series is there while the second is still growing"
    last = {each.key: each for each in told}
    assert [source for each in last.values() for source in each.sources] == list(found.sources)
    assert all(each.settled for each in last.values())


@pytest.mark.usefixtures("slow")
def test_what_is_told_on_the_way_can_be_read_and_warns_of_nothing(tmp_path: Path) -> None:
    odd.series(tmp_path, 12)
    shapes = []

    def read(found: readers.Found) -> None:
        (source,) = found.sources
        assert source.warnings == ()
        shapes.append((source.shape[0], readers.read(source).shape[0]))

    readers.scan(tmp_path, listener=read)
    assert len(shapes) > 2
    assert all(listed == read for listed, read in shapes)


@pytest.mark.usefixtures("slow")
def test_repeated_positions_show_as_one_volume_until_the_end(tmp_path: Path) -> None:
    for time_point in range(3):
        for n in range(5):
            odd.write(tmp_path / f"{n}{time_point}.dcm", n, odd.pixels(time_point), AcquisitionNumber=time_point)
    told: list[readers.Found] = []
    readers.scan(tmp_path, listener=told.append)
    assert {len(each.sources) for each in told[:-1]} == {1}
    assert len(told[-1].sources) == 3


def test_a_recalled_header_is_read_again_once_however_often_its_series_grows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd.series(tmp_path, 40)
    readers.scan(tmp_path)
    real_recall, real_read = HeaderIndex.recall, dicom.read_headers
    read: list[Path] = []

    def recall(index: HeaderIndex, path: Path, state: State) -> list[dicom.Header] | None:
        time.sleep(0.005)
        return real_recall(index, path, state)

    monkeypatch.setattr(HeaderIndex, "recall", recall)
    monkeypatch.setattr(dicom, "read_headers", lambda path: read.append(path) or real_read(path))
    monkeypatch.setattr(scanning, "TELL_EVERY", 0.02)
    told: list[readers.Found] = []
    readers.scan(tmp_path, listener=told.append)
    assert len(told) > 2
    assert {each.sources[0].description for each in told} == {"Chest"}
    assert len(read) <= 2 < len(told)  # while it grows, and at the end


def test_other_formats_are_told_one_file_at_a_time(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_nifti(head("T1", (3, 20, 16), (5.0, 4.0, 3.0)).volume, tmp_path / f"{name}.nii.gz")
    told: list[readers.Found] = []
    found = readers.scan(tmp_path, listener=told.append)
    assert [each.sources for each in told] == [(source,) for source in found.sources]
    assert all(each.settled for each in told)


def test_order_does_not_depend_on_what_is_recalled(tmp_path: Path) -> None:
    for name in "abcdefgh":
        odd.series(tmp_path / name, 9, SeriesInstanceUID=f"1.2.{ord(name)}")
    first = readers.scan([tmp_path / "c", tmp_path / "g"])
    assert [source.paths[0].parent.name for source in first.sources] == ["c", "g"]
    assert [source.paths[0].parent.name for source in readers.scan(tmp_path).sources] == list("abcdefgh")


@pytest.mark.usefixtures("slow")
def test_it_stops_within_two_seconds_and_keeps_what_was_read(tmp_path: Path) -> None:
    odd.series(tmp_path, 300)
    start = time.monotonic()

    def stop(fraction: float, message: str = "") -> None:
        if time.monotonic() > start + 0.5:
            raise Cancelled

    with pytest.raises(Cancelled):
        readers.scan(tmp_path, stop)
    assert time.monotonic() < start + 2.5
    assert readers.index.index_size() > 5_000


def test_a_drive_that_does_not_answer_does_not_keep_it_from_stopping(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = threading.Event()

    def hangs(paths: object) -> list[FoundFile | Skipped]:
        answer.wait(20)
        return []

    monkeypatch.setattr(scanning, "find_files", hangs)
    start = time.monotonic()

    def stop(fraction: float, message: str = "") -> None:
        if time.monotonic() > start + 0.2:
            raise Cancelled

    with pytest.raises(Cancelled):
        readers.scan(tmp_path, stop)
    answer.set()
    assert time.monotonic() < start + 2


def test_a_failure_of_the_walk_is_not_swallowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(paths: object) -> list[FoundFile | Skipped]:
        raise RuntimeError("the walk broke")

    monkeypatch.setattr(scanning, "find_files", fails)
    with pytest.raises(RuntimeError, match="the walk broke"):
        readers.scan(tmp_path)


def test_progress_never_exceeds_its_range(tmp_path: Path) -> None:
    odd.series(tmp_path, 40)
    fractions: list[float] = []
    readers.scan(tmp_path, lambda fraction, message="": fractions.append(fraction))
    assert fractions[-1] == 1.0
    assert all(0 <= fraction <= 1 for fraction in fractions)
