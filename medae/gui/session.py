"""The opened series of one window: found, read, shown, and what was computed for them.

Scanning, reading and thumbnails run in threads, which also import the readers: the window is there before them.
Every signal arrives in the window's thread.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QObject, Signal  # noqa: TID253
from PySide6.QtGui import QImage  # noqa: TID253

from medae.gui.tasks import Task, Threads
from medae.gui.thumbnail import thumbnail
from medae.results import Result
from medae.volume import Source, Volume

if TYPE_CHECKING:
    from medae.readers import Found, ResultFile, Scan, Skipped


@dataclass(slots=True, eq=False)
class OpenSeries:
    """One line of the series list.

    Attributes
    ----------
    source
        What is known of the series.
    result
        None until the series has been read.
    growing
        True while a scan still finds slices of it.
    told
        What the scan has said last.
    pictured
        Of what the thumbnail is.
    files
        Results of it that lie beside it.
    """

    source: Source
    result: Result | None = None
    growing: bool = False
    told: Source | None = None
    pictured: tuple[Path, ...] = ()
    files: "tuple[ResultFile, ...]" = ()

    @property
    def has_results(self) -> bool:
        """Whether something was computed that would be lost with the series."""
        return self.result is not None and not (self.result.denoised is None and self.result.anomaly_map is None)


@dataclass(slots=True, eq=False)
class _Opening:
    """Paths that are being looked through, and which lines of the list each of their series has."""

    paths: tuple[Path, ...]
    lines: dict[str, list[int]] = field(default_factory=dict)
    task: Task | None = None
    has_shown: bool = False


class Session(QObject):
    """Opens paths, reads series, and keeps their results."""

    series_added = Signal(int)
    series_changed = Signal(int)
    thumbnail_ready = Signal(int, QImage)
    files_skipped = Signal(object)
    loading = Signal(float, str)
    loading_ended = Signal()
    shown = Signal(int)
    result_changed = Signal(int)
    problem = Signal(str, str)
    opened = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.series: list[OpenSeries] = []
        self.current: int | None = None
        self._threads = Threads(2, self)
        self._scans = Threads(2, self)
        self._thumbnails = Threads(1, self)
        self._reading: Task | None = None
        self._wanted: int | None = None
        self._openings: set[_Opening] = set()

    def open_paths(self, paths: Sequence[Path]) -> None:
        """Look for series in files and folders, and list them while they are found; the first one is shown."""
        opening = _Opening(tuple(Path(path) for path in paths))
        self._openings.add(opening)
        self.loading.emit(0.0, "Looking for series…")

        def look(task: Task) -> "Scan":
            from medae.readers import scan

            return scan(opening.paths, task.report, lambda found: task.tell(partial(self._found, opening), found))

        opening.task = self._scans.start(
            look,
            done=partial(self._scanned, opening),
            failed=partial(self._scan_failed, opening),
            progressed=self.loading.emit,
        )

    def stop_loading(self) -> None:
        """Look for no more series, and stop reading; what was found stays."""
        for opening in list(self._openings):
            if opening.task is not None:
                opening.task.cancel()
            self._end(opening)
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None
        self.loading_ended.emit()

    def open_made(self, make: Callable[[Task], Path], what: str) -> None:
        """Make files in a thread (a sample scan), then open them."""
        self.loading.emit(0.0, f"Making {what}…")
        self._threads.start(
            make,
            done=lambda folder: self.open_paths([folder]),
            failed=self._failed,
            progressed=self.loading.emit,
        )

    def open_result(self, result: Result) -> None:
        """Show a series that was read and processed before the window opened."""
        self.series.append(OpenSeries(result.original.source, result))
        index = len(self.series) - 1
        self.series_added.emit(index)
        self.show(index)
        self._make_thumbnail(index)

    def show(self, index: int) -> None:
        """Make a series the current one, reading it first where necessary."""
        entry = self.series[index]
        self._wanted = index
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None
        if entry.result is not None:
            self._show_now(index)
            return

        self.loading.emit(0.0, f"Reading {entry.source.description or 'series'}…")
        self._reading = self._threads.start(
            lambda task: _read(entry.source, task),
            done=lambda volume: self._has_read(index, volume),
            failed=self._failed,
            progressed=self.loading.emit,
        )

    def set_modality(self, modality: str) -> None:
        """Say what the current series is, where its file cannot; results made before are dropped."""
        if self.current is None:
            return
        entry = self.series[self.current]
        entry.source = replace(entry.source, modality=modality)
        entry.result = None
        source = replace(entry.source, modality="")
        index = self.current
        self.loading.emit(0.0, f"Reading as {modality}…")
        self._threads.start(
            lambda task: _read(source, task, modality),
            done=lambda volume: self._has_read(index, volume),
            failed=self._failed,
            progressed=self.loading.emit,
        )

    def find(self, path: Path, part: int) -> int | None:
        """Index of the open series that has a file, and in it this volume; None where there is none."""
        found = (n for n, entry in enumerate(self.series) if path in entry.source.paths and entry.source.part == part)
        return next(found, None)

    def rearrange(self, how: Literal["largest", "single", "merged"], indexes: Sequence[int]) -> None:
        """Make other volumes of series (see `medae.readers.choices`), list them too, and show the first."""
        sources = [self.series[index].source for index in indexes]
        self.loading.emit(0.0, "Sorting slices…")

        def arrange(_task: Task) -> tuple[Source, ...]:
            from medae.readers.choices import arranged

            return arranged(how, sources)

        self._threads.start(arrange, done=self._arranged, failed=self._failed)

    def _arranged(self, sources: Sequence[Source]) -> None:
        self.loading_ended.emit()
        first = len(self.series)
        for source in sources:
            self.series.append(OpenSeries(source))
            self.series_added.emit(len(self.series) - 1)
        self.show(first)
        for index in range(first, len(self.series)):
            self._make_thumbnail(index)

    @property
    def result(self) -> Result | None:
        """What is known of the current series."""
        return None if self.current is None else self.series[self.current].result

    def add_result(self, index: int, result: Result) -> None:
        """Keep what a job gave beside what was there before."""
        entry = self.series[index]
        known = entry.result
        if known is not None and known.original.modality != result.original.modality:
            return  # the user has said meanwhile that it is something else
        if known is not None:
            trust = known.trust if result.denoised is None else result.trust
            denoised, anomaly_map = result.denoised or known.denoised, result.anomaly_map or known.anomaly_map
            result = Result(known.original, denoised, anomaly_map, trust, known.findings)
        entry.result = result
        self.result_changed.emit(index)

    def close(self) -> None:
        """Stop all threads."""
        for threads in (self._threads, self._scans, self._thumbnails):
            threads.close()

    def _found(self, opening: _Opening, found: "Found") -> None:
        """List what a scan has found of a series."""
        lines = opening.lines.setdefault(found.key, [])
        for number, source in enumerate(found.sources):
            if number < len(lines):
                self._update(lines[number], source, not found.settled)
                continue
            lines.append(len(self.series))
            self.series.append(OpenSeries(source, growing=not found.settled, told=source))
            self.series_added.emit(lines[number])
        if not found.settled:
            return
        for line in lines:
            self._make_thumbnail(line)
        if not opening.has_shown:
            opening.has_shown = True
            self.opened.emit(opening.paths)
            self.show(lines[0])

    def _update(self, index: int, source: Source, growing: bool) -> None:
        """Take note of what was found meanwhile of a series; what was computed for it is kept."""
        entry = self.series[index]
        known, entry.told, entry.growing = entry.told, source, growing
        if entry.result is None:
            entry.source = source
        elif known is not None and known.paths == source.paths:
            entry.source = replace(entry.source, warnings=_both(source.warnings, entry.source.warnings))
        elif not entry.has_results and not growing:  # it was shown before all of it had been found
            entry.source, entry.result = source, None
            if index == self.current:
                self.show(index)
        self.series_changed.emit(index)

    def _scanned(self, opening: _Opening, scan: "Scan") -> None:
        self._end(opening)
        if self._reading is None and not self._openings:
            self.loading_ended.emit()
        if scan.skipped:
            self.files_skipped.emit(scan.skipped)
        for line in (line for lines in opening.lines.values() for line in lines):
            entry = self.series[line]
            entry.files = tuple(each for each in scan.results if entry.source.series_instance_uid in each.series)
            self._attach(line)
        if not scan.sources:
            self._say_nothing_found(opening.paths, scan.skipped)

    def _scan_failed(self, opening: _Opening, sentence: str, details: str) -> None:
        self._end(opening)
        self._failed(sentence, details)

    def _end(self, opening: _Opening) -> None:
        """Expect nothing more of an opening."""
        self._openings.discard(opening)
        for line in (line for lines in opening.lines.values() for line in lines):
            if self.series[line].growing:
                self.series[line].growing = False
                self.series_changed.emit(line)

    def _make_thumbnail(self, index: int) -> None:
        source = self.series[index].source
        if self.series[index].pictured == source.paths:
            return
        self.series[index].pictured = source.paths
        self._thumbnails.start(
            lambda task: thumbnail(source, task.report), done=lambda image: self._has_thumbnail(index, image)
        )

    def _has_thumbnail(self, index: int, image: QImage | None) -> None:
        if image is not None:
            self.thumbnail_ready.emit(index, image)

    def _has_read(self, index: int, volume: Volume) -> None:
        self._reading = None
        if not self._openings:
            self.loading_ended.emit()
        entry = self.series[index]
        entry.result = Result(volume)
        entry.source = replace(entry.source, warnings=_both(entry.source.warnings, volume.source.warnings))
        if index == self._wanted:
            self._show_now(index)
        self._attach(index)

    def _attach(self, index: int) -> None:
        """Lay the results that lie beside a series over it, once it has been read and all of them are known."""
        entry = self.series[index]
        if not entry.files or entry.result is None:
            return
        original, files = entry.result.original, entry.files

        def lay_over(task: Task) -> Result:
            from medae.readers import attach

            return attach(original, files, task.report)

        self._threads.start(lay_over, done=partial(self._attached, index, original), failed=self._failed)

    def _attached(self, index: int, original: Volume, found: Result) -> None:
        entry = self.series[index]
        known = entry.result
        if known is None or known.original is not original:
            return  # it was read again meanwhile
        anomaly_map = known.anomaly_map or found.anomaly_map
        entry.result = replace(found, denoised=known.denoised, trust=known.trust, anomaly_map=anomaly_map)
        entry.source = replace(entry.source, warnings=_both(entry.source.warnings, found.original.source.warnings))
        self.result_changed.emit(index)
        self.series_changed.emit(index)

    def _show_now(self, index: int) -> None:
        left = None if self.current in (None, index) else self.series[self.current]
        self.current = index
        self.shown.emit(index)
        if left is not None and not left.has_results:
            left.result = None

    def _failed(self, sentence: str, details: str) -> None:
        self.loading_ended.emit()
        self.problem.emit(sentence, details)

    def _say_nothing_found(self, paths: tuple[Path, ...], skipped: "Sequence[Skipped]") -> None:
        where = paths[0].name if len(paths) == 1 else f"the {len(paths)} items"
        reason = f" {skipped[0].path.name}: {skipped[0].reason}." if skipped else ""
        self.problem.emit(f"No series that MedAE can read was found in {where}.{reason}", "")


def _read(source: Source, task: Task, modality: str | None = None) -> Volume:
    from medae.readers import read

    return read(source, task.report, modality)


def _both(first: Sequence[str], second: Sequence[str]) -> tuple[str, ...]:
    """Sentences of two lists, each once."""
    return tuple(dict.fromkeys((*first, *second)))
