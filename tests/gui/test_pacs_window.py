"""The PACS window on the Orthanc of the tests: search, fetch, send, try."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QInputDialog, QMessageBox
from pytestqt.qtbot import QtBot

from medae.gui.pacs_window import PacsWindow
from medae.gui.pacs_work import PacsWork
from medae.nodes import DicomNode
from medae.pacs import places
from medae.pacs.state import opened
from medae.phantom import head, write_dicom
from medae.settings import PacsSettings
from tests.gui.test_pacs_queue import batch
from tests.orthanc import HOST, Orthanc


@pytest.fixture
def files(tmp_path: Path, orthanc: Orthanc) -> tuple[Path, ...]:
    paths = write_dicom(head("T1", (3, 24, 20), (5.0, 8.0, 8.0)).volume, tmp_path / "series", description="Head T1")
    for path in paths:
        orthanc.upload(path)
    return paths


@pytest.fixture
def pacs(qtbot: QtBot, orthanc: Orthanc) -> Iterator[PacsWindow]:
    node = DicomNode(name="pacs", ae_title=orthanc.ae_title, host=HOST, port=orthanc.dicom_port)
    PacsSettings().with_node(node).save()
    work = PacsWork()
    made = PacsWindow(work)
    made.show()
    with qtbot.waitSignal(work.settings_changed):
        work.start()
    yield made
    made.shut_down()
    work.close()
    made.close()
    made.deleteLater()
    work.deleteLater()


def test_search_expand_and_fetch(qtbot: QtBot, pacs: PacsWindow, files: tuple[Path, ...]) -> None:
    tree = pacs.search.tree
    pacs.search.fields["patient_name"].setText("Phantom")
    pacs.search.search_button.click()
    qtbot.waitUntil(lambda: tree.topLevelItemCount() == 1 and tree.topLevelItem(0).childCount() == 1, timeout=10_000)
    series = tree.topLevelItem(0).child(0)
    assert series.text(0) == "1 · Head T1"
    qtbot.waitUntil(pacs.search.fetch_button.isEnabled, timeout=5_000)
    with qtbot.waitSignal(pacs.open_paths, timeout=10_000) as opened:
        pacs.search.fetch_button.click()
    (folder,) = opened.args[0]
    assert folder == places.retrieved_folder(series.data(0, 256).series_instance_uid)
    assert len(list(folder.glob("*.dcm"))) == len(files)
    assert "3 images came from pacs" in pacs.message_bar.text


def test_a_node_is_tried(qtbot: QtBot, pacs: PacsWindow) -> None:
    pacs.setup.echo.emit("pacs")
    qtbot.waitUntil(lambda: "pacs answered in" in pacs.message_bar.text, timeout=10_000)


@pytest.mark.filterwarnings("ignore:Exception ignored in. <socket")
def test_a_node_that_is_away_is_told(qtbot: QtBot, pacs: PacsWindow) -> None:
    away = DicomNode(name="away", ae_title="AWAY", host=HOST, port=1)
    with qtbot.waitSignal(pacs.work.settings_changed):
        pacs.work.change(lambda settings: settings.with_node(away))
    pacs.setup.echo.emit("away")
    qtbot.waitUntil(lambda: "is not listening" in pacs.message_bar.text, timeout=10_000)
    assert pacs.search.search_button.isEnabled()


def test_files_are_sent_to_the_node_that_is_chosen(
    qtbot: QtBot, pacs: PacsWindow, files: tuple[Path, ...], orthanc: Orthanc, monkeypatch: pytest.MonkeyPatch
) -> None:
    orthanc.request("DELETE", f"/patients/{orthanc.get('/patients')[0]}")
    monkeypatch.setattr(QInputDialog, "getItem", lambda *_: ("pacs", True))
    pacs.send(files)
    qtbot.waitUntil(lambda: orthanc.counts()["instances"] == len(files), timeout=20_000)
    qtbot.waitUntil(lambda: pacs.queue.sent.rowCount() == 1, timeout=10_000)


def test_what_would_be_lost_is_asked_about(
    qtbot: QtBot, pacs: PacsWindow, files: tuple[Path, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened() as (_, spool):
        spool.take("SCANNER", files[0].read_bytes())
        (arrival,) = spool.arrivals()
    answers = [QMessageBox.StandardButton.Cancel, QMessageBox.StandardButton.Discard]
    questions: list[str] = []
    monkeypatch.setattr(QMessageBox, "question", lambda *facts: questions.append(facts[2]) or answers.pop(0))
    pacs.queue.remove.emit(arrival)
    assert arrival.folder.exists()
    pacs.queue.remove.emit(arrival)
    qtbot.waitUntil(lambda: not arrival.folder.exists(), timeout=10_000)
    assert "SCANNER" in questions[0]


def test_without_nodes_one_is_asked_to_add_one(qtbot: QtBot, pacs: PacsWindow, files: tuple[Path, ...]) -> None:
    with qtbot.waitSignal(pacs.work.settings_changed):
        pacs.work.change(lambda settings: settings.without("pacs"))
    assert pacs.tabs.currentWidget() is pacs.setup
    pacs.send(files)
    assert "Add a node first" in pacs.message_bar.text


def test_a_window_opened_late_shows_the_queue_at_once(qtbot: QtBot) -> None:
    work = PacsWork()
    work._looked(((batch("one", 0, 3, 0),), ()))
    made = PacsWindow(work)
    qtbot.addWidget(made)
    assert made.queue.sent.rowCount() == 1
    made.shut_down()
    work.close()
    work.deleteLater()
