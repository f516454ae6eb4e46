"""A PACS pushes, MedAE denoises and sends back; killed three times half-way, nothing is lost or doubled."""

import io
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pydicom
import pytest

from medae.nodes import DicomNode, Listener, Rule
from medae.pacs import places
from medae.phantom import head, write_dicom
from medae.settings import PacsSettings
from tests.orthanc import HOST, Orthanc, free_port

PATIENCE = 120.0


class Station:
    """``medae pacs listen`` in a process of its own, which can be killed."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "medae", "pacs", "listen", "--device", "cpu", "--json"]
        with self._log.open("a") as log:
            self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, env=os.environ)
        assert self._process.stdout is not None
        assert '"ready"' in self._process.stdout.readline(), self._log.read_text()

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._end()

    def stop(self) -> int:
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return self._end()

    def _end(self) -> int:
        assert self._process is not None
        self._process.communicate(timeout=15)
        return self._process.returncode


def until(condition: Callable[[], object], what: str, seconds: float = PATIENCE) -> None:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            pytest.fail(f"not reached: {what}")
        time.sleep(0.005)


def states() -> set[str]:
    with sqlite3.connect(places.database_file()) as database:
        found = {row[0] for row in database.execute("SELECT state FROM arrivals")}
    database.close()
    return found


def changed() -> float:
    """Seconds since the epoch when a pushed series last changed its state."""
    with sqlite3.connect(places.database_file()) as database:
        ((at,),) = database.execute("SELECT MAX(changed) FROM arrivals")
    database.close()
    return float(at)


def push_and_kill(orthanc: Orthanc, slices: int, shape: tuple[int, int], tmp_path: Path) -> dict[str, float]:
    """Push a series; kill MedAE while it receives, denoises and sends. Gives the seconds of each step."""
    listener = Listener(port=free_port(), address=HOST, quiet_seconds=0.5)
    node = DicomNode(name="orthanc", ae_title=orthanc.ae_title, host=HOST, port=orthanc.dicom_port)
    settings = PacsSettings().with_node(node).changed(listener=listener)
    settings.with_rule(Rule(name="head-mr", calling_ae_title="ORTHANC", modality="MR", destination="orthanc")).save()
    volume = head("T1", (slices, *shape), (200 / slices, 200 / shape[0], 160 / shape[1])).volume
    source = {}
    for path in write_dicom(volume, tmp_path / "series", description="Head T1"):
        orthanc.upload(path)
        data = pydicom.dcmread(path, stop_before_pixels=True)
        source[data.SOPInstanceUID] = data
    orthanc.know("medae", listener.ae_title, listener.port)
    took: dict[str, float] = {}
    some = max(2, slices // 10)  # few enough that it is killed in the middle on a fast machine, too
    station = Station(tmp_path / "station.log")
    station.start()
    begun = time.monotonic()

    # killed while it receives: the PACS notices and pushes again
    request = {"Resources": orthanc.get("/studies"), "Asynchronous": True}
    job = orthanc.post("/modalities/medae/store", request)["ID"]
    until(lambda: len(list(places.spool_folder().rglob("*.dcm"))) >= some, "some received")
    station.kill()
    assert len(list(places.spool_folder().rglob("*.dcm"))) < slices
    until(lambda: orthanc.get(f"/jobs/{job}")["State"] in ("Failure", "Success", "Retry"), "the push has ended")
    assert orthanc.get(f"/jobs/{job}")["State"] == "Failure"
    station.start()
    orthanc.post(f"/jobs/{job}/resubmit", {})
    until(lambda: orthanc.get(f"/jobs/{job}")["State"] == "Success", "all pushed")
    took["received"] = time.monotonic() - begun

    # killed while it denoises: that begins again
    until(lambda: "processing" in states(), "denoising")
    station.kill()
    station.start()

    # killed while it sends: the rest follows
    until(lambda: orthanc.counts()["instances"] >= slices + some, "some sent back")
    station.kill()
    back = orthanc.counts()["instances"] - slices
    assert some <= back < slices
    station.start()
    until(lambda: orthanc.counts()["instances"] >= 2 * slices, "all sent back")
    took["all sent back"] = time.monotonic() - begun
    check(orthanc, source)

    # pushed once more: the same result, nothing doubled
    before = changed()
    orthanc.post("/modalities/medae/store", orthanc.get("/studies")[0])
    until(lambda: changed() > before and not states() & {"receiving", "processing"}, "looked at again")
    time.sleep(1.0)
    assert station.stop() == 0
    check(orthanc, source)
    return took


def check(orthanc: Orthanc, source: dict[str, pydicom.Dataset]) -> None:
    """Each image of the source has exactly one denoised one, in the same study."""
    assert orthanc.counts() == {"patients": 1, "studies": 1, "series": 2, "instances": 2 * len(source)}
    origins = []
    for instance in orthanc.get("/instances"):
        data = pydicom.dcmread(io.BytesIO(orthanc.file(instance)), stop_before_pixels=True)
        if data.SOPInstanceUID not in source:
            origins.append(data.SourceImageSequence[0].ReferencedSOPInstanceUID)
            origin = source[origins[-1]]
            assert data.StudyInstanceUID == origin.StudyInstanceUID
            assert data.ImagePositionPatient == origin.ImagePositionPatient
            assert data.SeriesDescription == "MedAE denoised: Head T1"
    assert sorted(origins) == sorted(source)


@pytest.mark.timeout(600)
def test_pushed_killed_three_times_and_sent_back(orthanc: Orthanc, tmp_path: Path) -> None:
    push_and_kill(orthanc, 24, (64, 56), tmp_path)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_same_with_300_slices(orthanc: Orthanc, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    took = push_and_kill(orthanc, 300, (256, 256), tmp_path)
    with capsys.disabled():
        seconds = ", ".join(f"{step} after {value:.1f} s" for step, value in took.items())
        sys.stdout.write(f"\n300 slices of 256 × 256, killed three times: {seconds}\n")
