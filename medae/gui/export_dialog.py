"""The export dialog: formats (greyed with the reason), place, how it is written, and what will be written."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal  # noqa: TID253
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
from medae.gui.export_formats import ExportFormats
from medae.gui.export_preview import ExportPreview
from medae.gui.export_settings import ExportSettings
from medae.jobs.export_offer import Offer
from medae.jobs.job import ExportJob


class ExportDialog(QDialog):
    """Asks what to write, where and how; `job` gives the answer."""

    options_changed = Signal(object)
    """What will be written is to be asked again, with these options by exporter; `show_offer` takes the answer."""

    def __init__(
        self,
        offered: Offer,
        folder: Path,
        name: str,
        strength: float,
        threshold: float | None,
        parent: QWidget | None = None,
        *,
        nodes: Sequence[str] = (),
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export")
        self._strength, self._threshold = strength, threshold
        self._offer = offered
        self._options: dict[str, dict[str, Any]] = {}
        self._awaited: dict[str, dict[str, Any]] | None = None
        self._paths: tuple[Path, ...] = ()
        self.formats = ExportFormats(offered.choices)
        self.folder = QLineEdit(str(folder))
        self.name = QLineEdit(name)
        self.overwrite = QCheckBox("Replace files of the same names")
        self.send_to = QComboBox()
        self.send_to.setAccessibleName("Send to")
        self.send_to.addItem("nobody" if nodes else "nobody – add nodes in File → PACS…", "")
        for node in nodes:
            self.send_to.addItem(node, node)
        self.how = ExportSettings()
        self.preview = ExportPreview()
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.export_button = QPushButton(theme.icon("export"), "Export")
        self.export_button.setProperty("primary", True)
        self.export_button.setDefault(True)
        self.buttons.addButton(self.export_button, QDialogButtonBox.ButtonRole.AcceptRole)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self._lay_out()
        self.formats.changed.connect(self._update)
        self.overwrite.toggled.connect(self._update)
        self.folder.textChanged.connect(self._update)
        self.name.textChanged.connect(self._update)
        self.how.changed.connect(self._update)
        self.resize(1180, 720)
        self._update()

    def job(self) -> ExportJob:
        """Give what the user has chosen."""
        return ExportJob(
            exports=self.formats.chosen(),
            out=Path(self.folder.text()).expanduser(),
            name=self.name.text(),
            options=self._options,
            strength=self._strength,
            threshold=self._threshold,
            overwrite=self.overwrite.isChecked(),
            **self.how.values(),
        )

    def show_offer(self, offered: Offer, options: dict[str, dict[str, Any]]) -> None:
        """Take what would be written with the options that were asked for."""
        self._offer, self._options = offered, options
        self._update()

    def outputs(self) -> tuple[Path, ...]:
        """Files and folders that would be written."""
        return self._paths

    def _lay_out(self) -> None:
        left = QVBoxLayout()
        left.setSpacing(theme.SPACING)
        left.addWidget(theme.label("WHAT", "heading"))
        left.addWidget(self.formats)
        left.addSpacing(6)
        left.addWidget(theme.label("HOW", "heading"))
        left.addWidget(self.how)
        left.addStretch(1)
        right = QVBoxLayout()
        right.setSpacing(theme.SPACING)
        right.addWidget(theme.label("WHERE", "heading"))
        right.addLayout(self._place())
        right.addWidget(theme.label("WILL BE WRITTEN", "heading"))
        right.addWidget(self.preview, 1)
        halves = QHBoxLayout()
        halves.setSpacing(3 * theme.SPACING)
        formats = theme.scrolled(left)
        formats.setMinimumWidth(self.formats.minimumSizeHint().width() + formats.verticalScrollBar().sizeHint().width())
        halves.addWidget(formats, 4)
        halves.addLayout(right, 6)
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 16, 18, 14)
        column.setSpacing(12)
        column.addLayout(halves, 1)
        column.addWidget(self.buttons)

    def _place(self) -> QFormLayout:
        form = QFormLayout()
        form.setSpacing(theme.SPACING)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignVCenter)
        browse = QPushButton("Choose…")
        browse.clicked.connect(self._browse)
        row = QHBoxLayout()
        row.addWidget(self.folder, 1)
        row.addWidget(browse)
        form.addRow("Folder", row)
        form.addRow("Name", self.name)
        form.addRow("", self.overwrite)
        form.addRow("Then send to", self.send_to)
        return form

    def _browse(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Folder for the export", self.folder.text())
        if folder:
            self.folder.setText(folder)

    def _update(self) -> None:
        """Show what will be written, and whether that can go ahead."""
        keys = self.formats.chosen()
        chosen = [choice for choice in self._offer.choices if choice.key in keys]
        anonymous = self.how.deidentify.isChecked()
        folder = Path(self.folder.text()).expanduser()
        self._paths = self.preview.show_outputs(chosen, folder, self.name.text(), anonymous=anonymous)
        problem = self._problem(bool(chosen), self.name.text(), self.preview.has_existing)
        problem = problem or self._problem_of_options() or next((one.problem for one in chosen if one.problem), "")
        self.preview.say(problem, self._offer.warnings if anonymous else ())
        self.export_button.setEnabled(not problem and self._awaited is None)

    def _problem_of_options(self) -> str:
        """Ask for a new offer where the options are not those of this one; say what is wrong with them."""
        try:
            wanted = self.formats.options()
        except ValueError as error:
            return str(error)
        if wanted == self._options:
            self._awaited = None
        elif wanted != self._awaited:
            self._awaited = wanted
            self.options_changed.emit(wanted)
        return ""

    def _problem(self, has_outputs: bool, name: str, exists: bool) -> str:
        if not has_outputs:
            return "Choose at least one format."
        if not name or name != Path(name).name or name.startswith("."):
            return "This name cannot be used for files; use letters, digits, - and _."
        if not self.folder.text().strip():
            return "Choose a folder."
        if exists and not self.overwrite.isChecked():
            return "Choose another folder or name, or allow replacing."
        return _sentence(self.how.values)


def _sentence(values: Any) -> str:
    """Tell what is wrong with the settings; empty where nothing is."""
    try:
        values()
    except ValueError as error:
        return str(error)
    return ""
