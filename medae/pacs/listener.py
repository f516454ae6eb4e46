"""MedAE's Storage SCP (PS3.4 B, also C-ECHO): takes what is pushed, and answers success once it is on the disk."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from pydicom.uid import AllTransferSyntaxes
from pynetdicom import AE, AllStoragePresentationContexts, evt  # noqa: TID253
from pynetdicom.sop_class import Verification  # type: ignore[attr-defined]  # noqa: TID253

from medae.errors import NodeError
from medae.nodes import Listener
from medae.pacs import places
from medae.pacs.association import WITHOUT_DELAY
from medae.pacs.dimse import keep_moved
from medae.pacs.status_codes import NOT_AUTHORIZED, SUCCESS
from medae.pacs.tls import server_context

Take = Callable[[str, bytes], int]
"""Takes the sender's AE title and a DICOM file in memory; gives the status of the C-STORE."""


@contextmanager
def listening(listener: Listener, take: Take) -> Iterator[None]:
    """Listen in threads while the block runs.

    Parameters
    ----------
    listener
        Where, as whom, and from whom.
    take
        Called for each instance, in several threads at once; what comes because of a C-MOVE of ours is kept apart
        (`medae.pacs.places.moved_folder`) and not given to it.

    Raises
    ------
    NodeError
        The port is taken or not allowed.
    SettingsError
        TLS files cannot be used.
    """
    entity = AE(listener.ae_title)
    for context in AllStoragePresentationContexts:
        entity.add_supported_context(context.abstract_syntax, AllTransferSyntaxes)
    entity.add_supported_context(Verification)
    entity.require_calling_aet = list(listener.accept)
    entity.maximum_associations = 20
    entity.acse_timeout = entity.dimse_timeout = 30
    entity.network_timeout = 120
    tls = server_context(listener) if listener.tls else None
    handlers = [
        *WITHOUT_DELAY,
        (evt.EVT_C_STORE, partial(_on_store, listener.ae_title, take)),
        (evt.EVT_C_ECHO, lambda _: SUCCESS),
    ]
    try:
        server = entity.start_server(
            (listener.address, listener.port), block=False, evt_handlers=handlers, ssl_context=tls
        )
    except OSError as error:
        raise NodeError(
            f"MedAE cannot listen at {listener.address}, port {listener.port} ({error.strerror}); "
            "choose another port, or end the program that uses it.",
            True,
        ) from error
    try:
        yield
    finally:
        server.shutdown()


def only_moved(_calling: str, _data: bytes) -> int:
    """Refuse what was not asked for."""
    return NOT_AUTHORIZED


def _on_store(own_title: str, take: Take, event: Any) -> int:
    data = event.encoded_dataset()
    originator = str(event.request.MoveOriginatorApplicationEntityTitle or "").strip()
    if originator == own_title:
        return keep_moved(places.moved_folder(), data)
    return take(str(event.assoc.requestor.ae_title).strip(), data)
