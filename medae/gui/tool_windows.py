"""The windows beside the main one: training, calibration, models, latent space, PACS. Made when first wanted."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal  # noqa: TID253
from PySide6.QtWidgets import QWidget  # noqa: TID253

from medae.gui.pacs_work import PacsWork
from medae.gui.running_jobs import JobRecord, JobWorker
from medae.jobs.job import ExportJob
from medae.jobs.messages import Message

if TYPE_CHECKING:
    from medae.gui.calibration_window import CalibrationWindow
    from medae.gui.latent_window import LatentWindow
    from medae.gui.model_manager import ModelManager
    from medae.gui.pacs_window import PacsWindow
    from medae.gui.training_window import TrainingWindow

MakeWorker = Callable[[Callable[[Message], None]], JobWorker]


class ToolWindows(QObject):
    """Shows the windows and passes on what is wanted in them.

    Parameters
    ----------
    make_worker
        Makes the worker of a window that computes, so that a training does not keep others waiting.
    """

    use_model = Signal(str)
    models_changed = Signal()
    slice_wanted = Signal(object, int, int)
    open_paths = Signal(object)

    def __init__(self, make_worker: MakeWorker, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._make_worker = make_worker
        self._training: TrainingWindow | None = None
        self._models: ModelManager | None = None
        self._latent: LatentWindow | None = None
        self._pacs: PacsWindow | None = None
        self._network = PacsWork(self)
        self._to_send: list[tuple[ExportJob, str]] = []
        self._calibration: CalibrationWindow | None = None

    def show_training(self, paths: Sequence[Path] = (), modality: str = "") -> None:
        """Open the training window; with paths it asks for a model of what is normal in these scans."""
        from medae.gui.training_window import TrainingWindow

        if self._training is None:
            self._training = TrainingWindow(self._make_worker)
            self._training.model_ready.connect(self._model_ready)
        _raise(self._training)
        if paths:
            self._training.learn_normal(paths, modality)

    def show_models(self) -> None:
        """Open the model manager."""
        from medae.gui.model_manager import ModelManager

        if self._models is None:
            self._models = ModelManager()
            self._models.use.connect(self.use_model)
            self._models.changed.connect(self.models_changed)
            self._models.calibrate.connect(self.show_calibration)
        _raise(self._models)

    def show_calibration(self, model: str = "") -> None:
        """Open the window that calibrates an anomaly model on normal scans, on a model where one is named."""
        from medae.gui.calibration_window import CalibrationWindow

        if self._calibration is None:
            self._calibration = CalibrationWindow(self._make_worker)
            self._calibration.use.connect(self.use_model)
            self._calibration.changed.connect(self.models_changed)
            self._calibration.train.connect(self.show_training)
        _raise(self._calibration)
        self._calibration.refresh(model)

    def show_latent(self, paths: Sequence[Path] = (), model: str = "", modality: str | None = None) -> None:
        """Open the latent explorer, on scans and a model where they are given."""
        from medae.gui.latent_window import LatentWindow

        if self._latent is None:
            self._latent = LatentWindow(self._make_worker)
            self._latent.slice_wanted.connect(self.slice_wanted)
        _raise(self._latent)
        if paths or model:
            self._latent.explore(paths, model, modality)

    def start_network(self) -> None:
        """Read the PACS nodes, and send what was left in the queue; called once the main window is on the screen."""
        self._network.start()

    def show_pacs(self) -> None:
        """Open the PACS window."""
        from medae.gui.pacs_window import PacsWindow

        self._network.start()
        if self._pacs is None:
            self._pacs = PacsWindow(self._network)
            self._pacs.open_paths.connect(self.open_paths)
        _raise(self._pacs)

    def node_names(self) -> tuple[str, ...]:
        """Names of the nodes to which something can be sent."""
        return tuple(node.name for node in self._network.settings.nodes)

    def send_after(self, job: ExportJob, node: str) -> None:
        """Send what an export writes to a node, once it is written; an empty name sends nothing."""
        if node:
            self._to_send.append((job, node))

    def exported(self, record: JobRecord) -> None:
        """Put the files of an export that was to be sent into the queue."""
        for job, node in [wanted for wanted in self._to_send if wanted[0] is record.job]:
            self._to_send.remove((job, node))
            self._network.send(node, record.paths, "Export")

    def may_close(self, parent: QWidget) -> bool:
        """Ask before MedAE is closed during a training."""
        return self._training is None or self._training.may_close(parent)

    def close(self) -> None:
        """Close them all; a training is paused, the send queue goes on at the next start."""
        for window in (self._training, self._models, self._latent, self._pacs, self._calibration):
            if window is not None:
                window.hide()
                window.shut_down()
        self._network.close()

    def _model_ready(self, name: str) -> None:
        self.models_changed.emit()
        self.use_model.emit(name)


def _raise(window: QWidget) -> None:
    window.show()
    window.raise_()
    window.activateWindow()
