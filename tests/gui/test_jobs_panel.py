"""The list of jobs."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from medae.gui.jobs_panel import JobsPanel
from medae.gui.running_jobs import JobRecord
from medae.jobs.job import ProcessJob


def texts(panel: JobsPanel) -> str:
    return " ".join(label.text() for label in panel.findChildren(QLabel) if not label.isHidden())


def test_running_cancel_and_done(qtbot: QtBot) -> None:
    panel = JobsPanel()
    qtbot.addWidget(panel)
    panel.show()
    record = JobRecord(1, "Denoise · head", 0, ProcessJob(denoise="auto"), "running", 0.4, "Slice 4 of 10")
    panel.show_job(record)
    assert "Slice 4 of 10" in texts(panel)
    button = panel.findChild(QPushButton, "cancel_job")
    with qtbot.waitSignal(panel.cancel) as caught:
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert caught.args == [record]
    record.state, record.message, record.device, record.seconds = "done", "Done", "CPU (2 threads)", 75.0
    panel.show_job(record)
    assert "Done · 1 min 15 s" in texts(panel)
    assert "CPU (2 threads)" in texts(panel)
    assert not button.isVisible()


def test_old_jobs_leave_the_list(qtbot: QtBot) -> None:
    panel = JobsPanel()
    qtbot.addWidget(panel)
    for number in range(40):
        panel.show_job(JobRecord(number, "Detect", 0, ProcessJob(detect="auto"), "failed", message="No model."))
    assert len(panel._rows) <= 31
