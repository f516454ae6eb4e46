"""Opening, reading and keeping series."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from queue import Empty, SimpleQueue

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from medae import readers
from medae.exporters import export
from medae.gui.session import Session
from medae.progress import Report
from medae.quality import measure
from medae.readers import Found, Listener, Scan, open_volume, scan
from medae.results import AnomalyMap, Result
from medae.volume import Source, Volume
from tests.readers.odd import write as write_slice


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
    session.files_skipped.connect(skipped.extend)
    with qtbot.waitSignals([session.shown, session.files_skipped], timeout=20_000):
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


def test_a_series_is_found_by_one_of_its_files(qtbot: QtBot, session: Session, phantom_folder: Path) -> None:
    with qtbot.waitSignal(session.shown, timeout=20_000):
        session.open_paths([phantom_folder / "series"])
    assert session.find(phantom_folder / "series" / "0003.dcm", session.series[0].source.part) == 0
    assert session.find(phantom_folder / "series" / "0003.dcm", 7) is None
    assert session.find(phantom_folder / "head.nii.gz", 0) is None


class SlowScan:
    """Scans for real, then tells its series in the steps that the test wants."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.told: SimpleQueue[Found | None] = SimpleQueue()
        monkeypatch.setattr(readers, "scan", self.scan)

    def scan(self, paths: Sequence[Path], report: Report, listener: Listener) -> Scan:
        found = scan(paths)
        while True:
            report(0.5, "Scanning")
            with suppress(Empty):
                told = self.told.get(timeout=0.02)
                if told is None:
                    return found
                listener(told)


@pytest.fixture
def slow_scan(monkeypatch: pytest.MonkeyPatch) -> SlowScan:
    return SlowScan(monkeypatch)


@pytest.fixture
def source(phantom_folder: Path) -> Source:
    return scan(phantom_folder / "series").sources[0]


def first_slices(source: Source, count: int) -> Source:
    return replace(source, paths=source.paths[:count], shape=(count, *source.shape[1:]))


def test_a_series_grows_in_the_list_and_is_shown_once_it_has_settled(
    qtbot: QtBot, session: Session, slow_scan: SlowScan, source: Source
) -> None:
    session.open_paths([source.paths[0].parent])
    for count in (2, 3):
        with qtbot.waitSignal(session.series_added if count == 2 else session.series_changed, timeout=5_000):
            slow_scan.told.put(Found("a", (first_slices(source, count),), settled=False))
        assert len(session.series) == 1
        assert session.series[0].source.shape[0] == count
        assert session.series[0].growing
    assert session.current is None
    with qtbot.waitSignal(session.shown, timeout=5_000):
        slow_scan.told.put(Found("a", (source,), settled=True))
    assert session.result is not None
    assert session.result.original.shape == source.shape
    assert not session.series[0].growing
    with qtbot.waitSignal(session.loading_ended, timeout=5_000):
        slow_scan.told.put(None)


def test_a_series_shown_before_it_was_complete_is_read_again_but_results_are_kept(
    qtbot: QtBot, session: Session, slow_scan: SlowScan, source: Source
) -> None:
    session.open_paths([source.paths[0].parent])
    part = first_slices(source, 2)
    with qtbot.waitSignal(session.shown, timeout=5_000):
        slow_scan.told.put(Found("a", (part,), settled=True))
    assert session.result is not None
    assert session.result.original.shape[0] == 2
    with qtbot.waitSignal(session.shown, timeout=5_000):
        slow_scan.told.put(Found("a", (source,), settled=True))
    assert session.result.original.shape == source.shape
    session.add_result(0, Result(session.result.original, session.result.original))
    with qtbot.waitSignal(session.series_changed, timeout=5_000):
        slow_scan.told.put(Found("a", (part,), settled=True))
    assert session.result.denoised is not None
    assert session.result.original.shape == source.shape
    session.stop_loading()


def test_warnings_known_at_the_end_are_added(
    qtbot: QtBot, session: Session, slow_scan: SlowScan, source: Source
) -> None:
    session.open_paths([source.paths[0].parent])
    with qtbot.waitSignal(session.shown, timeout=5_000):
        slow_scan.told.put(Found("a", (source,), settled=True))
    with qtbot.assertNotEmitted(session.shown), qtbot.waitSignal(session.series_changed, timeout=5_000):
        slow_scan.told.put(Found("a", (replace(source, warnings=("Left out 1 duplicate.",)),), settled=True))
    assert session.series[0].source.warnings == ("Left out 1 duplicate.",)
    assert session.result is not None
    session.stop_loading()


def test_stopping_keeps_what_was_found(qtbot: QtBot, session: Session, slow_scan: SlowScan, source: Source) -> None:
    session.open_paths([source.paths[0].parent])
    with qtbot.waitSignal(session.series_added, timeout=5_000):
        slow_scan.told.put(Found("a", (first_slices(source, 3),), settled=False))
    with qtbot.waitSignal(session.loading_ended, timeout=2_000):
        session.stop_loading()
    assert not session.series[0].growing
    with qtbot.waitSignal(session.shown, timeout=5_000):
        session.show(0)
    assert session.result is not None
    assert session.result.original.shape[0] == 3
    slow_scan.told.put(None)
    with qtbot.assertNotEmitted(session.files_skipped, wait=200):
        pass


@pytest.fixture
def study(source: Source, tmp_path: Path) -> tuple[Path, Result]:
    """A scan, and its heatmap, segments and report, in one folder."""
    shutil.copytree(source.paths[0].parent, tmp_path / "study" / "scan")
    volume = open_volume(tmp_path / "study" / "scan")
    scores = np.zeros(volume.shape, np.float32)
    scores[1:3, 10:20, 10:20] = 6
    found = AnomalyMap(Volume(scores, volume.affine, volume.modality, source=volume.source), 3.5, "phantom")
    expected = Result(volume, anomaly_map=found)
    export(expected, tmp_path / "study" / "out", ("parametric-map", "segmentation", "structured-report"))
    return tmp_path / "study", expected


def test_results_beside_a_scan_are_laid_over_it(qtbot: QtBot, session: Session, study: tuple[Path, Result]) -> None:
    folder, expected = study
    with qtbot.waitSignal(session.result_changed, timeout=20_000):
        session.open_paths([folder])
    assert len(session.series) == 1
    found = session.result
    assert found is not None
    assert found.anomaly_map is not None
    assert expected.anomaly_map is not None
    assert found.anomaly_map.threshold == 3.5
    np.testing.assert_allclose(found.anomaly_map.volume.array, expected.anomaly_map.volume.array, atol=1e-3)
    assert found.original.overlays is not None
    assert [each.voxels for each in found.findings] == [200]


def test_what_was_computed_is_not_replaced_by_what_lies_beside(
    qtbot: QtBot, session: Session, study: tuple[Path, Result]
) -> None:
    folder, expected = study
    with qtbot.waitSignal(session.result_changed, timeout=20_000):
        session.open_paths([folder])
    assert session.result is not None
    computed = replace(expected, original=session.result.original)
    session.add_result(0, computed)
    assert session.result.anomaly_map is expected.anomaly_map
    assert len(session.result.findings) == 1


def test_a_series_with_a_gap_can_be_cut_and_put_together_again(qtbot: QtBot, session: Session, tmp_path: Path) -> None:
    for n in (0, 1, 2, 5, 6):
        write_slice(tmp_path / f"{n}.dcm", n)
    open_and_wait(qtbot, session, tmp_path)
    with qtbot.waitSignal(session.shown, timeout=20_000):
        session.rearrange("largest", [0])
    assert [entry.source.shape[0] for entry in session.series] == [5, 3]
    assert session.current == 1
    with qtbot.waitSignal(session.problem, timeout=20_000) as caught:
        session.rearrange("merged", [0, 1])
    assert "same place" in caught.args[0]
    assert len(session.series) == 2
