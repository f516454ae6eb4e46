"""Why there is no association, in the user's words; and stopping one."""

import socket
import threading
import time

import pytest
from pynetdicom import build_context
from pynetdicom.sop_class import CTImageStorage, Verification

from medae.errors import Cancelled, NodeError
from medae.nodes import DicomNode
from medae.pacs.association import associated
from tests.orthanc import HOST, free_port
from tests.pacs.conftest import Authority, StoreScp, make_authority

ECHO = [build_context(Verification)]


def open_and_close(node: DicomNode, calling: str = "MEDAE") -> None:
    with associated(node, ECHO, calling):
        pass


def reason(node: DicomNode) -> NodeError:
    with pytest.raises(NodeError) as caught:
        open_and_close(node)
    assert node.name in str(caught.value)
    return caught.value


def test_nobody_listens() -> None:
    error = reason(DicomNode(name="away", ae_title="AWAY", host=HOST, port=free_port()))
    assert "is not listening" in str(error)
    assert error.is_temporary


def test_the_host_is_unknown() -> None:
    error = reason(DicomNode(name="away", ae_title="AWAY", host="no-such-host.invalid", port=104))
    assert "host name that is not known" in str(error)


def test_it_is_no_dicom_port() -> None:
    with socket.create_server((HOST, 0)) as server:
        threading.Thread(target=lambda: server.accept()[0].close(), daemon=True).start()
        error = reason(DicomNode(name="web", ae_title="WEB", host=HOST, port=server.getsockname()[1], timeout=2))
    assert "check that this is a DICOM port" in str(error)


def test_a_silent_server_is_given_up_after_the_time_out() -> None:
    with socket.create_server((HOST, 0)) as server:
        started = time.monotonic()
        error = reason(DicomNode(name="mute", ae_title="MUTE", host=HOST, port=server.getsockname()[1], timeout=0.5))
        assert time.monotonic() - started < 5
    assert error.is_temporary


def test_refused_for_its_called_or_our_calling_title(dcmqrscp: DicomNode) -> None:
    other = dcmqrscp.model_copy(update={"ae_title": "OTHER"})
    error = reason(other)
    for _ in range(5):
        if "broke off" not in str(error):
            break
        error = reason(other)  # dcmtk hangs up at once: on a busy computer its answer may be lost with the connection
    assert "it is not called 'OTHER'; check the AE title" in str(error)
    assert not error.is_temporary


def test_refused_by_pynetdicom_because_it_does_not_know_us() -> None:
    from pynetdicom import AE

    entity = AE("STRICT")
    entity.add_supported_context(Verification)
    entity.require_calling_aet = ["FRIEND"]
    server = entity.start_server((HOST, 0), block=False)
    node = DicomNode(name="strict", ae_title="STRICT", host=HOST, port=server.server_address[1])
    try:
        assert "does not know MedAE's AE title 'MEDAE'; enter that title" in str(reason(node))
        open_and_close(node, "FRIEND")
    finally:
        server.shutdown()


def test_a_service_that_is_not_offered() -> None:
    from pynetdicom import AE

    entity = AE("ECHO")
    entity.add_supported_context(Verification)
    server = entity.start_server((HOST, 0), block=False)
    node = DicomNode(name="echo", ae_title="ECHO", host=HOST, port=server.server_address[1])
    try:
        with (
            pytest.raises(NodeError, match="does not offer what was asked"),
            associated(node, [build_context(CTImageStorage)], "MEDAE"),
        ):
            pass
    finally:
        server.shutdown()


def test_cancel_aborts_within_two_seconds() -> None:
    from pynetdicom import AE, evt

    def slow(_event: object) -> int:
        time.sleep(4)
        return 0

    entity = AE("SLOW")
    entity.add_supported_context(Verification)
    server = entity.start_server((HOST, 0), block=False, evt_handlers=[(evt.EVT_C_ECHO, slow)])
    node = DicomNode(name="slow", ae_title="SLOW", host=HOST, port=server.server_address[1])
    begun = time.monotonic()

    def report(_fraction: float, _message: str = "", /) -> None:
        if time.monotonic() > begun + 0.5:
            raise Cancelled

    try:
        with pytest.raises(Cancelled), associated(node, ECHO, "MEDAE", report) as (association, _):
            association.send_c_echo()
        assert time.monotonic() - begun < 2.5
    finally:
        server.shutdown()


def test_tls_with_own_authority_and_client_certificate(storescp: StoreScp, authority: Authority) -> None:
    server = ("+tls", str(authority.key), str(authority.certificate), "+cf", str(authority.ca))
    own = {"tls": True, "ca_file": authority.ca, "certificate": authority.certificate, "key": authority.key}
    with storescp(*server, "-rc", **own) as (node, _):
        open_and_close(node)
        without = DicomNode(**node.model_dump(exclude={"certificate", "key"}))
        assert "wants a certificate" in str(reason(without)) or "broke off" in str(reason(without))
        plain = node.model_copy(update={"tls": False})
        assert "wants TLS" in str(reason(plain))


def test_a_foreign_authority_is_not_trusted(
    storescp: StoreScp, authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = make_authority(tmp_path_factory.mktemp("other"))
    server = ("+tls", str(authority.key), str(authority.certificate), "-ic")
    with storescp(*server, tls=True, ca_file=other.ca) as (node, _):
        assert "certificate that is not trusted" in str(reason(node))
        open_and_close(node.model_copy(update={"ca_file": authority.ca}))


def test_tls_to_a_plain_node_is_told(storescp: StoreScp, authority: Authority) -> None:
    with storescp(tls=True, ca_file=authority.ca) as (node, _):
        assert "does not agree on TLS" in str(reason(node)) or "does not answer" in str(reason(node))


class Sluggish(threading.Event):
    """An event whose waiter notices a moment late that it may go on, as on a computer with much to do."""

    def wait(self, timeout: float | None = None) -> bool:
        is_set = super().wait(timeout)
        time.sleep(0.05)
        return is_set


def test_an_answer_that_another_thread_of_pynetdicom_takes_is_not_lost(
    dcmqrscp: DicomNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    with associated(dcmqrscp, ECHO, "MEDAE") as (association, _):
        take = association.dimse.get_msg

        def take_late(block: bool = False) -> object:
            time.sleep(0.15 if block else 0)
            return take(block)

        monkeypatch.setattr(association.dimse, "get_msg", take_late)
        association._reactor_checkpoint = Sluggish()
        association._reactor_checkpoint.set()
        time.sleep(0.1)
        for _ in range(3):
            assert association.send_c_echo().Status == 0
