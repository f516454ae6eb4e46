"""The menu beside Denoise and Detect: which model does it."""

from collections.abc import Sequence
from contextlib import suppress

from PySide6.QtCore import Signal  # noqa: TID253
from PySide6.QtGui import QAction, QActionGroup  # noqa: TID253
from PySide6.QtWidgets import QMenu, QWidget  # noqa: TID253

from medae import bundle
from medae.bundle import BundleInfo
from medae.errors import UnsupportedVolume


class ModelMenu(QMenu):
    """Lists the models that fit the scan; the one that is used is checked.

    Parameters
    ----------
    task
        ``"denoise"`` or ``"anomaly"``.
    offered
        What else can be done with the model in use; stands below the models.
    """

    chosen = Signal(str)
    more = Signal()

    def __init__(self, task: str, offered: Sequence[QAction] = (), parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._task, self._offered = task, offered
        self.setToolTipsVisible(True)
        self.show_models((), "", "")

    def show_models(self, models: Sequence[BundleInfo], modality: str, used: str) -> None:
        """Fill the menu with the models for a DICOM Modality; ``used`` is the name of the one in use."""
        self.clear()
        group = QActionGroup(self)
        fitting = [info for info in models if info.task == self._task and modality in info.modalities]
        for info in fitting:
            origin = "" if info.shipped else " (yours)"
            action = self.addAction(f"{info.title}{origin}")
            action.setToolTip(f"{info.name} {info.version}: {info.description}")
            action.setCheckable(True)
            action.setChecked(info.name == used)
            action.triggered.connect(lambda _=False, name=info.name: self.chosen.emit(name))
            group.addAction(action)
        if not fitting:
            hint = self.addAction(f"No model for {modality} yet" if modality else "Open a scan to see its models")
            hint.setEnabled(False)
        self.addSeparator()
        if fitting and self._offered:
            self.addActions(self._offered)
            self.addSeparator()
        self.addAction("All models…").triggered.connect(lambda: self.more.emit())


def models_for(modality: str) -> tuple[tuple[BundleInfo, ...], dict[str, str]]:
    """All models, and the name of the one in use for each task; called in a thread."""
    used = {}
    for task in ("denoise", "anomaly"):
        with suppress(UnsupportedVolume):
            used[task] = bundle.choose(task, modality).name
    return bundle.bundles(), used
