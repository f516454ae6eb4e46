"""The main window: parts put together, nothing computed."""

import base64
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QByteArray, Qt  # noqa: TID253
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QKeyEvent  # noqa: TID253
from PySide6.QtWidgets import (  # noqa: TID253
    QDockWidget,
    QFileDialog,
    QMainWindow,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from medae import bundle
from medae.bundle import BundleInfo
from medae.errors import SettingsError
from medae.gui.about import AboutBox, ShortcutsSheet
from medae.gui.actions import Actions, Commands
from medae.gui.exporting import Exporting
from medae.gui.findings_panel import FindingsPanel
from medae.gui.jobs_panel import JobsPanel
from medae.gui.message_bar import MessageBar
from medae.gui.modality_bar import ModalityBar
from medae.gui.model_menu import models_for
from medae.gui.processing import Processing
from medae.gui.running_jobs import JobRecord, JobWorker, RunningJobs
from medae.gui.series_browser import SeriesBrowser
from medae.gui.session import Session
from medae.gui.start_page import StartPage
from medae.gui.status import StatusLine
from medae.gui.tasks import Threads
from medae.gui.tool_windows import ToolWindows
from medae.gui.trust import Trust
from medae.gui.viewer import Viewer
from medae.gui.viewer_model import ViewerModel
from medae.jobs.job import ExportJob
from medae.jobs.messages import Message
from medae.jobs.sample_scans import SAMPLES, make_sample
from medae.jobs.worker import Worker
from medae.results import Result
from medae.settings import Settings

_FILES = "Medical images (*.dcm *.ima *.nii *.nii.gz *.nrrd *.nhdr *.mha *.mhd *.png *.tif *.tiff *.jpg);;All files (*)"
_DOCKS = 1  # goes up when there is another dock: places that were saved before it do not count


class MainWindow(QMainWindow):
    """Series on the left, images in the middle, results and jobs on the right."""

    def __init__(
        self,
        settings: Settings | None = None,
        make_worker: Callable[[Callable[[Message], None]], JobWorker] = Worker,
    ) -> None:
        super().__init__()
        self.setWindowTitle("MedAE")
        self.setAcceptDrops(True)
        self.settings = settings or Settings()
        self.model = ViewerModel(strength=self.settings.strength)
        self.session = Session(self)
        self.jobs = RunningJobs(make_worker, self)
        self.processing = Processing(self.session, self.jobs, self.model, self)
        self.start_page, self.viewer = StartPage(), Viewer(self.model)
        self.browser, self.jobs_panel = SeriesBrowser(), JobsPanel()
        self.findings_panel = FindingsPanel(self.model)
        self.message_bar, self.modality_bar, self.status = MessageBar(), ModalityBar(), StatusLine()
        self.trust = Trust(
            self.session, self.processing, self.model, self.message_bar, lambda: self.settings.export_folder, self
        )
        self.tools = ToolWindows(make_worker, self)
        self.exporting = Exporting(
            self.session, self.model, self.processing, self.tools, partial(self.message_bar.say, "error"), self
        )
        self._threads = Threads(1, self)
        self._lay_out()
        self.actions_ = Actions(self, self.model, self._commands())
        self._connect()
        self.viewer.context_menu_requested.connect(lambda place: self.actions_.view_menu.popup(place))
        self._show_recent()
        self._update_actions()
        self._restore_geometry()

    def open_paths(self, paths: Sequence[Path]) -> None:
        """Open files and folders."""
        self.session.open_paths([Path(path) for path in paths])

    def open_result(self, result: Result) -> None:
        """Show a result that was computed before the window opened."""
        self.session.open_result(result)

    def open_sample(self, name: str) -> None:
        """Make a sample scan, if need be, and open it."""
        self.session.open_made(
            lambda task: make_sample(name), f"the sample “{SAMPLES[name]}” (only once, takes some seconds)"
        )

    def start_worker(self) -> None:
        """Let the worker process import torch; called once the window is on the screen."""
        self.jobs.warm_up()
        self.tools.start_network()

    # putting together

    def _lay_out(self) -> None:
        self.stack = QStackedWidget()
        self.stack.addWidget(self.start_page)
        self.stack.addWidget(self.viewer)
        middle = QWidget()
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for widget, stretch in ((self.message_bar, 0), (self.modality_bar, 0), (self.stack, 1)):
            column.addWidget(widget, stretch)
        self.setCentralWidget(middle)
        self.setStatusBar(self.status)
        left, right = Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.RightDockWidgetArea
        self.docks = [
            self._dock("Series", self.browser, left),
            self._dock("Results", self.findings_panel, right),
            self._dock("Jobs", self.jobs_panel, right),
            self._dock("Trust", self.trust.panel, right),
        ]
        self.resizeDocks(self.docks[:3], [212, 374, 374], Qt.Orientation.Horizontal)
        self.resizeDocks(self.docks[1:3], [530, 170], Qt.Orientation.Vertical)
        self.tabifyDockWidget(self.docks[1], self.docks[3])
        self.docks[1].raise_()

    def _dock(self, title: str, widget: QWidget, area: Qt.DockWidgetArea) -> QDockWidget:
        dock = QDockWidget(title, self)
        dock.setObjectName(f"dock_{title.lower()}")
        dock.setWidget(widget)
        dock.setFeatures(
            QDockWidget.DockWidgetFeature.DockWidgetMovable | QDockWidget.DockWidgetFeature.DockWidgetClosable
        )
        self.addDockWidget(area, dock)
        return dock

    def _commands(self) -> Commands:
        return Commands(
            open_files=self._choose_files,
            open_folder=self._choose_folder,
            start_page=lambda: self.stack.setCurrentWidget(self.start_page),
            denoise=lambda: self._note(self.processing.denoise(self.settings.device)),
            adapt=lambda: self._note(self.processing.denoise(self.settings.device, adapt=True)),
            detect=lambda: self._note(self.processing.detect(self.settings.device)),
            cancel=self.jobs.cancel_all,
            export=self._ask_export,
            pacs=self.tools.show_pacs,
            train=self.tools.show_training,
            models=self.tools.show_models,
            latent=self._explore,
            calibrate=self.tools.show_calibration,
            use_model=self._use_model,
            shortcuts=lambda: ShortcutsSheet(self).open(),
            about=lambda: AboutBox(self).open(),
            close=self.close,
        )

    def _connect(self) -> None:
        self.start_page.open_files.connect(self._choose_files)
        self.start_page.open_folder.connect(self._choose_folder)
        self.start_page.open_sample.connect(self.open_sample)
        self.start_page.open_recent.connect(lambda path: self.open_paths([path]))
        self.browser.chosen.connect(self.session.show)
        self.browser.rearranged.connect(self.session.rearrange)
        session = self.session
        session.series_added.connect(lambda index: self.browser.add(session.series[index].source))
        session.series_added.connect(self._describe)
        session.series_changed.connect(self._describe)
        session.thumbnail_ready.connect(self.browser.set_thumbnail)
        session.files_skipped.connect(self.browser.add_skipped)
        session.loading.connect(self.status.show_loading)
        session.loading_ended.connect(self.status.show_ready)
        self.status.stop.connect(session.stop_loading)
        session.problem.connect(lambda sentence, details: self.message_bar.say("error", sentence, details))
        session.shown.connect(self._shown)
        session.result_changed.connect(self._update_actions)
        session.opened.connect(self._remember)
        self.tools.use_model.connect(self._use_model)
        self.tools.slice_wanted.connect(self._show_slice)
        self.tools.open_paths.connect(self.open_paths)
        for signal in (self.tools.models_changed, session.shown, self.modality_bar.chosen):
            signal.connect(self._list_models)
        self.modality_bar.chosen.connect(session.set_modality)
        self.jobs.changed.connect(self.jobs_panel.show_job)
        self.jobs.changed.connect(self._update_actions)
        self.jobs_panel.cancel.connect(self.jobs.cancel)
        self.processing.finished.connect(self._job_finished)
        self.processing.failed.connect(lambda job: self.message_bar.say("error", job.message, job.details))
        self.findings_panel.threshold_settled.connect(self.processing.find_above)
        self.findings_panel.table.jumped.connect(lambda: self.viewer.setFocus())
        self.actions_.view_menu.addActions([dock.toggleViewAction() for dock in self.docks])

    # opening

    def _choose_files(self) -> None:
        paths, _ = QFileDialog.getOpenFileNames(self, "Open files", self._last_folder(), _FILES)
        if paths:
            self.open_paths([Path(path) for path in paths])

    def _choose_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Open folder", self._last_folder())
        if folder:
            self.open_paths([Path(folder)])

    def _last_folder(self) -> str:
        return str(self.settings.recent[0].parent) if self.settings.recent else str(Path.home())

    def _shown(self, index: int) -> None:
        self.browser.set_current(index)
        self.stack.setCurrentWidget(self.viewer)
        self.viewer.setFocus()
        self.message_bar.hide()
        self._describe(index)
        self._update_actions()

    def _describe(self, index: int) -> None:
        """Say what is known of a series, and of the one that is shown, what to beware of."""
        entry = self.session.series[index]
        self.browser.describe(index, entry.source, entry.growing)
        if entry.source.warnings and index == self.session.current:
            self.message_bar.say("warning", " ".join(entry.source.warnings))

    def _remember(self, paths: Sequence[Path]) -> None:
        self.settings = self.settings.with_recent(paths[0])
        self._save_settings()
        self._show_recent()

    def _show_recent(self) -> None:
        recent = self.settings.recent
        self.start_page.set_recent(recent[:5])
        self.actions_.show_recent([(str(path), partial(self.open_paths, [path])) for path in recent])

    # jobs

    def _note(self, record: JobRecord | None) -> None:
        if record is not None:
            self.message_bar.hide()

    def _job_finished(self, record: JobRecord) -> None:
        if record.device:
            self.status.show_device(record.device)
        if isinstance(record.job, ExportJob):
            self.message_bar.say("done", record.message, "\n".join(str(path) for path in record.paths))
            self.tools.exported(record)
        elif record.job.adapt:
            self.message_bar.say("info", record.message)
        self.trust.warn(record)

    def _ask_export(self) -> None:
        folder = self.settings.export_folder or Path.home() / "medae-export"
        self.exporting.ask(folder, lambda chosen: self._set(self.settings.changed(export_folder=chosen)))

    def _set(self, settings: Settings) -> None:
        self.settings = settings

    def _update_actions(self) -> None:
        result = self.session.result
        current = self.session.current
        knows_modality = result is not None and bool(result.original.modality)
        self.modality_bar.setVisible(result is not None and not knows_modality)
        self.actions_.enable(
            has_scan=result is not None,
            has_result=result is not None and self.session.series[current or 0].has_results,
            is_busy=current is not None and bool(self.jobs.active(current)),
            knows_modality=knows_modality,
        )

    # models

    def _list_models(self) -> None:
        """Read the list of models in a thread, and which of them are used for the scan that is shown."""
        result = self.session.result
        modality = "" if result is None else result.original.modality
        self._threads.start(lambda task: models_for(modality), done=partial(self._show_model_menus, modality))

    def _show_model_menus(self, modality: str, found: tuple[tuple[BundleInfo, ...], dict[str, str]]) -> None:
        models, used = found
        for task, menu in self.actions_.model_menus.items():
            menu.show_models(models, modality, used.get(task, ""))

    def _use_model(self, name: str) -> None:
        self._threads.start(
            lambda task: bundle.find(name),
            done=self._model_found,
            failed=lambda sentence, details: self.message_bar.say("error", sentence, details),
        )

    def _model_found(self, info: BundleInfo) -> None:
        """Denoise or detect with a model from now on; one that does neither is looked into."""
        if info.task == "reconstruct":
            self._explore(info.name)
            return
        self.settings = self.settings.with_model(info.task, info.modalities, info.name)
        self._save_settings()
        verb = "Denoise" if info.task == "denoise" else "Detect"
        self.message_bar.say("done", f"{verb} uses {info.title} for {', '.join(info.modalities)} from now on.")
        self._list_models()

    def _explore(self, model: str = "") -> None:
        """Open the latent explorer on the series that is shown."""
        result = self.session.result
        if result is None:
            self.tools.show_latent(model=model)
        else:
            self.tools.show_latent(result.original.source.paths, model, result.original.modality or None)

    def _show_slice(self, path: Path, part: int, index: int) -> None:
        """Show a slice that was chosen in the latent explorer; its series is opened if need be."""
        if (known := self.session.find(path, part)) is None:
            self.open_paths([path if path.suffix != ".dcm" else path.parent])
            return
        self.session.show(known)
        self.model.cursor = (index, *self.model.cursor[1:])
        self.raise_()

    # settings and events

    def _save_settings(self) -> None:
        try:
            self.settings.save()
        except SettingsError as error:
            self.message_bar.say("warning", str(error))

    def _restore_geometry(self) -> None:
        self.resize(1280, 800)
        for text, restore in (
            (self.settings.window_geometry, self.restoreGeometry),
            (self.settings.window_state, partial(self.restoreState, version=_DOCKS)),
        ):
            if text:
                restore(QByteArray(base64.b64decode(text)))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Accept files and folders."""
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open what was dropped."""
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            event.acceptProposedAction()
            self.open_paths(paths)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Let the viewer's keys work wherever the focus is."""
        if self.stack.currentWidget() is self.viewer and not self.viewer.hasFocus():
            self.viewer.keyPressEvent(event)
        else:
            super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Save place and size, stop threads and the worker process; a training is paused if the user agrees."""
        if not self.tools.may_close(self):
            event.ignore()
            return
        self.hide()
        self.settings = self.settings.changed(
            window_geometry=base64.b64encode(self.saveGeometry().data()).decode(),
            window_state=base64.b64encode(self.saveState(_DOCKS).data()).decode(),
        )
        self._save_settings()
        self.session.close()
        self.processing.close()
        self.exporting.close()
        self.trust.close()
        self.tools.close()
        self._threads.close()
        self.jobs.close()
        event.accept()
