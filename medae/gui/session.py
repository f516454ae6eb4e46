"""The opened series of one window: found, read, shown, and what was computed for them.

Scanning, reading and thumbnails run in threads; every signal arrives in the window's thread.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal  # noqa: TID253
from PySide6.QtGui import QImage  # noqa: TID253

from medae import readers
from medae.gui.tasks import Task, Threads
from medae.gui.thumbnail import thumbnail
from medae.results import Result
from medae.volume import Source, Volume


@dataclass(slots=True, eq=False)
class OpenSeries:
    """One line of the series list; ``result`` is None until the series has been read."""

    source: Source
    result: Result | None = None

    @property
    def has_results(self) -> bool:
        """Whether something was computed that would be lost with the series."""
        return self.result is not None and not (self.result.denoised is None and self.result.anomaly_map is None)


class Session(QObject):
    """Opens paths, reads series, and keeps their results."""

    series_added = Signal(int)
    thumbnail_ready = Signal(int, QImage)
    file_skipped = Signal(object)
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
        self._thumbnails = Threads(1, self)
        self._reading: Task | None = None
        self._wanted: int | None = None

    def open_paths(self, paths: Sequence[Path]) -> None:
        """Look for series in files and folders; the first one found is shown."""
        paths = tuple(Path(path) for path in paths)
        self.loading.emit(0.0, "Looking for series…")
        self._threads.start(
            lambda task: readers.scan(paths, task.report),
            done=lambda scan: self._scanned(paths, scan),
            failed=self._failed,
            progressed=self.loading.emit,
        )

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

        def read(task: Task) -> Volume:
            return readers.read(entry.source, task.report)

        self.loading.emit(0.0, f"Reading {entry.source.description or 'series'}…")
        self._reading = self._threads.start(
            read,
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

        def read(task: Task) -> Volume:
            return readers.read(source, task.report, modality)

        self.loading.emit(0.0, f"Reading as {modality}…")
        self._threads.start(
            read,
            done=lambda volume: self._has_read(index, volume),
            failed=self._failed,
            progressed=self.loading.emit,
        )

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
            result = Result(known.original, denoised, anomaly_map, trust)
        entry.result = result
        self.result_changed.emit(index)

    def close(self) -> None:
        """Stop all threads."""
        self._threads.close()
        self._thumbnails.close()

    def _scanned(self, paths: tuple[Path, ...], scan: readers.Scan) -> None:
        self.loading_ended.emit()
        for skipped in scan.skipped:
            self.file_skipped.emit(skipped)
        first = len(self.series)
        for source in scan.sources:
            self.series.append(OpenSeries(source))
            self.series_added.emit(len(self.series) - 1)
        if scan.sources:
            self.opened.emit(paths)
            self.show(first)
        else:
            self._say_nothing_found(paths, scan.skipped)
        for index in range(first, len(self.series)):
            self._make_thumbnail(index)

    def _make_thumbnail(self, index: int) -> None:
        source = self.series[index].source
        self._thumbnails.start(
            lambda task: thumbnail(source, task.report), done=lambda image: self._has_thumbnail(index, image)
        )

    def _has_thumbnail(self, index: int, image: QImage | None) -> None:
        if image is not None:
            self.thumbnail_ready.emit(index, image)

    def _has_read(self, index: int, volume: Volume) -> None:
        self.loading_ended.emit()
        entry = self.series[index]
        entry.result = Result(volume)
        entry.source = replace(entry.source, warnings=volume.source.warnings)
        if index == self._wanted:
            self._show_now(index)

    def _show_now(self, index: int) -> None:
        left = None if self.current in (None, index) else self.series[self.current]
        self.current = index
        self.shown.emit(index)
        if left is not None and not left.has_results:
            left.result = None

    def _failed(self, sentence: str, details: str) -> None:
        self.loading_ended.emit()
        self.problem.emit(sentence, details)

    def _say_nothing_found(self, paths: tuple[Path, ...], skipped: Sequence[readers.Skipped]) -> None:
        where = paths[0].name if len(paths) == 1 else f"the {len(paths)} items"
        reason = f" {skipped[0].path.name}: {skipped[0].reason}." if skipped else ""
        self.problem.emit(f"No series that MedAE can read was found in {where}.{reason}", "")
