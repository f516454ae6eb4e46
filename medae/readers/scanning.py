"""One look through files and folders: found ahead, read by several threads, told while it goes on.

Folders are walked in a thread of its own, headers are read by a few threads or recalled from the index, and what
they say is put together here, in the thread that called.
"""

import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Event, Thread

from medae.errors import ReadError
from medae.progress import Report, silent
from medae.readers import dicom
from medae.readers.files import FoundFile, find_files
from medae.readers.index import HeaderIndex, State
from medae.readers.reader import Reader, ResultFile, Skipped
from medae.readers.series import Header
from medae.volume import Source

TELL_EVERY = 0.3
"""Seconds between two looks at which series have grown."""

FIRST_AFTER = 0.03
"""Seconds until the first look."""

REPORT_EVERY = 0.05
"""Seconds between two reports, and so until a wish to stop is heard."""

_THREADS = 4
_BATCH = 32
_UNDER_WAY = 4 * _THREADS
"""Files per task of a thread, and tasks under way at most."""

LATE = frozenset({"picture", "results"})
"""Pictures and results are looked at last: whether they stand by themselves depends on what else was found."""

WITHOUT_SCAN = "a structured report on a scan that is not here; open it together with its scan"
"""Why a report is skipped."""

Looked = tuple[FoundFile, str, list[Header]]
"""A file, the reader in charge or the reason why there is none, and the headers if it is DICOM."""


@dataclass(frozen=True, slots=True)
class Found:
    """One series, as far as a scan has come.

    Attributes
    ----------
    key
        The same whenever the same series is told.
    sources
        Its volumes, each of which `medae.readers.read` can load; without warnings until the scan has ended.
    settled
        False where it has just grown and is likely to grow more.
    """

    key: str
    sources: tuple[Source, ...]
    settled: bool


Listener = Callable[[Found], None]


def nobody(found: Found) -> None:
    """Listen to nothing."""


class _Walk:
    """The files below some paths, found by a thread that runs ahead."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self.found = 0
        self._queue: SimpleQueue[FoundFile | Skipped | Exception | None] = SimpleQueue()
        self._stopped = Event()
        Thread(target=self._run, args=(paths,), name="medae-walk", daemon=True).start()

    def items(self, idle: Callable[[], None]) -> Iterator[FoundFile | Skipped]:
        """Give what is found, and call ``idle`` while nothing is."""
        while True:
            try:
                item = self._queue.get(timeout=REPORT_EVERY)
            except Empty:
                idle()
                continue
            if item is None:
                return
            if isinstance(item, Exception):
                raise item
            yield item

    def stop(self) -> None:
        """End the thread at the next file; it is not waited for, because a network drive may hold it."""
        self._stopped.set()

    def _run(self, paths: Sequence[Path]) -> None:
        try:
            for item in find_files(paths):
                if self._stopped.is_set():
                    return
                self.found += 1
                self._queue.put(item)
            self._queue.put(None)
        except Exception as error:  # noqa: BLE001 - raised again where the files are wanted
            self._queue.put(error)


class Scanning:
    """The state of one scan.

    Parameters
    ----------
    readers
        All formats.
    reader_for
        Gives the key of the reader in charge of a file, or the reason why there is none.
    index
        Recalls headers that were read before.
    listener
        Told each series when it is found, when it has grown, and at the end.
    """

    def __init__(
        self, readers: Mapping[str, Reader], reader_for: Callable[[Path], str], index: HeaderIndex, listener: Listener
    ) -> None:
        self._readers, self._reader_for, self._index, self._listener = readers, reader_for, index, listener
        self.accepted: dict[str, list[Path]] = {key: [] for key in readers}
        self.skipped: list[Skipped] = []
        self.results: list[ResultFile] = []
        self._order: dict[Path, int] = {}
        self._sources: dict[str, list[Source]] = {key: [] for key in readers}
        self._pending: dict[str, list[Path]] = defaultdict(list)
        self._series: dict[str, list[Header]] = defaultdict(list)
        self._grown: set[str] = set()
        self._told: dict[str, Found] = {}
        self._described: dict[str, dict[str, Header]] = defaultdict(dict)
        self._done = 0
        self._report_at = self._tell_at = 0.0

    def run(self, paths: Sequence[Path], report: Report) -> None:
        """Look at all files but the pictures; may raise `Cancelled`."""
        walk = _Walk(paths)
        pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="medae-scan")
        under_way: deque[Future[list[Looked]]] = deque()
        batch: list[FoundFile] = []

        def tick() -> None:
            self._tick(walk.found, report)

        try:
            for item in walk.items(tick):
                tick()
                if isinstance(item, Skipped):
                    self.skipped.append(item)
                    self._done += 1
                    continue
                self._order[item.path] = len(self._order)
                recalled = self._index.recall(item.path, State(item.size, item.changed))
                if recalled is not None:
                    self._add(item, "dicom", recalled)
                    continue
                batch.append(item)
                if len(batch) == _BATCH:
                    under_way.append(pool.submit(self._look_at, batch))
                    batch = []
                self._take(under_way, _UNDER_WAY, tick)
            under_way.append(pool.submit(self._look_at, batch))
            self._take(under_way, 0, tick)
        finally:
            walk.stop()
            pool.shutdown(wait=False, cancel_futures=True)

    def _look_at(self, files: Sequence[FoundFile]) -> list[Looked]:
        """Look into files; called in a thread."""
        looked: list[Looked] = []
        for file in files:
            key = self._reader_for(file.path)
            headers: list[Header] = []
            if key == "dicom":
                try:
                    headers = dicom.read_headers(file.path)
                except ReadError as error:
                    key = error.reason
            looked.append((file, key, headers))
        return looked

    def _take(self, under_way: "deque[Future[list[Looked]]]", most: int, tick: Callable[[], None]) -> None:
        """Take what the threads have read; wait until no more than ``most`` tasks are under way."""
        while under_way and (len(under_way) > most or under_way[0].done()):
            while not wait([under_way[0]], REPORT_EVERY).done:
                tick()
            for file, key, headers in under_way.popleft().result():
                if key == "dicom":
                    self._index.remember(file.path, State(file.size, file.changed), headers)
                self._add(file, key, headers)
                tick()

    def _add(self, file: FoundFile, key: str, headers: list[Header]) -> None:
        self._done += 1
        if key not in self._readers:
            self.skipped.append(Skipped(file.path, key))
            return
        self.accepted[key].append(file.path)
        if key == "dicom":
            for header in headers:
                series = header.series_uid or str(file.path.parent)
                self._series[series].append(header)
                self._grown.add(series)
        elif key not in LATE:
            self._pending[key].append(file.path)

    def _tick(self, found: int, report: Report) -> None:
        """Report, and tell what has grown, each at its pace."""
        now = time.monotonic()
        if now >= self._report_at:
            self._report_at = now + REPORT_EVERY
            report(0.9 * self._done / max(found, 1), f"Reading headers: {self._done} of {found} files")
        if now >= self._tell_at:
            if self._tell_at:
                self._tell_growth(report)
            self._tell_at = time.monotonic() + (TELL_EVERY if self._told else FIRST_AFTER)

    def _tell_growth(self, report: Report) -> None:
        """Tell the series that have grown, those that have stopped growing, and what other formats gave."""
        grown, self._grown = self._grown, set()
        for series in grown:
            report(0.9, "Sorting slices")
            self._say(
                Found(
                    f"dicom {series}",
                    dicom.sources_so_far(self._series[series], self._described[series]),
                    settled=False,
                )
            )
        for known in list(self._told.values()):
            if not known.settled and known.key.removeprefix("dicom ") not in grown:
                self._say(replace(known, settled=True))
        for key in list(self._pending):
            self._scan_others(key, self._pending.pop(key), silent)

    def _scan_others(self, key: str, paths: list[Path], report: Report) -> None:
        """Let another reader than that of DICOM look at its files."""
        found = self._readers[key].scan(paths, report)
        self.skipped += found.skipped
        self._sources[key] += found.sources
        for source in found.sources:
            self._say(Found(f"{key} {source.paths[0]} {source.part}", (source,), settled=True))

    def _say(self, found: Found) -> None:
        if found.sources and self._told.get(found.key) != found:
            self._told[found.key] = found
            self._listener(found)

    def finish(self, report: Report) -> tuple[Source, ...]:
        """Give all volumes, in the order of the readers, and tell those that are not as they were told before."""
        for key in self._readers:
            if self._pending.get(key):
                self._scan_others(key, self._pending.pop(key), report)
        if self.accepted["picture"]:
            self._scan_others("picture", self.accepted["picture"], report)
        headers = [header for series in self._series.values() for header in series]
        headers.sort(key=lambda header: self._order[header.path])
        self._sources["dicom"] = dicom.sources(headers, report)
        final: dict[str, list[Source]] = defaultdict(list)
        for source in self._sources["dicom"]:
            final[source.series_instance_uid or str(source.paths[0].parent)].append(source)
        for series, sources in final.items():
            self._say(Found(f"dicom {series}", tuple(sources), settled=True))
        if self.accepted["results"]:
            self._finish_results(report)
        return tuple(source for sources in self._sources.values() for source in sources)

    def _finish_results(self, report: Report) -> None:
        """Find the scans to which results belong; what belongs to none stands by itself, if it can."""
        found = self._readers["results"].scan(self.accepted["results"], report)
        series = {source.series_instance_uid for source in self._sources["dicom"]}
        self.results = [result for result in found.results if series.intersection(result.series)]
        beside = {result.path for result in self.results}
        alone = [source for source in found.sources if source.paths[0] not in beside]
        shown = beside.union(*(source.paths for source in alone))
        self.skipped += found.skipped
        self.skipped += [Skipped(each.path, WITHOUT_SCAN) for each in found.results if each.path not in shown]
        self._sources["results"] = alone
        for source in alone:
            self._say(Found(f"results {source.paths[0]}", (source,), settled=True))
