"""QIDO-RS, WADO-RS and STOW-RS as a client (PS3.18 10), by dicomweb-client."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pydicom
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError

from medae.errors import NodeError
from medae.nodes import DicomwebNode
from medae.pacs.instance_files import write_instance
from medae.pacs.outcome import Outcome
from medae.pacs.passwords import password
from medae.pacs.query import Level, Match, Query, filters, in_order, match, return_keys
from medae.progress import Report, silent

if TYPE_CHECKING:
    from dicomweb_client import DICOMwebClient
    from requests.adapters import HTTPAdapter

_MOST_BYTES = 16_000_000
"""How much is sent in one request; one file may be more."""

_WHAT_TO_DO = {
    401: "the user name or the password is wrong",
    403: "this user may not do that",
    404: "there are no DICOMweb services at this address, or what was asked for is gone; check the URL",
    406: "it does not offer the transfer syntax asked for",
    413: "the files are larger than it takes",
    507: "it has no room left",
}


def client(node: DicomwebNode) -> "DICOMwebClient":
    """Make a client; nothing is sent yet. It asks once: trying again is up to `medae.pacs.client` and the queue.

    Raises
    ------
    SettingsError
        The keyring has no password for the node's user.
    """
    import requests
    from dicomweb_client import DICOMwebClient

    session = requests.Session()
    session.mount(node.url, _wild_adapter())
    session.trust_env = False  # no passwords from a .netrc, no proxy for a node in the house
    if node.user:
        session.auth = (node.user, password(node))
    if node.ca_file:
        session.verify = str(node.ca_file)
    if node.certificate:
        session.cert = (str(node.certificate), str(node.key)) if node.key else str(node.certificate)
    made = DICOMwebClient(node.url.rstrip("/"), session=session, timeout=node.timeout)
    made.set_http_retry_params(retry=False)
    return made


def _wild_adapter() -> "HTTPAdapter":
    """Make an adapter that leaves ``*`` and ``?`` of queries as they are, as RFC 3986 3.4 allows.

    Orthanc's plug-in 1.7 does not decode them.
    """
    from requests.adapters import HTTPAdapter

    class _Wild(HTTPAdapter):
        def send(self, request: Any, *arguments: Any, **options: Any) -> Any:
            address, mark, query = request.url.partition("?")
            request.url = address + mark + query.replace("%2A", "*").replace("%3F", "?")
            return super().send(request, *arguments, **options)

    return _Wild()


def _plain(values: dict[str, str]) -> dict[str, str]:
    """Put ``?`` in the place of what would be percent-encoded, for the same reason; `query.fits` looks again."""
    return {keyword: re.sub(r"[^\w.*?-]", "?", value, flags=re.ASCII) for keyword, value in values.items()}


def echo(node: DicomwebNode, report: Report = silent) -> None:
    """Ask for one study, which shows that address, user and rights are right; raises `NodeError` if not."""
    report(0.0, f"Connecting to {node.name}")
    with _explained(node):
        client(node).search_for_studies(limit=1)


def find(
    node: DicomwebNode,
    level: Level,
    query: Query | None = None,
    study: str = "",
    series: str = "",
    report: Report = silent,
) -> tuple[Match, ...]:
    """Ask what a node has (QIDO-RS, PS3.18 10.6); raises `NodeError`."""
    report(0.0, f"Asking {node.name}")
    asked = list(return_keys(level))
    with _explained(node):
        talk = client(node)
        if level == "STUDY":
            answers = talk.search_for_studies(fields=asked, search_filters=_plain(filters(query or Query())))
        elif level == "SERIES":
            answers = talk.search_for_series(study, fields=asked)
        else:
            answers = talk.search_for_instances(study, series, fields=asked)
        found = [match(level, Dataset.from_json(answer)) for answer in answers]
    report(1.0, f"{len(found)} found")
    return in_order(found)


def get(node: DicomwebNode, instances: Sequence[Match], folder: Path, report: Report = silent) -> tuple[Path, ...]:
    """Fetch a series (WADO-RS, PS3.18 10.4) in the transfer syntax in which the node has it.

    Returns
    -------
    tuple of Path
        One file per instance in ``folder``, in the order in which they came.
    """
    first = instances[0]
    written: list[Path] = []
    with _explained(node):
        arriving = client(node).iter_series(
            first.study_instance_uid, first.series_instance_uid, media_types=(("application/dicom", "*"),)
        )
        for data in arriving:
            report(len(written) / len(instances), f"{len(written)} of {len(instances)} images")
            buffer = BytesIO()
            data.save_as(buffer, enforce_file_format=True)
            written.append(write_instance(buffer.getvalue(), str(data.SOPInstanceUID), folder))
    return tuple(written)


def store(
    node: DicomwebNode, paths: Sequence[Path], on_outcome: Callable[[Outcome], None], report: Report = silent
) -> None:
    """Send files (STOW-RS, PS3.18 10.5), each as it is.

    Parameters
    ----------
    on_outcome
        Told each file once; one that cannot be read or is refused does not stop the others.

    Raises
    ------
    NodeError
        The node cannot be reached or refuses altogether; files without an outcome were not sent.
    """
    talk, done = client(node), 0
    for files in _groups(paths, on_outcome):
        report(done / len(paths), f"{done} of {len(paths)} files sent to {node.name}")
        with _explained(node):
            answer = talk.store_instances(list(files.values()))
        failed = _failures(answer)
        for path, data in files.items():
            reason = failed.get(str(data.SOPInstanceUID))
            text = "" if reason is None else f"node {node.name!r} refuses it ({reason:04X})"
            on_outcome(Outcome(path, "sent" if reason is None else "refused", text))
        done += len(files)
    report(1.0, f"{done} files sent to {node.name}")


def _groups(paths: Sequence[Path], on_outcome: Callable[[Outcome], None]) -> Iterator[dict[Path, Dataset]]:
    """Read files in groups of at most `_MOST_BYTES`; those that cannot be read are told at once."""
    group: dict[Path, Dataset] = {}
    size = 0
    for path in paths:
        try:
            length, data = path.stat().st_size, pydicom.dcmread(path)
            assert data.SOPInstanceUID
        except (InvalidDicomError, OSError, ValueError, TypeError, LookupError, AttributeError, EOFError) as error:
            gone = isinstance(error, FileNotFoundError)
            on_outcome(
                Outcome(path, "refused", "the file is gone" if gone else "the file is not a readable DICOM file")
            )
            continue
        if group and size + length > _MOST_BYTES:
            yield group
            group, size = {}, 0
        group[path] = data
        size += length
    if group:
        yield group


def _failures(answer: Dataset) -> dict[str, int]:
    """Give failed instances and the reason (FailedSOPSequence, PS3.18 I.2)."""
    items = answer.get("FailedSOPSequence") or ()
    return {str(one.get("ReferencedSOPInstanceUID", "")): int(one.get("FailureReason", 0x0110)) for one in items}


@contextmanager
def _explained(node: DicomwebNode) -> Iterator[None]:
    """Turn what requests raises into a `NodeError` with a sentence."""
    import requests
    from retrying import RetryError

    place = f"Node {node.name!r} ({node.url})"
    try:
        yield
    except RetryError as error:
        raise NodeError(f"{place} is too busy or out of order at the moment; its answers were errors.", True) from error
    except requests.HTTPError as error:
        status = 0 if error.response is None else error.response.status_code
        raise NodeError(f"{place}: {_http(status)}.", status >= 500 and status != 507) from error
    except requests.exceptions.SSLError as error:
        raise NodeError(
            f"{place} shows a certificate that is not trusted, or wants one of you; check ca_file and certificate.",
            True,
        ) from error
    except requests.Timeout as error:
        raise NodeError(f"{place} did not answer for {node.timeout:g} s.", True) from error
    except requests.ConnectionError as error:
        raise NodeError(f"{place} cannot be reached; check the URL, and that the server runs.", True) from error
    except requests.RequestException as error:
        raise NodeError(f"{place} answered something that is not DICOMweb; check the URL.") from error
    except OSError as error:
        raise NodeError(
            f"{place}: {error.strerror or 'the connection broke'}; check the TLS files and the disk."
        ) from error
    except (ValueError, TypeError, KeyError) as error:
        raise NodeError(f"{place} answered something that is not DICOMweb; check the URL.") from error


def _http(status: int) -> Any:
    return _WHAT_TO_DO.get(status, f"it answered with HTTP error {status}")
