"""The server of the tests is real: it stores, is emptied, and is reached by DICOM and by DICOMweb."""

import socket
from pathlib import Path

import pytest

from medae.phantom import head, write_dicom
from tests import orthanc as server_module
from tests.orthanc import Orthanc


def test_it_stores_and_is_emptied(orthanc: Orthanc, tmp_path: Path) -> None:
    paths = write_dicom(head("T1", (3, 24, 20), (5.0, 8.0, 8.0)).volume, tmp_path / "series")
    identifiers = [orthanc.upload(path) for path in paths]
    assert orthanc.counts() == {"patients": 1, "studies": 1, "series": 1, "instances": 3}
    assert orthanc.file(identifiers[0]) == paths[0].read_bytes()
    assert len(orthanc.get("/dicom-web/studies")) == 1
    orthanc.know("medae", "MEDAE", 11112)
    assert orthanc.get("/modalities") == ["medae"]
    orthanc.empty()
    assert orthanc.counts()["instances"] == 0
    assert orthanc.get("/modalities") == []


def test_another_one_is_stopped_at_the_end(tmp_path: Path) -> None:
    if not server_module.is_installed():
        pytest.skip("Orthanc is not installed")
    with server_module.running(tmp_path, DicomAet="OTHER") as other:
        assert other.get("/system")["DicomAet"] == "OTHER"
    with pytest.raises(ConnectionRefusedError), socket.socket() as probe:
        probe.connect((other.host, other.http_port))
