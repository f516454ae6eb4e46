"""The Storage SCP: what it takes, from whom, encrypted or not."""

from pathlib import Path

import pydicom
import pytest
from pydicom.data import get_testdata_file

from medae.errors import NodeError, SettingsError
from medae.nodes import DicomNode, Listener
from medae.pacs import client
from medae.pacs.listener import listening, only_moved
from medae.pacs.outcome import Outcome
from tests.orthanc import HOST, Orthanc
from tests.pacs.conftest import Authority


def as_node(listener: Listener, **fields: object) -> DicomNode:
    return DicomNode(name="medae", ae_title=listener.ae_title, host=HOST, port=listener.port, timeout=5, **fields)


def send(node: DicomNode, *paths: Path, calling: str = "SCANNER") -> list[Outcome]:
    outcomes: list[Outcome] = []
    client.store(node, paths, outcomes.append, Listener(ae_title=calling))
    return outcomes


def test_it_takes_bytes_as_they_are_in_any_transfer_syntax(listener: Listener, series: tuple[Path, ...]) -> None:
    got: list[tuple[str, bytes]] = []
    compressed = Path(get_testdata_file("MR_small_jp2klossless.dcm"))

    def take(calling: str, data: bytes) -> int:
        got.append((calling, data))
        return 0

    with listening(listener, take):
        client.echo(as_node(listener))
        assert {one.state for one in send(as_node(listener), series[0], compressed)} == {"sent"}
    assert {calling for calling, _ in got} == {"SCANNER"}
    for data, path in zip((data for _, data in got), (series[0], compressed), strict=True):
        import io

        assert pydicom.dcmread(io.BytesIO(data)) == pydicom.dcmread(path)
    with pytest.raises(NodeError, match="not listening"):
        client.echo(as_node(listener))


def test_orthanc_pushes_to_it(orthanc: Orthanc, listener: Listener, series: tuple[Path, ...]) -> None:
    got: list[str] = []
    for path in series:
        orthanc.upload(path)
    orthanc.know("medae", listener.ae_title, listener.port)
    with listening(listener, lambda calling, _: got.append(calling) or 0):
        answer = orthanc.post("/modalities/medae/store", orthanc.get("/studies")[0])
    assert answer["InstancesCount"] == len(series)
    assert got == [orthanc.ae_title] * len(series)


def test_only_those_who_may(listener: Listener, series: tuple[Path, ...]) -> None:
    strict = listener.model_copy(update={"accept": ("FRIEND",)})
    with listening(strict, lambda *_: 0):
        with pytest.raises(NodeError, match="does not know MedAE's AE title 'STRANGER'"):
            send(as_node(strict), series[0], calling="STRANGER")
        assert send(as_node(strict), series[0], calling="FRIEND")[0].state == "sent"


def test_what_nobody_asked_for_is_refused_while_only_moves_are_awaited(
    listener: Listener, series: tuple[Path, ...]
) -> None:
    with listening(listener, only_moved):
        assert send(as_node(listener), series[0])[0].state == "refused"


def test_tls_with_client_certificates(listener: Listener, authority: Authority, series: tuple[Path, ...]) -> None:
    own = {"tls": True, "ca_file": authority.ca, "certificate": authority.certificate, "key": authority.key}
    secure = listener.model_copy(update=own)
    with listening(secure, lambda *_: 0):
        assert send(as_node(secure, **own), series[0])[0].state == "sent"
        with pytest.raises(NodeError):
            client.echo(as_node(secure, tls=True, ca_file=authority.ca))
    with (
        pytest.raises(SettingsError, match="needs a certificate"),
        listening(listener.model_copy(update={"tls": True}), only_moved),
    ):
        pass
