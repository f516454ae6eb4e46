"""``medae pacs``: ask, fetch, move, send with the Orthanc of the tests."""

import json
from collections.abc import Callable
from pathlib import Path

import pydicom
import pytest

from medae.settings import PacsSettings
from tests.orthanc import Orthanc, free_port


@pytest.fixture
def node(orthanc: Orthanc, medae: Callable) -> str:
    done = medae(
        "pacs", "nodes", "add", "pacs", "--ae-title", "ORTHANC", "--host", "127.0.0.1", "--port", orthanc.dicom_port
    )
    assert done.exit_code == 0, done.stderr
    return "pacs"


def test_echo(medae: Callable, node: str) -> None:
    assert "pacs answered in" in medae("pacs", "echo", node).stdout
    assert json.loads(medae("pacs", "echo", node, "--json").stdout)["seconds"] < 5
    unknown = medae("pacs", "echo", "other")
    assert unknown.exit_code == 1
    assert "No node is called 'other' (known: pacs)" in unknown.stderr


def test_send_find_and_get(medae: Callable, node: str, orthanc: Orthanc, series: Path, tmp_path: Path) -> None:
    sent = medae("pacs", "send", node, series, "--json")
    assert sent.exit_code == 0, sent.stderr
    (batch,) = json.loads(sent.stdout)
    assert (batch["state"], batch["sent"], batch["refused"]) == ("sent", 3, 0)
    assert orthanc.counts()["instances"] == 3
    (study,) = json.loads(medae("pacs", "find", node, "--name", "Phantom", "--modality", "MR", "--json").stdout)
    uid = study["study_instance_uid"]
    (found,) = json.loads(medae("pacs", "find", node, "--study", uid, "--json").stdout)
    assert (found["number"], found["instances"]) == ("4", 3)
    images = medae("pacs", "find", node, "--study", uid, "--series", found["series_instance_uid"])
    assert len(images.stdout.split()) == 3
    assert "1 found." in medae("pacs", "find", node).stderr
    got = medae("pacs", "get", node, tmp_path / "out", "--study", uid, "--json")
    assert got.exit_code == 0, got.stderr
    (one,) = json.loads(got.stdout)
    assert one["files"] == 3
    assert len(list(Path(one["folder"]).glob("*.dcm"))) == 3


def test_a_date_that_is_none(medae: Callable, node: str) -> None:
    done = medae("pacs", "find", node, "--date", "yesterday")
    assert done.exit_code == 1
    assert "20260101-20260131" in done.stderr


def test_send_what_is_no_dicom_and_what_can_wait(medae: Callable, node: str, series: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no DICOM")
    nothing = medae("pacs", "send", node, tmp_path)
    assert nothing.exit_code == 1
    assert "There is no DICOM file to send" in nothing.stderr
    later = medae("pacs", "send", node, series, "--no-wait")
    assert "waiting: 0 sent, 3 waiting" in later.stdout


def test_move_to_a_node_that_is_not_known(medae: Callable, node: str, series: Path) -> None:
    medae("pacs", "send", node, series)
    study = pydicom.dcmread(series / "0001.dcm").StudyInstanceUID
    done = medae("pacs", "move", node, "NOWHERE", "--study", study)
    assert done.exit_code == 1
    assert "Node 'pacs'" in done.stderr
    medae("pacs", "nodes", "add", "web", "--url", "http://127.0.0.1:1/dicom-web")
    assert "cannot move" in medae("pacs", "move", "web", "NOWHERE", "--study", study).stderr


def test_listen_says_when_it_cannot(medae: Callable) -> None:
    import socket

    with socket.create_server(("127.0.0.1", free_port())) as taken:
        medae("pacs", "listener", "--address", "127.0.0.1", "--port", taken.getsockname()[1])
        done = medae("pacs", "listen")
    assert done.exit_code == 1
    assert "choose another port" in done.stderr
    assert PacsSettings.load().listener.address == "127.0.0.1"
