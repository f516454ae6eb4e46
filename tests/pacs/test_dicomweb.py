"""QIDO-RS, WADO-RS and STOW-RS with Orthanc: counts, equality, and what goes wrong."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pydicom
import pytest
from pydicom.data import get_testdata_file

from medae.errors import NodeError
from medae.nodes import DicomwebNode
from medae.pacs import dicomweb
from medae.pacs.outcome import Outcome
from medae.pacs.query import Query
from tests import orthanc as server
from tests.orthanc import Orthanc, free_port
from tests.pacs.conftest import Authority, tls_in_front


def send(node: DicomwebNode, *paths: Path) -> list[Outcome]:
    outcomes: list[Outcome] = []
    dicomweb.store(node, paths, outcomes.append)
    return outcomes


def test_what_was_stored_is_found_counted_and_fetched_equal(
    web_node: DicomwebNode, orthanc: Orthanc, series: tuple[Path, ...], tmp_path: Path
) -> None:
    dicomweb.echo(web_node)
    assert send(web_node, *series) == [Outcome(path, "sent") for path in series]
    assert orthanc.counts() == {"patients": 1, "studies": 1, "series": 1, "instances": len(series)}
    header = pydicom.dcmread(series[0], stop_before_pixels=True)
    (study,) = dicomweb.find(web_node, "STUDY", Query(patient_name="Phantom^M", modality="MR", description="phantom"))
    assert (study.study_instance_uid, study.instances) == (header.StudyInstanceUID, len(series))
    (one,) = dicomweb.find(web_node, "SERIES", study=study.study_instance_uid)
    assert (one.modality, one.number, one.instances) == ("MR", "3", len(series))
    instances = dicomweb.find(web_node, "IMAGE", study=study.study_instance_uid, series=one.series_instance_uid)
    fetched = dicomweb.get(web_node, instances, tmp_path / "fetched")
    by_uid = {data.SOPInstanceUID: data for data in map(pydicom.dcmread, fetched)}
    assert by_uid == {data.SOPInstanceUID: data for data in map(pydicom.dcmread, series)}


def test_compressed_files_go_and_come_as_they_are(web_node: DicomwebNode, tmp_path: Path) -> None:
    path = Path(get_testdata_file("MR_small_jp2klossless.dcm"))
    assert send(web_node, path) == [Outcome(path, "sent")]
    given = pydicom.dcmread(path)
    instances = dicomweb.find(web_node, "IMAGE", study=given.StudyInstanceUID, series=given.SeriesInstanceUID)
    (fetched,) = dicomweb.get(web_node, instances, tmp_path)
    got = pydicom.dcmread(fetched)
    assert got.file_meta.TransferSyntaxUID == given.file_meta.TransferSyntaxUID
    assert got.PixelData == given.PixelData


def test_bad_files_do_not_stop_the_others(
    web_node: DicomwebNode, orthanc: Orthanc, series: tuple[Path, ...], tmp_path: Path
) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("no DICOM")
    outcomes = {one.path: one.state for one in send(web_node, text, series[0], tmp_path / "absent", series[1])}
    assert outcomes == {text: "refused", tmp_path / "absent": "refused", series[0]: "sent", series[1]: "sent"}
    assert orthanc.counts()["instances"] == 2


def test_nothing_found_is_no_error(web_node: DicomwebNode) -> None:
    assert dicomweb.find(web_node, "STUDY", Query(patient_id="nobody")) == ()


def test_servers_that_are_not_there_or_no_dicomweb(orthanc: Orthanc) -> None:
    away = DicomwebNode(name="away", url=f"http://127.0.0.1:{free_port()}/dicom-web", timeout=2)
    with pytest.raises(NodeError, match=r"'away'.*cannot be reached") as caught:
        dicomweb.echo(away)
    assert caught.value.is_temporary
    with pytest.raises(NodeError, match="no DICOMweb services at this address") as caught:
        dicomweb.echo(DicomwebNode(name="wrong", url=f"{orthanc.url}/elsewhere"))
    assert not caught.value.is_temporary
    with pytest.raises(NodeError, match=r"not DICOMweb|HTTP error|no DICOMweb"):
        dicomweb.echo(DicomwebNode(name="html", url=f"{orthanc.url}/app/explorer.html?x="))


def test_a_busy_server_is_told_as_temporary() -> None:
    class Busy(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(503)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Busy) as busy:
        thread = threading.Thread(target=busy.serve_forever, args=(0.05,))
        thread.start()
        node = DicomwebNode(name="busy", url=f"http://127.0.0.1:{busy.server_port}/web")
        with pytest.raises(NodeError, match="'busy'") as caught:
            dicomweb.echo(node)
        assert caught.value.is_temporary
        busy.shutdown()
        thread.join()


def test_user_password_and_tls(
    series: tuple[Path, ...], authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not server.is_installed():
        pytest.skip("Orthanc is not installed")
    passwords = {"anna": "s3cret"}
    monkeypatch.setattr(dicomweb, "password", lambda node: passwords[node.user] if node.user else "")
    users = {"AuthenticationEnabled": True, "RegisteredUsers": {"anna": "s3cret"}}
    with (
        server.running(tmp_path / "secure", **users) as secure,
        tls_in_front(secure.http_port, authority) as port,
    ):
        url = f"https://127.0.0.1:{port}/dicom-web"
        node = DicomwebNode(name="secure", url=url, user="anna", ca_file=authority.ca, timeout=5)
        assert [one.state for one in send(node, *series)] == ["sent"] * len(series)
        assert len(dicomweb.find(node, "STUDY")) == 1
        passwords["anna"] = "secret2"
        with pytest.raises(NodeError, match="the user name or the password is wrong") as caught:
            dicomweb.echo(node)
        assert "secret2" not in str(caught.value)
        with pytest.raises(NodeError, match="certificate that is not trusted"):
            dicomweb.echo(node.model_copy(update={"ca_file": None}))
