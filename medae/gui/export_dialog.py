"""The export dialog: formats (greyed with the reason), folder, name, and what will be written."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import Qt  # noqa: TID253
from PySide6.QtWidgets import (  # noqa: TID253
    QCheckBox,
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
from medae.jobs.job import ExportJob
from medae.results import Result

_OUTPUTS: dict[str, tuple[str, ...]] = {
    "derived-series": ("{name}_denoised/",),
    "parametric-map": ("{name}_heatmap.dcm",),
    "secondary-capture": ("{name}_heatmap_sc/",),
    "segmentation": ("{name}_heatmap_seg.dcm",),
    "structured-report": ("{name}_heatmap_sr.dcm",),
    "nifti": ("{name}_denoised.nii.gz", "{name}_heatmap.nii.gz"),
    "png": ("{name}_denoised.png", "{name}_heatmap.png"),
    "findings": ("{name}_findings.json", "{name}_findings.csv"),
    "trust-report": ("{name}_trust.html", "{name}_trust.pdf"),
}
_USUAL = ("derived-series", "parametric-map", "secondary-capture")


@dataclass(frozen=True, slots=True)
class Choice:
    """One exporter as the dialog offers it; ``reason`` says why it cannot be used, or is None."""

    key: str
    title: str
    reason: str | None
    outputs: tuple[str, ...]


def choices(result: Result, threshold: float | None = None) -> tuple[Choice, ...]:
    """Ask every exporter whether it takes ``result``. Reads headers and looks for findings: call it in a thread.

    Parameters
    ----------
    result
        What is to be exported.
    threshold
        z above which a voxel belongs to a finding, instead of the anomaly map's own.
    """
    from medae.exporters import EXPORTERS

    if result.anomaly_map is not None and threshold is not None:
        result = replace(result, anomaly_map=replace(result.anomaly_map, threshold=threshold))
    found = []
    for key, exporter in EXPORTERS.items():
        outputs = tuple(
            output
            for output in _OUTPUTS.get(key, ())
            if not ("denoised" in output and result.denoised is None)
            and not ("heatmap" in output and result.anomaly_map is None)
        )
        found.append(Choice(key, exporter.TITLE, exporter.accepts(result), outputs))
    return tuple(found)


class ExportDialog(QDialog):
    """Asks what to write and where; `job` gives the answer."""

    def __init__(
        self,
        offered: Sequence[Choice],
        folder: Path,
        name: str,
        strength: float,
        threshold: float | None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export")
        self.setMinimumWidth(600)
        self._strength, self._threshold = strength, threshold
        self._choices = {choice.key: choice for choice in offered}
        self.boxes = {choice.key: _box(choice) for choice in offered}
        self.folder = QLineEdit(str(folder))
        self.name = QLineEdit(name)
        self.overwrite = QCheckBox("Replace files of the same names")
        self.preview = theme.label("", "dim")
        self.preview.setMinimumHeight(110)
        self.preview.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.export_button = QPushButton(theme.icon("export"), "Export")
        self.export_button.setProperty("primary", True)
        self.export_button.setDefault(True)
        self.buttons.addButton(self.export_button, QDialogButtonBox.ButtonRole.AcceptRole)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self._lay_out()
        for box in self.boxes.values():
            box.toggled.connect(self._update)
        self.overwrite.toggled.connect(self._update)
        self.folder.textChanged.connect(self._update)
        self.name.textChanged.connect(self._update)
        self._update()

    def job(self) -> ExportJob:
        """Give what the user has chosen."""
        return ExportJob(
            exports=self._chosen(),
            out=Path(self.folder.text()).expanduser(),
            name=self.name.text(),
            strength=self._strength,
            threshold=self._threshold,
            overwrite=self.overwrite.isChecked(),
        )

    def outputs(self) -> tuple[Path, ...]:
        """Files and folders that would be written."""
        folder = Path(self.folder.text()).expanduser()
        return tuple(
            folder / output.format(name=self.name.text())
            for key in self._chosen()
            for output in self._choices[key].outputs
        )

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 16, 18, 14)
        column.setSpacing(theme.SPACING)
        column.addWidget(theme.label("WHAT", "heading"))
        for key, box in self.boxes.items():
            column.addWidget(box)
            reason = self._choices[key].reason
            if reason is not None:
                why = theme.label(reason[:1].upper() + reason[1:], "dim")
                why.setContentsMargins(26, 0, 0, 4)
                column.addWidget(why)
        column.addSpacing(6)
        column.addWidget(theme.label("WHERE", "heading"))
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
        column.addLayout(form)
        column.addWidget(theme.label("WILL BE WRITTEN", "heading"))
        column.addWidget(self.preview)
        column.addStretch(1)
        column.addWidget(self.buttons)

    def _chosen(self) -> tuple[str, ...]:
        return tuple(key for key, box in self.boxes.items() if box.isChecked())

    def _browse(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Folder for the export", self.folder.text())
        if folder:
            self.folder.setText(folder)

    def _update(self) -> None:
        """Show what will be written, and whether that can go ahead."""
        outputs = self.outputs()
        name = self.name.text()
        existing = {path for path in outputs if path.exists()}
        lines = [
            f"{path.name}{'' if path.suffix else '/   one DICOM file per slice'}"
            f"{'   – exists already' if path in existing else ''}"
            for path in outputs
        ]
        problem = self._problem(bool(outputs), name, bool(existing))
        self.preview.setText("\n".join([*lines, *([problem] if problem else [])]))
        self.preview.setStyleSheet(f"color: {theme.WARNING};" if problem else "")
        self.export_button.setEnabled(not problem)

    def _problem(self, has_outputs: bool, name: str, exists: bool) -> str:
        if not has_outputs:
            return "Choose at least one format."
        if not name or name != Path(name).name or name.startswith("."):
            return "This name cannot be used for files; use letters, digits, - and _."
        if not self.folder.text().strip():
            return "Choose a folder."
        if exists and not self.overwrite.isChecked():
            return "Choose another folder or name, or allow replacing."
        return ""


def _box(choice: Choice) -> QCheckBox:
    box = QCheckBox(choice.title)
    box.setObjectName(f"export_{choice.key}")
    box.setEnabled(choice.reason is None)
    box.setChecked(choice.reason is None and choice.key in _USUAL)
    box.setToolTip(choice.reason or "")
    return box
