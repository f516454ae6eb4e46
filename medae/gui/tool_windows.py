"""The windows beside the main one: training, calibration, models, latent space. Made when they are first wanted."""

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal  # noqa: TID253
from PySide6.QtWidgets import QWidget  # noqa: TID253

from medae.gui.calibration_window import CalibrationWindow
from medae.gui.latent_window import LatentWindow
from medae.gui.model_manager import ModelManager
from medae.gui.running_jobs import JobWorker
from medae.gui.training_window import TrainingWindow
from medae.jobs.messages import Message

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

    def __init__(self, make_worker: MakeWorker, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._make_worker = make_worker
        self._training: TrainingWindow | None = None
        self._models: ModelManager | None = None
        self._latent: LatentWindow | None = None
        self._calibration: CalibrationWindow | None = None

    def show_training(self, paths: Sequence[Path] = (), modality: str = "") -> None:
        """Open the training window; with paths it asks for a model of what is normal in these scans."""
        if self._training is None:
            self._training = TrainingWindow(self._make_worker)
            self._training.model_ready.connect(self._model_ready)
        _raise(self._training)
        if paths:
            self._training.learn_normal(paths, modality)

    def show_models(self) -> None:
        """Open the model manager."""
        if self._models is None:
            self._models = ModelManager()
            self._models.use.connect(self.use_model)
            self._models.changed.connect(self.models_changed)
            self._models.calibrate.connect(self.show_calibration)
        _raise(self._models)

    def show_calibration(self, model: str = "") -> None:
        """Open the window that calibrates an anomaly model on normal scans, on a model where one is named."""
        if self._calibration is None:
            self._calibration = CalibrationWindow(self._make_worker)
            self._calibration.use.connect(self.use_model)
            self._calibration.changed.connect(self.models_changed)
            self._calibration.train.connect(self.show_training)
        _raise(self._calibration)
        self._calibration.refresh(model)

    def show_latent(self, paths: Sequence[Path] = (), model: str = "", modality: str | None = None) -> None:
        """Open the latent explorer, on scans and a model where they are given."""
        if self._latent is None:
            self._latent = LatentWindow(self._make_worker)
            self._latent.slice_wanted.connect(self.slice_wanted)
        _raise(self._latent)
        if paths or model:
            self._latent.explore(paths, model, modality)

    def may_close(self, parent: QWidget) -> bool:
        """Ask before MedAE is closed during a training."""
        return self._training is None or self._training.may_close(parent)

    def close(self) -> None:
        """Close them all; a training is paused."""
        for window in (self._training, self._models, self._latent, self._calibration):
            if window is not None:
                window.hide()
                window.shut_down()

    def _model_ready(self, name: str) -> None:
        self.models_changed.emit()
        self.use_model.emit(name)


def _raise(window: QWidget) -> None:
    window.show()
    window.raise_()
    window.activateWindow()
