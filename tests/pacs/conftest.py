"""Nodes to talk to: the Orthanc of the tests, dcmtk's storescp and dcmqrscp, certificates, small series."""

import datetime
import gc
import ipaddress
import shutil
import socket
import socketserver
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from medae.nodes import DicomNode, DicomwebNode, Listener
from medae.phantom import head, write_dicom
from tests.orthanc import HOST, Orthanc, free_port

SYSTEM = "/usr/bin:/usr/local/bin:/opt/homebrew/bin"
"""Where dcmtk is: pynetdicom puts other programs of the same names into the virtual environment."""

UNCLOSED = "ignore:Exception ignored in. <(socket|ssl)"
"""pynetdicom 3.0.4 leaves the socket of a connection that failed to the garbage collection."""

SHAPE, SPACING = (6, 24, 20), (5.0, 8.0, 8.0)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put up with sockets that pynetdicom leaves open, in the tests of this folder."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings(UNCLOSED))


@pytest.fixture(autouse=True, scope="module")
def _collected() -> Iterator[None]:
    """Let those sockets go here, not in a test of another folder, where they would be a failure."""
    yield
    gc.collect()


@pytest.fixture(scope="session")
def _series(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ...]:
    folder = tmp_path_factory.mktemp("pushed") / "t1"
    return write_dicom(head("T1", SHAPE, SPACING).volume, folder, description="Head T1", series_number=3)


@pytest.fixture
def series(_series: tuple[Path, ...]) -> tuple[Path, ...]:
    """Six files of a DICOM series; not to be changed."""
    return _series


@pytest.fixture
def dicom_node(orthanc: Orthanc) -> DicomNode:
    """Orthanc by DIMSE."""
    return DicomNode(name="orthanc", ae_title=orthanc.ae_title, host=HOST, port=orthanc.dicom_port, timeout=10)


@pytest.fixture
def web_node(orthanc: Orthanc) -> DicomwebNode:
    """Orthanc by DICOMweb."""
    return DicomwebNode(name="web", url=orthanc.dicomweb_url, timeout=10)


@pytest.fixture
def listener() -> Listener:
    """A listener on loopback with a port of its own."""
    return Listener(port=free_port(), address=HOST, quiet_seconds=0.5)


@contextmanager
def started(command: list[str], port: int, folder: Path) -> Iterator[None]:
    """Run one of dcmtk's servers until the end of the block; skip where it is not installed."""
    program = shutil.which(command[0], path=SYSTEM)
    if program is None:
        pytest.skip(f"{command[0]} is not installed")
    with (folder / f"{command[0]}.log").open("wb") as log:
        process = subprocess.Popen([program, *command[1:]], stdout=log, stderr=log, cwd=folder)
        try:
            _wait(port, process)
            yield
        finally:
            process.terminate()
            process.wait(10)


def _wait(port: int, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + 15
    while time.monotonic() < end and process.poll() is None:
        try:
            socket.create_connection((HOST, port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("the server did not start")


StoreScp = Callable[..., AbstractContextManager[tuple[DicomNode, Path]]]


@pytest.fixture
def storescp(tmp_path: Path) -> StoreScp:
    """Start dcmtk's storescp with some options; gives the node, and the folder that takes what it receives."""

    @contextmanager
    def start(*options: str, **fields: object) -> Iterator[tuple[DicomNode, Path]]:
        port, folder = free_port(), tmp_path / "storescp"
        folder.mkdir()
        with started(["storescp", "-od", str(folder), "-aet", "STORE", *options, str(port)], port, tmp_path):
            yield DicomNode(name="store", ae_title="STORE", host=HOST, port=port, timeout=5, **fields), folder

    return start


@pytest.fixture
def dcmqrscp(tmp_path: Path, listener: Listener) -> Iterator[DicomNode]:
    """dcmtk's image archive, empty, which knows the listener."""
    port, folder = free_port(), tmp_path / "archive"
    folder.mkdir()
    config = tmp_path / "dcmqrscp.cfg"
    config.write_text(
        f"NetworkTCPPort = {port}\nMaxPDUSize = 16384\nMaxAssociations = 16\n"
        f"HostTable BEGIN\nmedae = ({listener.ae_title}, {HOST}, {listener.port})\nHostTable END\n"
        "VendorTable BEGIN\nVendorTable END\n"
        f"AETable BEGIN\nARCHIVE {folder} RW (200, 1024mb) ANY\nAETable END\n"
    )
    with started(["dcmqrscp", "-c", str(config)], port, tmp_path):
        yield DicomNode(name="archive", ae_title="ARCHIVE", host=HOST, port=port, timeout=10)


@dataclass(frozen=True, slots=True)
class Authority:
    """PEM files of a certification authority and of what it has signed for 127.0.0.1."""

    ca: Path
    certificate: Path
    key: Path


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """An authority of our own, and one certificate for server and client."""
    return make_authority(tmp_path_factory.mktemp("tls"))


def make_authority(folder: Path) -> Authority:
    """Make another authority with its certificate."""
    x509 = pytest.importorskip("cryptography.x509")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    now = datetime.datetime.now(datetime.UTC)

    def sign(name: str, key: object, issuer: str, issuer_key: object, is_ca: bool) -> object:
        address = x509.IPAddress(ipaddress.ip_address(HOST))
        builder = x509.CertificateBuilder().subject_name(_name(x509, name)).issuer_name(_name(x509, issuer))
        builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
        builder = builder.add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
        builder = builder.add_extension(x509.SubjectAlternativeName([address]), critical=False)
        return builder.sign(issuer_key, hashes.SHA256())

    keys = [rsa.generate_private_key(65537, 2048) for _ in range(2)]
    ca = sign("Test CA", keys[0], "Test CA", keys[0], True)
    leaf = sign("localhost", keys[1], "Test CA", keys[0], False)
    made = Authority(folder / "ca.pem", folder / "cert.pem", folder / "key.pem")
    made.ca.write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    made.certificate.write_bytes(leaf.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    made.key.write_bytes(keys[1].private_bytes(serialization.Encoding.PEM, form, plain))
    return made


def _name(x509: object, text: str) -> object:
    from cryptography.x509.oid import NameOID

    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


@contextmanager
def tls_in_front(port: int, authority: Authority) -> Iterator[int]:
    """Relay a port of its own, encrypted, to a plain one: Debian's Orthanc 1.10 ends when asked by HTTPS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.certificate, authority.key)

    def pump(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
        with suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)

    class Relay(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with (
                suppress(OSError),
                context.wrap_socket(self.request, server_side=True) as outer,
                socket.create_connection((HOST, port)) as inner,
            ):
                back = threading.Thread(target=pump, args=(inner, outer))
                back.start()
                pump(outer, inner)
                back.join()

    with socketserver.ThreadingTCPServer((HOST, 0), Relay) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()
