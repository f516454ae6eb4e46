"""Ask, fetch and send, whatever kind of node it is. Start here.

pynetdicom and dicomweb-client are imported when they are needed, so that the window starts without them.
"""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from filelock import FileLock, Timeout

from medae.errors import NodeError
from medae.nodes import DicomNode, DicomwebNode, Listener
from medae.pacs import places
from medae.pacs.outcome import Outcome
from medae.pacs.query import Level, Match, Query, fits
from medae.progress import Report, part, silent

ATTEMPTS = 3
"""How often a question is asked when the node cannot be reached."""

FIRST_PAUSE = 1.0
"""Seconds until it is asked again; they double each time."""

_STEP = 0.25
"""Seconds between two looks at whether the user wants to stop."""

T = TypeVar("T")


def echo(node: DicomNode | DicomwebNode, listener: Listener | None = None, report: Report = silent) -> float:
    """Ask whether a node is there, once; gives the seconds until its answer.

    Raises
    ------
    NodeError
        It is not, or refuses; what to check.
    """
    from medae.pacs import dicomweb, dimse

    started = time.monotonic()
    if isinstance(node, DicomNode):
        dimse.echo(node, _calling(listener), report)
    else:
        dicomweb.echo(node, report)
    return time.monotonic() - started


def find_studies(
    node: DicomNode | DicomwebNode, query: Query, listener: Listener | None = None, report: Report = silent
) -> tuple[Match, ...]:
    """Give the studies of a node that fit a query, newest first; raises `NodeError`."""
    found = _find(node, "STUDY", query, listener=listener, report=report)
    return tuple(one for one in found if fits(one, query))


def find_series(
    node: DicomNode | DicomwebNode, study: str, listener: Listener | None = None, report: Report = silent
) -> tuple[Match, ...]:
    """Give the series of a study (StudyInstanceUID) by their number; raises `NodeError`."""
    return _find(node, "SERIES", study=study, listener=listener, report=report)


def find_instances(
    node: DicomNode | DicomwebNode, study: str, series: str, listener: Listener | None = None, report: Report = silent
) -> tuple[Match, ...]:
    """Give the instances of a series; raises `NodeError`."""
    return _find(node, "IMAGE", study=study, series=series, listener=listener, report=report)


def retrieve(
    node: DicomNode | DicomwebNode,
    study: str,
    series: str,
    folder: Path,
    listener: Listener | None = None,
    report: Report = silent,
) -> tuple[Path, ...]:
    """Fetch one series into a folder, one file per instance, each whole or not there.

    Parameters
    ----------
    node
        From whom; its ``retrieve`` says whether by C-GET or C-MOVE.
    study, series
        StudyInstanceUID and SeriesInstanceUID.
    folder
        Made when absent; files of the same instances are replaced.
    listener
        Our AE title; for C-MOVE also where we listen.
    report
        Progress and cancel.

    Raises
    ------
    NodeError
        The node cannot be reached or refuses, there is no such series, or some of its images did not come (those
        that did are in the folder).
    """
    instances = find_instances(node, study, series, listener, part(report, 0.0, 0.05))
    if not instances:
        raise NodeError(f"Node {node.name!r} has no images of that series; search again.")
    report_rest = part(report, 0.05, 1.0)
    paths = _patiently(lambda: _fetch(node, instances, folder, listener or Listener(), report_rest), report)
    if len(set(paths)) < len(instances):
        raise NodeError(
            f"Only {len(set(paths))} of {len(instances)} images came from node {node.name!r}; try again. "
            f"What came is in {folder}.",
            True,
        )
    return paths


def move(
    node: DicomNode,
    study: str,
    series: str,
    destination: str,
    listener: Listener | None = None,
    report: Report = silent,
) -> int:
    """Let a DICOM node send a series, or a study where ``series`` is empty, to the AE title ``destination``.

    Gives the number of instances sent; raises `NodeError`.
    """
    from medae.pacs import dimse

    return dimse.move(
        node, _calling(listener), Match("SERIES" if series else "STUDY", study, series), destination, report
    )


def store(
    node: DicomNode | DicomwebNode,
    paths: Sequence[Path],
    on_outcome: Callable[[Outcome], None],
    listener: Listener | None = None,
    report: Report = silent,
) -> None:
    """Send files once, without the queue; see `medae.pacs.storage.store` and `medae.pacs.dicomweb.store`."""
    from medae.pacs import dicomweb, storage

    if isinstance(node, DicomNode):
        storage.store(node, paths, _calling(listener), on_outcome, report)
    else:
        dicomweb.store(node, paths, on_outcome, report)


def _find(
    node: DicomNode | DicomwebNode,
    level: Level,
    query: Query | None = None,
    *,
    study: str = "",
    series: str = "",
    listener: Listener | None,
    report: Report,
) -> tuple[Match, ...]:
    from medae.pacs import dicomweb, dimse

    def ask() -> tuple[Match, ...]:
        if isinstance(node, DicomNode):
            return dimse.find(node, _calling(listener), level, query, study, series, report)
        return dicomweb.find(node, level, query, study, series, report)

    return _patiently(ask, report)


def _fetch(
    node: DicomNode | DicomwebNode, instances: Sequence[Match], folder: Path, listener: Listener, report: Report
) -> tuple[Path, ...]:
    from medae.pacs import dicomweb, dimse

    if isinstance(node, DicomwebNode):
        return dicomweb.get(node, instances, folder, report)
    if node.retrieve == "get":
        return dimse.get(node, listener.ae_title, instances, folder, report)
    series = instances[0].series_instance_uid
    with_own_listener(
        listener, lambda: dimse.move(node, listener.ae_title, instances[0].series(), listener.ae_title, report)
    )
    return dimse.take_moved(places.moved_folder(), series, folder)


def with_own_listener(listener: Listener, work: Callable[[], T]) -> T:
    """Do something while our listener is on: the one that runs already, else one for so long.

    It takes only what comes because of a C-MOVE of ours.

    Raises
    ------
    NodeError
        Its port is taken by another program.
    """
    from medae.pacs.listener import listening, only_moved

    try:
        with FileLock(places.lock_file("listener"), timeout=0), listening(listener, only_moved):
            return work()
    except Timeout:
        return work()  # it is on, in this or another process, and keeps what we move apart


def _patiently(ask: Callable[[], T], report: Report) -> T:
    """Ask again after growing pauses while the failure is one that may pass."""
    for attempt in range(1, ATTEMPTS):
        try:
            return ask()
        except NodeError as error:
            if not error.is_temporary:
                raise
        end = time.monotonic() + FIRST_PAUSE * 2 ** (attempt - 1)
        while (left := end - time.monotonic()) > 0:
            report(0.0, f"No answer; trying again in {left:.0f} s")
            time.sleep(min(left, _STEP))
    return ask()


def _calling(listener: Listener | None) -> str:
    return (listener or Listener()).ae_title
