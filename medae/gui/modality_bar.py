"""Asks what kind of scan it is, where the file cannot say, without stopping the work."""

from functools import partial

from PySide6.QtCore import Signal  # noqa: TID253
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QWidget  # noqa: TID253

from medae.gui import theme

MODALITIES = {"CT": "CT", "MR": "MR", "X-ray": "DX"}
"""What to call it, and its DICOM Modality (0008,0060)."""


class ModalityBar(QFrame):
    """One button for each kind of scan."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("modality_bar")
        self.setStyleSheet(
            f"#modality_bar {{ background: {theme.RAISED}; border: none; border-left: 3px solid {theme.ACCENT}; }}"
        )
        picture = QLabel()
        picture.setPixmap(theme.icon("info").pixmap(18, 18))
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 6, 8, 6)
        row.setSpacing(theme.SPACING)
        row.addWidget(picture)
        row.addWidget(theme.label("The file does not say what kind of scan this is. Choose, to process it:"), 1)
        self.buttons: dict[str, QPushButton] = {}
        for text, modality in MODALITIES.items():
            button = self.buttons[modality] = QPushButton(text)
            button.clicked.connect(partial(self._choose, modality))
            row.addWidget(button)
        self.hide()

    def _choose(self, modality: str, _checked: bool = False) -> None:
        self.chosen.emit(modality)
