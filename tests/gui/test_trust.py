"""Trust reports in the window: panel, message, file."""

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from medae.gui.main_window import MainWindow
from medae.gui.trust import with_ending
from medae.jobs.job import ExportJob, ProcessJob
from medae.jobs.messages import Done
from medae.quality.trust import gaps
from medae.results import Result
from tests.gui.conftest import FakeWorker
from tests.quality.test_summary import TRUST

WARNED = replace(TRUST, warnings=("Edges are wider.", "Bone has moved."))


def denoise(qtbot: QtBot, window: MainWindow, worker: FakeWorker, **facts: object) -> None:
    """Press Denoise, and let the worker answer with a report."""
    window.actions_.denoise.trigger()
    assert window.session.result is not None
    scan = window.session.result.original
    result = Result(scan, scan.with_array(scan.array), trust=replace(TRUST, **facts))  # type: ignore[arg-type]
    with qtbot.waitSignal(window.processing.finished, timeout=5_000):
        worker.tell(Done(len(worker.jobs), result, ()))


def test_denoising_in_the_window_is_measured(qtbot: QtBot, opened: MainWindow, worker: FakeWorker) -> None:
    assert "Denoise the scan" in opened.trust.panel.texts()
    denoise(qtbot, opened, worker)
    (job,) = worker.jobs
    assert isinstance(job, ProcessJob)
    assert job.trust
    assert "25 HU → 10 HU" in opened.trust.panel.texts()
    qtbot.waitUntil(lambda: not opened.trust.panel.noise_map.is_empty, timeout=20_000)
    assert opened.trust.panel.noise_map.scale[0] == "0"
    assert opened.message_bar.text == ""


def test_a_warning_comes_into_the_message_bar_once(qtbot: QtBot, opened: MainWindow, worker: FakeWorker) -> None:
    denoise(qtbot, opened, worker, warnings=WARNED.warnings)
    assert opened.message_bar.text == "Edges are wider. The Trust panel says 1 more."
    opened.message_bar.hide()
    opened.actions_.detect.trigger()
    with qtbot.waitSignal(opened.processing.finished, timeout=5_000):
        worker.tell(Done(2, opened.session.result, ()))
    assert opened.message_bar.text == ""
    assert "Bone has moved." in opened.trust.panel.texts()


def test_what_could_not_be_measured_is_no_message(qtbot: QtBot, opened: MainWindow, worker: FakeWorker) -> None:
    bare = replace(TRUST, edges=None)
    denoise(qtbot, opened, worker, edges=None, warnings=gaps(bare))
    assert opened.message_bar.text == ""
    assert gaps(bare)[0] in opened.trust.panel.texts()


def test_another_series_empties_the_panel(
    qtbot: QtBot, opened: MainWindow, worker: FakeWorker, phantom_folder: Path
) -> None:
    denoise(qtbot, opened, worker)
    with qtbot.waitSignal(opened.session.shown, timeout=20_000):
        opened.open_paths([phantom_folder / "head.nii.gz"])
    assert opened.trust.panel.trust is None
    with qtbot.waitSignal(opened.session.shown, timeout=20_000):
        opened.session.show(0)
    assert opened.trust.panel.trust == TRUST


def test_the_strength_is_told(qtbot: QtBot, opened: MainWindow, worker: FakeWorker) -> None:
    denoise(qtbot, opened, worker)
    opened.model.strength = 0.5
    assert "50 %" in opened.trust.panel.weaker.text()


@pytest.mark.parametrize(("chosen", "written"), [("mine", "mine.html"), ("mine.pdf", "mine.pdf"), ("", "")])
def test_save_report(
    qtbot: QtBot,
    opened: MainWindow,
    worker: FakeWorker,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    chosen: str,
    written: str,
) -> None:
    denoise(qtbot, opened, worker)
    answer = (str(tmp_path / chosen) if chosen else "", "Web page (*.html)")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: answer)
    opened.trust.panel.save.click()
    if not written:
        assert len(worker.jobs) == 1
        return
    job = worker.jobs[-1]
    assert isinstance(job, ExportJob)
    assert job.exports == ("trust-report",)
    assert job.out == tmp_path
    assert job.options == {"trust-report": {"file_name": written}}
    given = worker.given[-1]
    assert given is not None
    assert given.trust == TRUST


def test_endings() -> None:
    assert with_ending(Path("a/b.PDF"), "") == Path("a/b.pdf")
    assert with_ending(Path("a/b.v2"), "Web page (*.html)") == Path("a/b.v2.html")
    assert with_ending(Path("a/b"), "") == Path("a/b.pdf")
