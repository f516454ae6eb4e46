"""Sending what is queued: outcomes are noted, failures are tried again later."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from medae.errors import Cancelled
from medae.nodes import DicomNode
from medae.pacs import places
from medae.pacs.database import Database
from medae.pacs.send_queue import SendQueue
from medae.pacs.sender import send_due
from medae.settings import PacsSettings
from tests.orthanc import HOST, Orthanc, free_port


@pytest.fixture
def queue() -> Iterator[SendQueue]:
    database = Database(places.database_file())
    yield SendQueue(database)
    database.close()


def test_everything_that_is_due_is_sent(
    queue: SendQueue, dicom_node: DicomNode, orthanc: Orthanc, series: tuple[Path, ...], tmp_path: Path
) -> None:
    PacsSettings().with_node(dicom_node).save()
    batch = queue.add("orthanc", [*series, tmp_path / "gone.dcm"], "six and one")
    assert send_due(queue) == len(series)
    assert orthanc.counts()["instances"] == len(series)
    one = queue.batch(batch)
    assert (one.state, one.sent, one.refused, one.message) == ("failed", len(series), 1, "the file is gone")
    assert send_due(queue) == 0


def test_a_node_that_is_away_is_tried_again(queue: SendQueue, orthanc: Orthanc, series: tuple[Path, ...]) -> None:
    away = DicomNode(name="pacs", ae_title="ORTHANC", host=HOST, port=free_port())
    PacsSettings().with_node(away).save()
    batch = queue.add("pacs", series, "six")
    assert send_due(queue) == 0
    assert queue.batch(batch).state == "retrying"
    assert "not listening" in queue.batch(batch).message
    PacsSettings().with_node(away.model_copy(update={"port": orthanc.dicom_port})).save()
    assert send_due(queue) == 0  # not due yet
    queue.again(batch)
    assert send_due(queue) == len(series)
    assert queue.batch(batch).state == "sent"


def test_a_node_that_was_removed_from_the_settings(queue: SendQueue, series: tuple[Path, ...]) -> None:
    batch = queue.add("old", series, "six")
    assert send_due(queue) == 0
    assert (queue.batch(batch).state, queue.batch(batch).refused) == ("failed", len(series))
    assert "No node is called 'old'" in queue.batch(batch).message


def test_only_one_process_sends(queue: SendQueue, series: tuple[Path, ...]) -> None:
    queue.add("old", series, "six")
    with FileLock(places.lock_file("sender")):
        assert send_due(queue) == 0
    assert queue.batches()[0].waiting == len(series)


def test_stopped_half_way_the_rest_waits(
    queue: SendQueue, dicom_node: DicomNode, orthanc: Orthanc, series: tuple[Path, ...]
) -> None:
    PacsSettings().with_node(dicom_node).save()
    batch = queue.add("orthanc", series, "six")

    def stop(_fraction: float, _message: str = "", /) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        send_due(queue, report=stop)
    assert queue.batch(batch).waiting > 0
    send_due(queue)
    assert queue.batch(batch).sent == orthanc.counts()["instances"] == len(series)
