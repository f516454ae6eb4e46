"""From the wish to export to the job."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QComboBox, QWidget
from pytestqt.qtbot import QtBot

from medae.gui import exporting
from medae.gui.exporting import Exporting
from medae.jobs.job import ExportJob
from medae.results import Result
from medae.volume import Volume

SCAN = Volume(np.zeros((2, 8, 8), np.int16), np.eye(4), "MR")


class Stub(QObject):
    """Stands for session, model, processing and tools: what `Exporting` asks of them."""

    finished = Signal()

    def __init__(self, result: Result | None) -> None:
        super().__init__()
        self.result, self.current = result, 0
        self.anomaly_map, self.heatmap_threshold, self.strength = None, 3.0, 0.5
        self.sent: list[tuple[ExportJob, str]] = []
        self.exported: list[ExportJob] = []

    def node_names(self) -> tuple[str, ...]:
        return ("archive",)

    def send_after(self, job: ExportJob, node: str) -> None:
        self.sent.append((job, node))

    def export(self, job: ExportJob) -> None:
        self.exported.append(job)


@pytest.fixture
def stub() -> Stub:
    return Stub(Result(SCAN, SCAN))


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def exporter(qtbot: QtBot, stub: Any, said: list[str]) -> Iterator[Exporting]:
    window = QWidget()
    qtbot.addWidget(window)
    made = Exporting(stub, stub, stub, stub, lambda sentence, details: said.append(sentence), window)
    yield made
    made.close()


def test_from_the_wish_to_the_job(qtbot: QtBot, exporter: Exporting, stub: Stub, tmp_path: Path) -> None:
    chosen: list[Path] = []
    exporter.ask(tmp_path, chosen.append)
    qtbot.waitUntil(lambda: exporter.dialog is not None)
    dialog = exporter.dialog
    assert dialog is not None
    dialog.formats.boxes["animation"].setChecked(True)
    assert dialog.export_button.isEnabled()
    form = dialog.formats.forms["animation"].findChild(QComboBox, "option_format")
    form.setCurrentIndex(form.findData("webp"))
    assert not dialog.export_button.isEnabled()
    qtbot.waitUntil(dialog.export_button.isEnabled)
    assert [path.name for path in dialog.outputs()] == ["mr-series-1_denoised.webp"]
    dialog.send_to.setCurrentText("archive")
    dialog.export_button.click()
    (job,) = stub.exported
    assert (job.exports, job.options, job.strength) == (("animation",), {"animation": {"format": "webp"}}, 0.5)
    assert stub.sent == [(job, "archive")]
    assert chosen == [tmp_path]


def test_nothing_is_asked_without_a_scan(qtbot: QtBot, exporter: Exporting, stub: Stub, tmp_path: Path) -> None:
    stub.result = None
    exporter.ask(tmp_path, lambda _: None)
    assert exporter.dialog is None


def test_a_scan_that_has_gone_is_said(
    qtbot: QtBot, exporter: Exporting, said: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from medae.errors import ReadError

    exporter.ask(tmp_path, lambda _: None)
    qtbot.waitUntil(lambda: exporter.dialog is not None)
    dialog = exporter.dialog
    assert dialog is not None

    def gone(*_: object) -> None:
        raise ReadError(tmp_path / "1.dcm", "the scan's file is gone")

    monkeypatch.setattr(exporting, "offer", gone)
    dialog.formats.boxes["png"].setChecked(True)
    with qtbot.waitSignal(dialog.rejected):
        dialog.formats.forms["png"].findChild(QWidget, "option_height").setText("200")
    assert "is gone" in said[0]
