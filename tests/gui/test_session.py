"""Opening, reading and keeping series."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from medae.gui.session import Session
from medae.quality import measure
from medae.readers import open_volume
from medae.results import Result


@pytest.fixture
def session(qtbot: QtBot) -> Iterator[Session]:
    made = Session()
    yield made
    made.close()


def open_and_wait(qtbot: QtBot, session: Session, path: Path) -> None:
    with qtbot.waitSignal(session.shown, timeout=20_000):
        session.open_paths([path])


def test_the_first_series_is_shown_and_bad_files_are_named(
    qtbot: QtBot, session: Session, phantom_folder: Path, tmp_path: Path
) -> None:
    bad = tmp_path / "notes.txt"
    bad.write_text("not an image")
    skipped = []
    session.file_skipped.connect(skipped.append)
    with qtbot.waitSignal(session.shown, timeout=20_000):
        session.open_paths([phantom_folder, bad])
    assert len(session.series) == 2
    assert session.current == 0
    assert [item.path for item in skipped] == [bad]


def test_what_has_no_results_is_read_again(qtbot: QtBot, session: Session, phantom_folder: Path) -> None:
    open_and_wait(qtbot, session, phantom_folder / "series")
    open_and_wait(qtbot, session, phantom_folder / "head.nii.gz")
    assert session.series[0].result is None
    with qtbot.waitSignal(session.shown, timeout=20_000):
        session.show(0)
    assert session.series[0].result is not None


def test_results_add_up(qtbot: QtBot, session: Session, phantom_folder: Path) -> None:
    open_and_wait(qtbot, session, phantom_folder / "series")
    assert session.result is not None
    scan = session.result.original
    denoised = scan.with_array(scan.array + 1)
    trust = measure(scan, denoised)
    session.add_result(0, Result(scan, denoised, trust=trust))
    session.add_result(0, Result(scan))
    assert session.result.denoised is denoised
    assert session.result.trust is trust
    session.add_result(0, Result(scan, scan))
    assert session.result.trust is None  # it was not measured on this one
    open_and_wait(qtbot, session, phantom_folder / "head.nii.gz")
    assert session.series[0].has_results


def test_a_made_scan_opens(qtbot: QtBot, session: Session, phantom_folder: Path) -> None:
    with qtbot.waitSignal(session.shown, timeout=20_000):
        session.open_made(lambda task: phantom_folder / "series", "a phantom")
    assert session.current == 0


def test_a_result_computed_before_opens_with_its_images(qtbot: QtBot, session: Session, phantom_folder: Path) -> None:
    scan = open_volume(phantom_folder / "series")
    denoised = scan.with_array(scan.array + 1)
    with qtbot.waitSignal(session.thumbnail_ready, timeout=20_000):
        session.open_result(Result(scan, denoised))
    assert session.current == 0
    assert session.result is not None
    assert session.result.denoised is denoised
