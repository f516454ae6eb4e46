"""A real Orthanc (Debian packages orthanc, orthanc-dicomweb) on loopback, for tests and benchmarks.

Give a test the fixture ``orthanc`` (in ``tests/conftest.py``): one server for the whole run, emptied for each test,
always stopped, skipped where it is not installed. `running` starts another one with its own configuration.
"""

import json
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

PROGRAM = shutil.which("Orthanc", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
PLUGINS = (Path("/usr/share/orthanc/plugins"), Path("/usr/lib/orthanc"))
AE_TITLE = "ORTHANC"
HOST = "127.0.0.1"
PATIENCE = 30.0
"""Seconds that Orthanc may take to answer the first request."""


def free_port() -> int:
    """A TCP port of loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def dicomweb_plugin() -> Path | None:
    """Where the DICOMweb plug-in lies."""
    return next((file for folder in PLUGINS for file in sorted(folder.glob("libOrthancDicomWeb.so*"))), None)


def is_installed() -> bool:
    """Whether both packages are here."""
    return PROGRAM is not None and dicomweb_plugin() is not None


@dataclass(frozen=True, slots=True)
class Orthanc:
    """A running server: where it listens, and its REST interface."""

    dicom_port: int
    http_port: int
    ae_title: str = AE_TITLE
    host: str = HOST

    @property
    def url(self) -> str:
        """Address of the REST interface, without a slash at the end."""
        return f"http://{self.host}:{self.http_port}"

    @property
    def dicomweb_url(self) -> str:
        """Root of QIDO-RS, WADO-RS and STOW-RS."""
        return f"{self.url}/dicom-web"

    def request(self, method: str, path: str, body: object = None) -> bytes:
        """One REST call; a body that is not bytes is sent as JSON."""
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}{path}", data, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return bytes(answer.read())

    def get(self, path: str) -> Any:
        """GET of something that is JSON: ``get("/studies?expand")``."""
        return json.loads(self.request("GET", path))

    def post(self, path: str, body: object) -> Any:
        """POST with an answer in JSON: ``post("/modalities/medae/store", [instance])``."""
        return json.loads(self.request("POST", path, body))

    def upload(self, path: Path) -> str:
        """Store a file through REST; gives Orthanc's identifier of the instance."""
        return str(self.post("/instances", path.read_bytes())["ID"])

    def counts(self) -> dict[str, int]:
        """How many patients, studies, series and instances there are."""
        names = {"patients": "CountPatients", "studies": "CountStudies"}
        names |= {"series": "CountSeries", "instances": "CountInstances"}
        facts = self.get("/statistics")
        return {level: int(facts[name]) for level, name in names.items()}

    def file(self, instance: str) -> bytes:
        """The DICOM file of an instance, by Orthanc's identifier."""
        return self.request("GET", f"/instances/{instance}/file")

    def know(self, name: str, ae_title: str, port: int) -> None:
        """Tell it of a DICOM node on loopback, to which it can push and move (``/modalities/<name>``)."""
        node = {"AET": ae_title, "Host": HOST, "Port": port, "Timeout": 30}
        self.request("PUT", f"/modalities/{name}", node)

    def empty(self) -> None:
        """Delete all patients and forget all nodes."""
        for patient in self.get("/patients"):
            self.request("DELETE", f"/patients/{patient}")
        for name in self.get("/modalities"):
            self.request("DELETE", f"/modalities/{name}")


def _configuration(folder: Path, server: Orthanc, more: dict[str, Any]) -> dict[str, Any]:
    return {
        "Name": "MedAE tests",
        "StorageDirectory": str(folder / "storage"),
        "IndexDirectory": str(folder / "storage"),
        "Plugins": [str(dicomweb_plugin())],
        "DicomWeb": {"Enable": True, "Root": "/dicom-web/", "EnableWado": True},
        "HttpPort": server.http_port,
        "DicomPort": server.dicom_port,
        "DicomAet": server.ae_title,
        "DicomCheckCalledAet": False,
        "DicomModalities": {},
        "DicomModalitiesInDatabase": True,
        "RemoteAccessAllowed": False,  # loopback only
        "AuthenticationEnabled": False,
        **{f"DicomAlwaysAllow{what}": True for what in ("Echo", "Store", "Find", "Get", "Move")},
        "UnknownSopClassAccepted": True,
        "StorageCompression": False,
        **more,
    }


@contextmanager
def running(folder: Path, **configuration: Any) -> Iterator[Orthanc]:
    """Start Orthanc in an empty scratch folder and stop it at the end of the block.

    Parameters
    ----------
    folder
        Takes configuration, index, storage and ``log.txt``.
    configuration
        Options of Orthanc's configuration file, over those of `_configuration`.
    """
    server = Orthanc(configuration.get("DicomPort") or free_port(), configuration.get("HttpPort") or free_port())
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "orthanc.json"
    file.write_text(json.dumps(_configuration(folder, server, configuration), indent=2))
    assert PROGRAM is not None
    guard = [found, "--pdeathsig", "KILL"] if (found := shutil.which("setpriv")) else []  # if pytest is killed
    with (folder / "log.txt").open("wb") as log:
        process = subprocess.Popen([*guard, PROGRAM, str(file)], stdout=log, stderr=log, cwd=folder)
        try:
            _wait(process, folder)
            yield server
        finally:
            process.kill()  # what it holds goes anyway, and it takes seconds to leave by itself
            process.wait()


def _wait(process: "subprocess.Popen[bytes]", folder: Path) -> None:
    """Return once both ports are open; they are not tried, as a connection without TLS ends an Orthanc with TLS."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        if "Orthanc has started" in (folder / "log.txt").read_text(errors="replace"):
            return
        time.sleep(0.05)
    pytest.fail(f"Orthanc did not start:\n{(folder / 'log.txt').read_text(errors='replace')[-2000:]}")


@pytest.fixture(scope="session")
def _orthanc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orthanc]:
    if not is_installed():
        pytest.skip("Orthanc is not installed (apt-get install orthanc orthanc-dicomweb)")
    with running(tmp_path_factory.mktemp("orthanc")) as server:
        yield server


@pytest.fixture
def orthanc(_orthanc: Orthanc) -> Orthanc:
    """The server of this test run, empty."""
    _orthanc.empty()
    return _orthanc
