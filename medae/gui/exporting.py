"""From the wish to export to the job: a thread finds out what can be written, the dialog asks, the job is sent."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject  # noqa: TID253
from PySide6.QtWidgets import QWidget  # noqa: TID253

from medae.gui.processing import Processing
from medae.gui.session import Session
from medae.gui.tasks import Task, Threads
from medae.gui.tool_windows import ToolWindows
from medae.gui.viewer_model import ViewerModel
from medae.jobs.export_offer import Offer, offer
from medae.results import Result, adjusted

if TYPE_CHECKING:
    from medae.gui.export_dialog import ExportDialog


class Exporting(QObject):
    """Asks about exports of the series that is shown.

    Parameters
    ----------
    session, model, processing, tools
        Of the window; ``tools`` knows the nodes, and sends what was written.
    say
        Shows an error: sentence and details.
    parent
        The window.
    """

    def __init__(
        self,
        session: Session,
        model: ViewerModel,
        processing: Processing,
        tools: ToolWindows,
        say: Callable[[str, str], None],
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._session, self._model, self._processing, self._tools = session, model, processing, tools
        self._say, self._window = say, parent
        self._threads = Threads(1, self)
        self._task: Task | None = None
        self.dialog: ExportDialog | None = None

    def ask(self, folder: Path, take_folder: Callable[[Path], None]) -> None:
        """Find out which exporters can be used, then ask.

        Parameters
        ----------
        folder
            What the dialog names at first.
        take_folder
            Told where the user exports to.
        """
        result = self._session.result
        if result is None:
            return
        threshold = None if self._model.anomaly_map is None else self._model.heatmap_threshold
        strength = self._model.strength

        def look(_task: Task) -> tuple[Result, Offer]:
            wanted = adjusted(result, threshold=threshold)  # the strength changes values, but no names and sizes
            return wanted, offer(wanted)

        def show(found: tuple[Result, Offer]) -> None:
            wanted, offered = found
            self._show(wanted, offered, folder, strength, threshold)
            assert self.dialog is not None
            self.dialog.accepted.connect(partial(self._export, take_folder))
            self.dialog.open()

        self._task = self._threads.start(look, done=show, failed=self._say)

    def close(self) -> None:
        """Stop looking."""
        self._threads.close()

    def _show(self, result: Result, offered: Offer, folder: Path, strength: float, threshold: float | None) -> None:
        from medae.gui.export_dialog import ExportDialog

        modality = (result.original.modality or "scan").lower()
        name = f"{modality}-series-{(self._session.current or 0) + 1}"
        nodes = self._tools.node_names()
        self.dialog = ExportDialog(offered, folder, name, strength, threshold, self._window, nodes=nodes)
        self.dialog.options_changed.connect(partial(self._offer_again, self.dialog, result))

    def _offer_again(self, dialog: "ExportDialog", result: Result, options: dict[str, dict[str, Any]]) -> None:
        if self._task is not None:
            self._task.cancel()
        self._task = self._threads.start(
            lambda task: offer(result, options),
            done=lambda offered: dialog.show_offer(offered, options),
            failed=partial(self._give_up, dialog),
        )

    def _give_up(self, dialog: "ExportDialog", sentence: str, details: str) -> None:
        """Say why the scan cannot be looked at any more."""
        dialog.reject()
        self._say(sentence, details)

    def _export(self, take_folder: Callable[[Path], None]) -> None:
        assert self.dialog is not None
        job = self.dialog.job()
        take_folder(job.out)
        self._tools.send_after(job, self.dialog.send_to.currentData())
        self._processing.export(job)
