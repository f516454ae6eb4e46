"""Keeps the training window up to date with the runs on disk, whoever trains them."""

from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal  # noqa: TID253
from PySide6.QtGui import QImage  # noqa: TID253

from medae.gui.tasks import Task, Threads
from medae.gui.training_records import RunRecord, read_records
from medae.runs import Run

INTERVAL = 1500
"""Milliseconds between two looks."""


class TrainingWatch(QObject):
    """Reads runs and previews in a thread, every `INTERVAL` while it is started."""

    changed = Signal(object)
    """All runs, a tuple of `RunRecord`, the newest first. Emitted after every look that found something new."""
    preview_changed = Signal(str, object)
    """Name of the run that is looked at, and its newest picture (QImage)."""
    problem = Signal(str, str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.records: dict[str, RunRecord] = {}
        self._threads = Threads(1, self)
        self._has_read = False
        self._reading: Task | None = None
        self._shown: str | None = None
        self._picture_stamp = (0, 0)
        self._clock = QTimer(self)
        self._clock.setInterval(INTERVAL)
        self._clock.timeout.connect(self.look)

    def start(self) -> None:
        """Look now, and again and again."""
        self._clock.start()
        self.look()

    def stop(self) -> None:
        """Look no more for now."""
        self._clock.stop()

    def close(self) -> None:
        """End the thread."""
        self._clock.stop()
        self._threads.close()

    def show_preview_of(self, name: str | None) -> None:
        """Look at another run's picture from now on."""
        if name != self._shown:
            self._shown, self._picture_stamp = name, (0, 0)
            self.look()

    def look(self) -> None:
        """Read what has changed; does nothing while the last look goes on."""
        if self._reading is not None:
            return
        known, shown, stamp = dict(self.records), self._shown, self._picture_stamp

        def read(task: Task) -> tuple[tuple[RunRecord, ...], str | None, QImage | None, tuple[int, int]]:
            image, newer = _picture(shown, stamp)
            return read_records(known), shown, image, newer

        self._reading = self._threads.start(read, done=lambda found: self._has_looked(*found), failed=self._failed)

    def remove(self, name: str) -> None:
        """Delete a run's folder in the thread, then look."""
        self._threads.start(lambda task: Run.named(name).remove(), done=lambda _: self.look(), failed=self._failed)

    def _has_looked(
        self, records: tuple[RunRecord, ...], shown: str | None, image: QImage | None, stamp: tuple[int, int]
    ) -> None:
        self._reading = None
        if not self._has_read or list(self.records.values()) != list(records):
            self._has_read = True
            self.records = {record.name: record for record in records}
            self.changed.emit(records)
        if shown != self._shown:
            self.look()
        elif image is not None and shown is not None:
            self._picture_stamp = stamp
            self.preview_changed.emit(shown, image)

    def _failed(self, sentence: str, details: str) -> None:
        self._reading = None
        self.problem.emit(sentence, details)


def _picture(name: str | None, stamp: tuple[int, int]) -> tuple[QImage | None, tuple[int, int]]:
    """Read a run's picture if it is another than the one with that stamp."""
    if name is None:
        return None, stamp
    path: Path = Run.named(name).preview
    try:
        facts = path.stat()
    except OSError:
        return None, stamp
    newer = (facts.st_mtime_ns, facts.st_size)
    if newer == stamp:
        return None, stamp
    image = QImage(str(path))
    return (None, stamp) if image.isNull() else (image, newer)
