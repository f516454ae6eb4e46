"""Queue and listener of the window, without the window's thread doing any of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from medae.gui.pacs_work import PacsWork
from medae.nodes import DicomNode, Listener
from medae.pacs import places
from medae.pacs.state import opened
from medae.phantom import head, write_dicom
from medae.settings import PacsSettings
from tests.orthanc import HOST, Orthanc, free_port


@pytest.fixture
def work(qtbot: QtBot) -> Iterator[PacsWork]:
    made = PacsWork()
    yield made
    made.close()
    made.deleteLater()


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, ...]:
    return write_dicom(head("T1", (3, 24, 20), (5.0, 8.0, 8.0)).volume, tmp_path / "series")


def test_settings_are_read_changed_and_saved(qtbot: QtBot, work: PacsWork) -> None:
    node = DicomNode(name="pacs", ae_title="PACS", host=HOST)
    with qtbot.waitSignal(work.settings_changed):
        work.start()
    assert work.settings == PacsSettings()
    assert not places.has_state()
    with qtbot.waitSignal(work.settings_changed):
        work.change(lambda settings: settings.with_node(node))
    assert work.settings.nodes == PacsSettings.load().nodes == (node,)
    with qtbot.waitSignal(work.problem) as told:
        work.change(lambda settings: settings.changed(nodes="nonsense"))
    assert "make no sense" in told.args[0]


def test_files_are_queued_and_sent(qtbot: QtBot, work: PacsWork, orthanc: Orthanc, files: tuple[Path, ...]) -> None:
    node = DicomNode(name="pacs", ae_title=orthanc.ae_title, host=HOST, port=orthanc.dicom_port)
    PacsSettings().with_node(node).save()
    work.start()
    states: list[str] = []
    work.state_changed.connect(lambda batches, _: states.extend(one.state for one in batches))
    work.send("pacs", [files[0].parent], "Export")
    qtbot.waitUntil(lambda: "sent" in states, timeout=20_000)
    assert orthanc.counts()["instances"] == len(files)
    with opened() as (queue, _):
        assert [one.title for one in queue.batches()] == ["Export: 3 files"]


def test_nothing_to_send_is_told(qtbot: QtBot, work: PacsWork, tmp_path: Path) -> None:
    with qtbot.waitSignal(work.problem) as told:
        work.send("pacs", [tmp_path], "Export")
    assert "no DICOM file to send" in told.args[0]


def test_a_batch_is_retried_and_removed(qtbot: QtBot, work: PacsWork, files: tuple[Path, ...]) -> None:
    with opened() as (queue, _):
        batch = queue.batch(queue.add("gone", files, "three"))
        queue.give_up(batch.id, "because")
    seen: list[tuple] = []
    work.state_changed.connect(lambda batches, _: seen.append(batches))
    work.start()
    qtbot.waitUntil(lambda: bool(seen) and seen[-1][0].refused == 3, timeout=10_000)
    work.retry(batch)  # it is tried, and the node is not there
    qtbot.waitUntil(lambda: "No node is called 'gone'" in seen[-1][0].message, timeout=10_000)
    work.remove(batch)
    qtbot.waitUntil(lambda: seen[-1] == (), timeout=10_000)


def test_the_listener_runs_in_a_process_of_its_own(qtbot: QtBot, work: PacsWork) -> None:
    listener = Listener(port=free_port(), address=HOST)
    PacsSettings().changed(listener=listener).save()
    work.start()
    work.listen(True)
    assert work.listener_state == "starting"
    qtbot.waitUntil(lambda: work.listener_state == "on", timeout=60_000)
    work.listen(False)
    qtbot.waitUntil(lambda: work.listener_state == "off", timeout=20_000)


def test_a_listener_that_cannot_start_says_why(qtbot: QtBot, work: PacsWork) -> None:
    import socket

    told: list[tuple[str, str]] = []
    work.listener_changed.connect(lambda *facts: told.append(facts))
    with socket.create_server((HOST, 0)) as taken:
        PacsSettings().changed(listener=Listener(port=taken.getsockname()[1], address=HOST)).save()
        work.listen(True)
        qtbot.waitUntil(lambda: work.listener_state == "failed", timeout=60_000)
    assert "choose another port" in told[-1][1]
