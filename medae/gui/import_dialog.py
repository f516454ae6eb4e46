"""What to import, and what the bundle may not say itself."""

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtWidgets import (  # noqa: TID253
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from medae.gui import theme

_SAYS = "As the bundle says"
_TASKS = {_SAYS: None, "Denoise": "denoise", "Reconstruct, for features": "reconstruct"}
_MODALITIES = {_SAYS: None, "CT": "CT", "MR": "MR", "X-ray": "DX"}
_WORDS = {
    "--task denoise or --task reconstruct": "'Used to'",
    "--task reconstruct": "'Used to: Reconstruct'",
    "--modality CT, MR or XR": "'Scans'",
    "--name my-denoiser": "my-denoiser",
    "--name": "'Name'",
    "--overwrite": "'Replace'",
}
"""Options of the command line, and what they are called here."""


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """What the user has chosen; the fields are those of `medae.bundle.import_bundle`."""

    path: Path
    name: str | None
    task: str | None
    modality: str | None
    overwrite: bool


def in_window_words(sentence: str) -> str:
    """Replace the command line's options in a sentence by this dialog's fields."""
    for option, word in _WORDS.items():
        sentence = sentence.replace(option, word)
    return sentence


class ImportDialog(QDialog):
    """Asks for a zip or a folder; the rest may stay as it is."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Import a model")
        self.setMinimumWidth(620)
        self.path = QLineEdit()
        self.path.setPlaceholderText("A bundle of MedAE or MONAI: a zip or a folder")
        self.path.setClearButtonEnabled(True)
        self.name = QLineEdit()
        self.name.setPlaceholderText("As the file is called")
        self.task, self.modality = QComboBox(), QComboBox()
        self.task.addItems(list(_TASKS))
        self.modality.addItems(list(_MODALITIES))
        self.overwrite = QCheckBox("Replace a model of yours that has this name")
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.import_button = QPushButton("Import")
        self.import_button.setProperty("primary", True)
        self.import_button.setDefault(True)
        self.import_button.setEnabled(False)
        self.buttons.addButton(self.import_button, QDialogButtonBox.ButtonRole.AcceptRole)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self.path.textChanged.connect(lambda text: self.import_button.setEnabled(bool(text.strip())))
        self._lay_out()

    def request(self) -> ImportRequest:
        """Give what was chosen."""
        return ImportRequest(
            path=Path(self.path.text().strip()).expanduser(),
            name=self.name.text().strip() or None,
            task=_TASKS[self.task.currentText()],
            modality=_MODALITIES[self.modality.currentText()],
            overwrite=self.overwrite.isChecked(),
        )

    def _lay_out(self) -> None:
        zip_button, folder_button = QPushButton("Zip…"), QPushButton("Folder…")
        zip_button.clicked.connect(self._browse_zip)
        folder_button.clicked.connect(self._browse_folder)
        row = QHBoxLayout()
        row.setSpacing(theme.SPACING)
        row.addWidget(self.path, 1)
        row.addWidget(zip_button)
        row.addWidget(folder_button)
        form = QFormLayout()
        form.setSpacing(theme.SPACING)
        form.addRow("Bundle", row)
        form.addRow("Name", self.name)
        form.addRow("Used to", self.task)
        form.addRow("Scans", self.modality)
        form.addRow("", self.overwrite)
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 16, 18, 14)
        column.setSpacing(12)
        column.addWidget(
            theme.label(
                "The bundle is looked through first and nothing of it is run; only weights, network description, "
                "metadata, model card and pictures are taken over.",
                "dim",
            )
        )
        column.addLayout(form)
        column.addWidget(self.buttons)

    def _browse_zip(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, "Bundle to import", self.path.text(), "Bundles (*.zip)")
        if name:
            self.path.setText(name)

    def _browse_folder(self) -> None:
        name = QFileDialog.getExistingDirectory(self, "Bundle to import", self.path.text())
        if name:
            self.path.setText(name)
