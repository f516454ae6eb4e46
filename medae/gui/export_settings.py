"""How an export is written: compression, repeatable UIDs, de-identification."""

from typing import Any, Literal, cast

from PySide6.QtCore import Signal  # noqa: TID253
from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QVBoxLayout, QWidget  # noqa: TID253

from medae.confidentiality import Deidentify
from medae.gui import theme
from medae.gui.options_form import OptionsForm

COMPRESSIONS = {"none": "None", "jpeg-ls": "JPEG-LS lossless", "jpeg-2000": "JPEG 2000 lossless"}


class ExportSettings(QWidget):
    """Asks how DICOM outputs are written; `values` are fields of `medae.jobs.job.ExportJob`."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.compression = QComboBox()
        for key, title in COMPRESSIONS.items():
            self.compression.addItem(title, key)
        self.compression.setAccessibleName("Compression of DICOM images")
        self.deterministic = QCheckBox("Same UIDs when the same export is made again")
        self.deidentify = QCheckBox("De-identify (DICOM PS3.15, Basic Profile)")
        self.deidentify.setToolTip(
            "Names, identifiers, UIDs, dates, free text, private elements and overlays are removed or replaced.\n"
            "Pixels are not changed."
        )
        self.form = OptionsForm()
        self.form.set_schema(Deidentify.model_json_schema())
        self.form.setVisible(False)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACING)
        row = QFormLayout()
        row.addRow("Compression", self.compression)
        column.addLayout(row)
        column.addWidget(self.deterministic)
        column.addWidget(self.deidentify)
        column.addWidget(self.form)
        self.deidentify.toggled.connect(self.form.setVisible)
        self.deidentify.toggled.connect(self.changed)
        self.compression.currentIndexChanged.connect(self.changed)
        self.form.changed.connect(self.changed)

    def values(self) -> dict[str, Any]:
        """Give what was chosen.

        Raises
        ------
        ValueError
            With a sentence, if the new patient ID cannot be used.
        """
        kind = cast("Literal['none', 'jpeg-ls', 'jpeg-2000']", self.compression.currentData())
        return {
            "compression": kind,
            "deterministic_uids": self.deterministic.isChecked(),
            "deidentify": self._deidentify(),
        }

    def _deidentify(self) -> Deidentify | None:
        if not self.deidentify.isChecked():
            return None
        values = self.form.values()
        try:
            return Deidentify.model_validate(values)
        except ValueError as error:
            raise ValueError("The new patient ID has at most 64 characters and no backslash.") from error
