"""One way to ask, fetch and send for both kinds of node."""

import time
from pathlib import Path

import pydicom
import pytest

from medae.errors import Cancelled, NodeError
from medae.nodes import DicomNode, DicomwebNode, Listener
from medae.pacs import client
from medae.pacs.outcome import Outcome
from medae.pacs.query import Query
from tests.orthanc import HOST, Orthanc, free_port


@pytest.fixture(params=["get", "move", "web"])
def node(
    request: pytest.FixtureRequest,
    dicom_node: DicomNode,
    web_node: DicomwebNode,
    orthanc: Orthanc,
    listener: Listener,
) -> DicomNode | DicomwebNode:
    """Orthanc by C-GET, by C-MOVE to our listener, and by DICOMweb."""
    orthanc.know("medae", listener.ae_title, listener.port)
    if request.param == "web":
        return web_node
    return dicom_node.model_copy(update={"retrieve": request.param})


def test_store_find_and_retrieve(
    node: DicomNode | DicomwebNode, series: tuple[Path, ...], listener: Listener, tmp_path: Path
) -> None:
    assert 0 < client.echo(node, listener) < 5
    outcomes: list[Outcome] = []
    client.store(node, series, outcomes.append, listener)
    assert {one.state for one in outcomes} == {"sent"}
    (study,) = client.find_studies(node, Query(patient_name="phan"), listener)
    (one,) = client.find_series(node, study.study_instance_uid, listener)
    told: list[float] = []
    paths = client.retrieve(
        node,
        study.study_instance_uid,
        one.series_instance_uid,
        tmp_path / "out",
        listener,
        lambda fraction, _="": told.append(fraction),
    )
    assert {path.parent for path in paths} == {tmp_path / "out"}
    got = {data.SOPInstanceUID: data for data in map(pydicom.dcmread, paths)}
    assert got == {data.SOPInstanceUID: data for data in map(pydicom.dcmread, series)}
    assert told
    assert all(0 <= fraction <= 1 for fraction in told)


def test_a_series_that_is_not_there(node: DicomNode | DicomwebNode, listener: Listener, tmp_path: Path) -> None:
    with pytest.raises(NodeError, match=r"no images of that series|gone"):
        client.retrieve(node, "1.2.3", "1.2.4", tmp_path / "out", listener)
    assert not (tmp_path / "out").exists()


def test_it_is_tried_again_and_can_be_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[float] = []

    def busy() -> None:
        tries.append(time.monotonic())
        raise NodeError("busy", is_temporary=True)

    monkeypatch.setattr(client, "_STEP", 0.01)
    monkeypatch.setattr(client, "FIRST_PAUSE", 0.1)
    with pytest.raises(NodeError, match="busy"):
        client._patiently(busy, lambda *_: None)
    assert len(tries) == client.ATTEMPTS
    assert tries[2] - tries[1] > 1.5 * (tries[1] - tries[0])

    def stop(_fraction: float, _message: str = "", /) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        client._patiently(busy, stop)
    assert len(tries) == client.ATTEMPTS + 1


def test_a_refusal_is_not_repeated() -> None:
    tries: list[int] = []

    def refuse() -> None:
        tries.append(1)
        raise NodeError("no")

    with pytest.raises(NodeError, match="no"):
        client._patiently(refuse, lambda *_: None)
    assert tries == [1]


def test_a_port_that_is_taken_is_told() -> None:
    import socket

    with socket.create_server((HOST, free_port())) as taken, pytest.raises(NodeError, match="choose another port"):
        client.with_own_listener(Listener(port=taken.getsockname()[1], address=HOST), lambda: None)
