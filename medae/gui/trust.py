"""Trust reports of the session's series: into the panel, as warnings into the message bar, and as files."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject  # noqa: TID253
from PySide6.QtWidgets import QFileDialog  # noqa: TID253

from medae.gui.message_bar import MessageBar
from medae.gui.processing import Processing
from medae.gui.running_jobs import JobRecord
from medae.gui.session import Session
from medae.gui.tasks import Task, Threads
from medae.gui.trust_panel import TrustPanel
from medae.gui.viewer_model import ViewerModel
from medae.jobs.job import ExportJob, ProcessJob
from medae.quality.summary import warnings_and_notes
from medae.volume import Volume

_FILTERS = {".pdf": "PDF page (*.pdf)", ".html": "Web page (*.html)"}


class Trust(QObject):
    """Keeps the panel in step with the series that is shown.

    Parameters
    ----------
    session, processing, model, message_bar
        Those of the window.
    folder
        Gives the folder of the last export, where a report is offered to be saved; None: at home.
    """

    def __init__(
        self,
        session: Session,
        processing: Processing,
        model: ViewerModel,
        message_bar: MessageBar,
        folder: Callable[[], Path | None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.panel = TrustPanel()
        self._session, self._processing, self._message_bar = session, processing, message_bar
        self._folder = folder
        self._threads = Threads(1, self)
        self._drawing: Task | None = None
        session.shown.connect(self._show)
        session.result_changed.connect(self._result_changed)
        model.events.strength.connect(self.panel.show_strength)
        self.panel.show_strength(model.strength)
        self.panel.save_wanted.connect(self._ask)

    def warn(self, record: JobRecord) -> None:
        """Say the most serious warning about what a job has just denoised."""
        result = self._session.series[record.series].result
        if not isinstance(record.job, ProcessJob) or not record.job.trust or result is None or result.trust is None:
            return
        warnings, _ = warnings_and_notes(result.trust)
        if warnings:
            more = f" The Trust panel says {len(warnings) - 1} more." if len(warnings) > 1 else ""
            self._message_bar.say("warning", f"{warnings[0]}{more}", "\n".join(warnings))

    def save(self, path: Path) -> JobRecord | None:
        """Write the report of the series that is shown to a file, .pdf or .html, by the worker."""
        options = {"trust-report": {"file_name": path.name}}
        job = ExportJob(exports=("trust-report",), out=path.parent, options=options, overwrite=True)
        return self._processing.export(job)

    def close(self) -> None:
        """Stop drawing."""
        self._threads.close()

    def _result_changed(self, index: int) -> None:
        if index == self._session.current:
            self._show(index)

    def _show(self, index: int) -> None:
        result = self._session.series[index].result
        if result is None:
            return
        if result.trust is not None and result.trust is self.panel.trust:
            return
        if self._drawing is not None:
            self._drawing.cancel()
        self.panel.show_trust(result.trust, has_denoised=result.denoised is not None)
        if result.trust is not None:
            self._draw(result.original)

    def _draw(self, original: Volume) -> None:
        """Draw the noise map in a thread."""
        show = self.panel.noise_map.show_pixels
        self._drawing = self._threads.start(lambda task: _noise_picture(original), done=lambda drawn: show(*drawn))

    def _ask(self) -> None:
        """Ask where to save; replacing a file was agreed to in the dialog."""
        result = self._session.result
        if result is None:
            return
        modality = (result.original.modality or "scan").lower()
        offered = (self._folder() or Path.home()) / f"{modality}-series-{(self._session.current or 0) + 1}_trust.pdf"
        chosen, kind = QFileDialog.getSaveFileName(
            self.panel, "Save trust report", str(offered), ";;".join(_FILTERS.values())
        )
        if chosen:
            self.save(with_ending(Path(chosen), kind))


def _noise_picture(volume: Volume) -> tuple[NDArray[np.uint8], NDArray[np.uint8], tuple[str, str, str]]:
    """Pixels, colours and scale of the noise map; called in a thread."""
    from medae.exporters.trust_report.pictures import noise_picture

    picture = noise_picture(volume)
    assert picture.scale is not None
    return picture.pixels, picture.colours, (picture.scale.low, picture.scale.middle, picture.scale.high)


def with_ending(path: Path, kind: str) -> Path:
    """Give the path with the ending of a page; where it has none of them, that of the chosen kind of file."""
    if path.suffix.lower() in _FILTERS:
        return path.with_suffix(path.suffix.lower())
    ending = next((ending for ending, name in _FILTERS.items() if name == kind), ".pdf")
    return path.with_name(path.name + ending)
