"""An association with a DICOM node (PS3.8), and in the user's words why there is none."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from pynetdicom import AE, _config, evt  # noqa: TID253
from pynetdicom.association import Association  # noqa: TID253
from pynetdicom.presentation import PresentationContext  # noqa: TID253

from medae.errors import Cancelled, NodeError
from medae.nodes import DicomNode
from medae.pacs.tls import client_context
from medae.progress import Report, silent

MOST_CONTEXTS = 128
"""Presentation contexts that one association can have (odd numbers up to 255, PS3.8 9.3.2.2)."""

_FAREWELL = 0.1
"""Seconds in which an A-ABORT leaves."""

_POLL = 0.3
"""Seconds between two looks at whether the user wants to stop."""

_REJECTED = {
    (1, 3): "it does not know MedAE's AE title {calling!r}; enter that title, this computer and the port there",
    (1, 7): "it is not called {called!r}; check the AE title of this node in the settings",
    (1, 2): "it does not offer DICOM services under this address; check host and port",
    (3, 1): "it has too much to do at the moment",
    (3, 2): "it has too many connections at the moment",
}
"""Reasons by (source, diagnostic) of an A-ASSOCIATE-RJ (PS3.8 9.3.4)."""

_config.LOG_HANDLER_LEVEL = "none"  # its messages about datasets would carry patient data


def _send_at_once(event: Any) -> None:
    with suppress(OSError, AttributeError):  # the connection is gone already
        event.assoc.dul.socket.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _acknowledge_at_once(event: Any) -> None:
    with suppress(OSError, AttributeError):  # gone already, or no Linux
        event.assoc.dul.socket.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)


WITHOUT_DELAY: tuple[Any, ...] = (
    (evt.EVT_CONN_OPEN, _send_at_once),
    (evt.EVT_DATA_SENT, _acknowledge_at_once),
    (evt.EVT_DATA_RECV, _acknowledge_at_once),
)
"""Event handlers that switch off Nagle's algorithm, and delayed acknowledgements where the system lets us.

A message goes out in parts, here by command and dataset (PS3.7 6.3.1), elsewhere by header and body. With either on,
each part after the first waits 40 ms; the kernel takes up delayed acknowledgements again by itself (tcp(7)).
"""


class Watch:
    """Tells the progress of an association from a thread of its own, and aborts it when the user wants to stop."""

    def __init__(self, report: Report) -> None:
        self.fraction, self.message = 0.0, ""
        self.is_cancelled = False
        self._report = report
        self._ended = threading.Event()
        self._association: Association | None = None
        self._thread = threading.Thread(target=self._look, name="medae-pacs-watch", daemon=True)

    def tell(self, fraction: float, message: str) -> None:
        """Note the progress; it is passed on a moment later."""
        self.fraction, self.message = fraction, message

    def check(self) -> None:
        """Raise `Cancelled` if the user has asked to stop."""
        if self.is_cancelled:
            raise Cancelled

    def begin(self, association: Association) -> None:
        """Watch over an association."""
        self._association = association
        if self._report is not silent:
            self._thread.start()

    def end(self) -> None:
        """Stop looking."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()

    def _look(self) -> None:
        while not self._ended.wait(_POLL):
            try:
                self._report(self.fraction, self.message)
            except Cancelled:
                self.is_cancelled = True
                if self._association is not None and self._association.is_established:
                    _end_now(self._association)
                return


@contextmanager
def associated(
    node: DicomNode,
    contexts: Sequence[PresentationContext],
    calling: str,
    report: Report = silent,
    *,
    roles: Sequence[Any] = (),
    on_store: Callable[[Any], int] | None = None,
) -> Iterator[tuple[Association, Watch]]:
    """Open an association for the block, and release it at its end.

    Parameters
    ----------
    node
        With whom.
    contexts
        At most `MOST_CONTEXTS`.
    calling
        AE title of MedAE.
    report
        Progress; the association is aborted within a second when it raises `Cancelled`.
    roles
        SCP/SCU role selection items (PS3.7 D.3.3.4), for C-GET.
    on_store
        Takes C-STORE requests that come over this association and gives their status.

    Raises
    ------
    NodeError
        There is no association; what to check.
    SettingsError
        TLS files cannot be used.
    Cancelled
        ``report`` has asked to stop.
    """
    entity = AE(calling)
    entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = node.timeout
    entity.connection_timeout = min(node.timeout, 10.0)
    tls = client_context(node) if node.tls else None
    was_connected = threading.Event()
    handlers: list[Any] = [*WITHOUT_DELAY, (evt.EVT_CONN_OPEN, lambda _: was_connected.set())]
    if on_store is not None:
        handlers.append((evt.EVT_C_STORE, on_store))
    report(0.0, f"Connecting to {node.name}")
    try:
        association = entity.associate(
            node.host,
            node.port,
            contexts=list(contexts),
            ae_title=node.ae_title,
            ext_neg=list(roles) or None,
            evt_handlers=handlers,
            tls_args=(tls, node.host) if tls else None,
        )
    except OSError as error:  # the host name is not known
        raise NodeError(f"{_place(node)} {_no_connection(node, tls)}", True) from error
    if not association.is_established:
        raise _refused(association, node, calling, tls, was_connected.is_set())
    _leave_answers(association)
    watch = Watch(report)
    watch.begin(association)
    try:
        yield association, watch
    except BaseException:
        if association.is_established:
            _end_now(association)
        raise
    finally:
        watch.end()
        if association.is_established:
            association.release()
    watch.check()


def _leave_answers(association: Association) -> None:
    """Give answers back to who waits for them.

    The reactor of pynetdicom 3.0.4 may take one more message after it was told to pause: its flag says paused until it
    gets to run again. An answer that it finds would be dropped, and the association aborted after the time-out.
    """
    serve = association._serve_request

    def returned(message: Any, context_id: int) -> None:
        if message.is_valid_request:
            serve(message, context_id)
        else:
            association.dimse.msg_queue.put((context_id, message))

    association._serve_request = returned


def _end_now(association: Association) -> None:
    """Abort without waiting for the other side to hang up, which may take it as long as its time-out."""
    association.abort(block=False)
    time.sleep(_FAREWELL)
    with suppress(OSError, AttributeError):
        association.dul.socket.socket.shutdown(socket.SHUT_RDWR)
    association.kill()
    association.join(1.0)  # its thread takes messages, too
    association.dimse.msg_queue.put((None, None))  # wakes who waits for an answer


def lost(node: DicomNode) -> NodeError:
    """Say that an association ended in the middle."""
    return NodeError(f"Node {node.name!r} broke off the connection, or did not answer for {node.timeout:g} s.", True)


def _refused(
    association: Association, node: DicomNode, calling: str, tls: ssl.SSLContext | None, was_connected: bool
) -> NodeError:
    """Find out why there is no association."""
    place = _place(node)
    if association.is_rejected:
        answer = association.acceptor.primitive
        reason = _REJECTED.get((answer.result_source, answer.diagnostic), "it refuses connections")
        is_temporary = answer.result == 2 or answer.result_source == 3
        return NodeError(f"{place} refused: {reason.format(calling=calling, called=node.ae_title)}.", is_temporary)
    if association.rejected_contexts:
        return NodeError(f"{place} does not offer what was asked of it; it may allow MedAE less than you expect.")
    if was_connected:
        hint = "" if tls else ", or whether it wants TLS"
        return NodeError(f"{place} broke off the connection; check that this is a DICOM port{hint}.", True)
    return NodeError(f"{place} {_no_connection(node, tls)}", True)


def _place(node: DicomNode) -> str:
    return f"Node {node.name!r} ({node.host}:{node.port})"


def _no_connection(node: DicomNode, tls: ssl.SSLContext | None) -> str:
    """Connect once more, without DICOM, in order to tell the reason."""
    try:
        with socket.create_connection((node.host, node.port), min(node.timeout, 10.0)) as plain:
            if tls is None:
                return "broke off the connection; check that this is a DICOM port."
            with tls.wrap_socket(plain, server_hostname=node.host) as secure:
                secure.settimeout(1.0)
                secure.recv(1)  # TLS 1.3: only now the other side tells that it refuses our certificate
    except ssl.SSLCertVerificationError as error:
        return f"shows a certificate that is not trusted ({error.verify_message}); check ca_file and the host's name."
    except ssl.SSLError as error:
        reason = (error.reason or "no TLS").replace("_", " ").lower()
        return f"does not agree on TLS ({reason}); check that it offers TLS and whether it wants a certificate."
    except socket.gaierror:
        return "has a host name that is not known; check the spelling, or give the IP address."
    except ConnectionRefusedError:
        return "is not listening; check that it runs, and host and port."
    except ConnectionResetError:
        return "does not agree on TLS (it hangs up); check that it offers TLS and whether it wants a certificate."
    except TimeoutError:
        return "does not answer; check host and port, and whether a firewall is in between."
    except OSError as error:
        return f"cannot be reached ({error.strerror or error}); check host, port and network."
    return "could not be reached at first but answers now; try again."
