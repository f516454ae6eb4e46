"""First rows of the latent window: which model, which scans, go; then how far it is."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal  # noqa: TID253
from PySide6.QtWidgets import (  # noqa: TID253
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from medae import bundle
from medae.gui import theme

MODALITIES = {"As the file says": None, "CT": "CT", "MR": "MR", "X-ray": "DX"}
"""What scans are, where their files cannot say."""


class LatentSetup(QWidget):
    """Asks for a model and scans."""

    encode = Signal()
    cancel = Signal()
    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        theme.paint_panel(self)
        self._paths: tuple[Path, ...] = ()
        self._is_busy = False
        self.model, self.modality = QComboBox(), QComboBox()
        self.model.setAccessibleName("Model")
        self.model.setMinimumWidth(260)
        self.model.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.modality.addItems(list(MODALITIES))
        self.modality.setAccessibleName("Modality")
        self.modality.setToolTip("What the scans are, where the files cannot say (NIfTI)")
        self.files_button = QPushButton(theme.icon("open-file"), "Files…")
        self.folder_button = QPushButton(theme.icon("open-folder"), "Folder…")
        self.paths_label = theme.label("No scans chosen", "dim")
        self.encode_button = QPushButton("Encode")
        self.encode_button.setProperty("primary", True)
        self.cancel_button = QPushButton("Cancel")
        self.bar = QProgressBar()
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName("Progress")
        self.doing = theme.label("", "dim")
        self._lay_out()
        self.files_button.clicked.connect(self._choose_files)
        self.folder_button.clicked.connect(self._choose_folder)
        self.encode_button.clicked.connect(self.encode)
        self.cancel_button.clicked.connect(self.cancel)
        self.model.currentIndexChanged.connect(self._update)
        self.refresh_models()
        self.show_busy(False)

    @property
    def paths(self) -> tuple[Path, ...]:
        """Files and folders that are chosen."""
        return self._paths

    @property
    def model_name(self) -> str:
        """Name of the chosen model; empty where there is none."""
        return str(self.model.currentData() or "")

    @property
    def chosen_modality(self) -> str | None:
        """DICOM Modality, or None where the file is to say."""
        return MODALITIES[self.modality.currentText()]

    def refresh_models(self) -> None:
        """List the models that are there now; the chosen one stays."""
        chosen = self.model_name
        self.model.blockSignals(True)
        self.model.clear()
        for info in bundle.bundles():
            self.model.addItem(f"{info.title} · {info.family}, {', '.join(info.modalities)}", info.name)
        self.model.blockSignals(False)
        self.set_model(chosen)
        self._update()

    def set_model(self, name: str) -> None:
        """Choose a model by its name; the list stays as it is where there is none of that name."""
        index = self.model.findData(name)
        if index >= 0:
            self.model.setCurrentIndex(index)

    def set_modality(self, modality: str | None) -> None:
        """Say what the scans are."""
        names = [name for name, value in MODALITIES.items() if value == modality]
        self.modality.setCurrentText(names[0] if names else next(iter(MODALITIES)))

    def set_paths(self, paths: Sequence[Path]) -> None:
        """Choose scans."""
        self._paths = tuple(Path(path) for path in paths)
        first = self._paths[0].name if self._paths else ""
        text = "No scans chosen"
        if self._paths:
            text = first if len(self._paths) == 1 else f"{first} and {len(self._paths) - 1} more"
        self.paths_label.setText(text)
        self.paths_label.setToolTip("\n".join(str(path) for path in self._paths[:20]))
        self._update()

    def show_busy(self, busy: bool) -> None:
        """Show the progress, or the rest alone."""
        self._is_busy = busy
        for widget in (self.bar, self.doing, self.cancel_button):
            widget.setVisible(busy)
        self._update()

    def show_progress(self, fraction: float, text: str) -> None:
        """Show how far it is."""
        self.bar.setValue(round(1000 * fraction))
        if text:
            self.doing.setText(text)

    def _lay_out(self) -> None:
        first, second = QHBoxLayout(), QHBoxLayout()
        first.setSpacing(theme.SPACING)
        first.addWidget(_title("Model"))
        first.addWidget(self.model, 3)
        first.addSpacing(theme.SPACING)
        first.addWidget(_title("Scans"))
        first.addWidget(self.files_button)
        first.addWidget(self.folder_button)
        first.addWidget(self.paths_label, 2)
        first.addWidget(self.modality)
        first.addWidget(self.encode_button)
        second.setSpacing(theme.SPACING)
        second.addWidget(self.doing, 1)
        second.addWidget(self.bar, 1)
        second.addWidget(self.cancel_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 10, 12, 10)
        column.setSpacing(theme.SPACING)
        column.addLayout(first)
        column.addLayout(second)

    def _update(self) -> None:
        self.encode_button.setEnabled(bool(self._paths and self.model_name) and not self._is_busy)
        self.changed.emit()

    def _choose_files(self) -> None:
        paths, _ = QFileDialog.getOpenFileNames(self, "Choose scans", self._last_folder())
        if paths:
            self.set_paths([Path(path) for path in paths])

    def _choose_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Choose a folder of scans", self._last_folder())
        if folder:
            self.set_paths([Path(folder)])

    def _last_folder(self) -> str:
        return str(self._paths[0].parent) if self._paths else str(Path.home())


def _title(text: str) -> QWidget:
    made = theme.label(text, "dim")
    made.setWordWrap(False)
    made.setAlignment(Qt.AlignmentFlag.AlignVCenter)
    return made
