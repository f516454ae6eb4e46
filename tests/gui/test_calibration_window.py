"""Calibrating on own normal scans: the job that is asked for, and what is shown of it (the worker is played)."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from medae import bundle
from medae.gui.calibration_window import CalibrationWindow, result_lines
from medae.jobs.job import CalibrateJob
from medae.jobs.messages import Done, Failed, Progress, Stopped
from tests.gui.conftest import FakeWorker

DEFINITION = {"_target_": "medae.networks.ResidualUNet", "in_channels": 1, "features": [8, 16], "blocks": 1}
FACTS = {
    "calibration_scans": 4,
    "threshold_z": 6.25,
    "false_findings_per_normal_scan": 0.5,
    "left_out": ["a.dcm: CT, the model is for MR"],
    "warnings": ["4 normal scans tell little: p is never below 0.2"],
}


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[CalibrationWindow]:
    for name, task in (("first", "anomaly"), ("second", "anomaly"), ("denoiser", "denoise")):
        metadata = {
            "version": "1",
            "name": f"Model {name}",
            "license": "Apache-2.0",
            "medae": {"task": task, "family": "denoising", "modalities": ["MR"], "settings": {}},
        }
        state = bundle.build_network(DEFINITION).state_dict()
        bundle.write(bundle.user_models_folder() / name, state, DEFINITION, metadata, "# Card")
    made = CalibrationWindow(FakeWorker)
    made.show()
    made.refresh("second")
    qtbot.waitUntil(lambda: made.model.currentData() == "second")
    yield made
    made.shut_down()
    made.close()
    made.deleteLater()


def started(qtbot: QtBot, window: CalibrationWindow, folder: Path) -> FakeWorker:
    window.folders.add([folder])
    qtbot.mouseClick(window.start_button, Qt.MouseButton.LeftButton)
    assert isinstance(window._line.worker, FakeWorker)
    return window._line.worker


def test_only_models_of_anomalies_are_offered(window: CalibrationWindow) -> None:
    offered = {window.model.itemData(row) for row in range(window.model.count())}
    assert {"first", "second"} <= offered
    assert "denoiser" not in offered


def test_it_says_what_is_missing(window: CalibrationWindow, tmp_path: Path) -> None:
    assert not window.start_button.isEnabled()
    assert "folder of normal scans" in window.doing.text()
    window.folders.add([tmp_path])
    assert window.start_button.isEnabled()
    window.name.setText("No Name")
    assert not window.start_button.isEnabled()
    assert "small letters" in window.doing.text()


def test_the_choice_becomes_a_job_that_can_be_cancelled(
    qtbot: QtBot, window: CalibrationWindow, tmp_path: Path
) -> None:
    worker = started(qtbot, window, tmp_path)
    assert worker.jobs == [CalibrateJob(model="second", paths=(tmp_path,))]
    worker.tell(Progress(1, 0.5, "Reading normal scan 3"))
    qtbot.waitUntil(lambda: window.doing.text() == "Reading normal scan 3")
    assert window.bar.value() == 500
    assert not window.start_button.isEnabled()
    qtbot.mouseClick(window.cancel_button, Qt.MouseButton.LeftButton)
    assert worker.cancelled == [1]
    worker.tell(Stopped(1))
    qtbot.waitUntil(lambda: not window.is_busy)
    assert "nothing was written" in window.message_bar.text
    assert window.start_button.isEnabled()


def test_the_result_is_told_and_can_be_used(qtbot: QtBot, window: CalibrationWindow, tmp_path: Path) -> None:
    worker = started(qtbot, window, tmp_path)
    with qtbot.waitSignal(window.changed):
        worker.tell(Done(1, None, (tmp_path / "second-site",), FACTS))
    assert "Normal scans: 4" in window.answer.text()
    assert "second-site" in window.message_bar.text
    with qtbot.waitSignal(window.use) as caught:
        qtbot.mouseClick(window.use_button, Qt.MouseButton.LeftButton)
    assert caught.args == ["second-site"]


def test_a_failure_is_told(qtbot: QtBot, window: CalibrationWindow, tmp_path: Path) -> None:
    worker = started(qtbot, window, tmp_path)
    worker.tell(Failed(1, "no MR scan to calibrate on was found; name a folder of scans"))
    qtbot.waitUntil(lambda: not window.is_busy)
    assert window.message_bar.text.startswith("No MR scan")
    assert not window.use_button.isVisible()


def test_training_on_the_same_scans_is_one_click_away(qtbot: QtBot, window: CalibrationWindow, tmp_path: Path) -> None:
    assert not window.train_button.isEnabled()
    window.folders.add([tmp_path])
    with qtbot.waitSignal(window.train) as caught:
        qtbot.mouseClick(window.train_button, Qt.MouseButton.LeftButton)
    assert caught.args == [(tmp_path,), "MR"]


def test_result_lines_count_what_they_do_not_name() -> None:
    lines = result_lines({**FACTS, "left_out": [f"{n}.dcm: unreadable" for n in range(8)]})
    assert lines[1] == "Threshold: |z| = 6.25, with 0.5 false regions per normal scan"
    assert lines[2].startswith("4 normal scans tell little")
    assert lines[-1] == "… and 3 more"
    assert not any("False" in line or "None" in line for line in result_lines({**FACTS, "left_out": []}))
