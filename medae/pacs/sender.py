"""Sends what the queue holds: one process at a time, again after growing pauses."""

from collections.abc import Callable

from filelock import FileLock, Timeout

from medae.errors import MedaeError, NodeError, SettingsError
from medae.nodes import DicomNode, DicomwebNode, Listener
from medae.pacs import client, places
from medae.pacs.outcome import Outcome
from medae.pacs.send_queue import Batch, SendQueue
from medae.progress import Report, part, silent
from medae.settings import PacsSettings

NOTED_TOGETHER = 10
"""Files are noted as sent in groups of so many: what is not noted yet when MedAE is killed is sent once more."""


def send_due(
    queue: SendQueue, read_settings: Callable[[], PacsSettings] = PacsSettings.load, report: Report = silent
) -> int:
    """Send everything that is due; gives the number of files sent. Failures are noted in the queue, not raised.

    While another process (the window, ``medae pacs listen``) sends, nothing is done here.

    Parameters
    ----------
    queue
        What is to be sent.
    read_settings
        Gives the nodes and our AE title as they are now.
    report
        Progress and cancel.
    """
    sent = 0
    try:
        with FileLock(places.lock_file("sender"), timeout=0):
            due = queue.due()
            for number, batch in enumerate(due):
                settings = read_settings()
                progress = part(report, number / len(due), (number + 1) / len(due))
                try:
                    node = settings.node(batch.node)
                except SettingsError as error:
                    queue.give_up(batch.id, str(error))
                    continue
                sent += _send(queue, batch, node, settings.listener, progress)
    except Timeout:
        return 0
    return sent


def _send(queue: SendQueue, batch: Batch, node: DicomNode | DicomwebNode, listener: Listener, report: Report) -> int:
    """Send a batch and note the outcome, whatever it is."""
    pending: list[Outcome] = []
    sent, later = 0, ""

    def note() -> None:
        queue.note(batch.id, pending)
        pending.clear()

    def take(outcome: Outcome) -> None:
        nonlocal sent, later
        pending.append(outcome)
        sent += outcome.state == "sent"
        later = outcome.message if outcome.state == "later" else later
        if len(pending) >= NOTED_TOGETHER:
            note()

    try:
        client.store(node, queue.waiting_files(batch.id), take, listener, report)
    except NodeError as error:
        note()
        if error.is_temporary:
            queue.postpone(batch.id, str(error))
        else:
            queue.give_up(batch.id, str(error))
    except MedaeError as error:
        note()
        queue.give_up(batch.id, str(error))
    else:
        note()
        if later:
            queue.postpone(batch.id, later)
    finally:
        if pending:
            note()
    return sent
