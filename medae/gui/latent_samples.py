"""Images drawn at random: from the prior of a variational model, or from what the slices' codes look like."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal  # noqa: TID253
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QPushButton, QSpinBox, QVBoxLayout, QWidget  # noqa: TID253

from medae.gui import theme
from medae.gui.grey_image import GreyImage, mosaic
from medae.jobs.questions import Sample

SIDES = (3, 4, 5, 6)
_HINT = "Sample draws codes at random and decodes them: images of nobody."
_TIPS = {
    "prior": "What the codes of a variational model are trained to follow",
    "fitted": "Mean and covariance of the codes on the map, for every model that decodes",
}


class LatentSamples(QWidget):
    """A grid of samples, its size and seed."""

    wanted = Signal(object)
    """A `medae.jobs.questions.Sample`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.image = GreyImage(hint=_HINT)
        self.source, self.side, self.seed = QComboBox(), QComboBox(), QSpinBox()
        self.source.addItem("Prior N(0, I)", "prior")
        self.source.addItem("Fitted to the slices", "fitted")
        self.source.setAccessibleName("Distribution")
        for n, tip in enumerate(_TIPS.values()):
            self.source.setItemData(n, tip, Qt.ItemDataRole.ToolTipRole)
        for side in SIDES:
            self.side.addItem(f"{side} × {side}", side)
        self.side.setCurrentIndex(1)
        self.side.setAccessibleName("Images")
        self.seed.setRange(0, 999_999)
        self.seed.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
        self.seed.setAccessibleName("Seed")
        self.seed.setToolTip("The same seed gives the same images")
        self.sample_button, self.next_button = QPushButton("Sample"), QPushButton("Next seed")
        row = QHBoxLayout()
        row.setSpacing(theme.SPACING)
        row.addWidget(self.source)
        row.addWidget(self.side)
        row.addWidget(theme.label("Seed", "dim"))
        row.addWidget(self.seed)
        row.addStretch(1)
        row.addWidget(self.next_button)
        row.addWidget(self.sample_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 0)
        column.setSpacing(theme.SPACING)
        column.addWidget(self.image, 1)
        column.addLayout(row)
        self.sample_button.clicked.connect(self._ask)
        self.next_button.clicked.connect(self._ask_next)

    def clear(self) -> None:
        """Show no samples."""
        self.image.show_pixels(None)
        self.image.set_hint(_HINT)

    def set_prior(self, why_not: str) -> None:
        """Say whether there is a prior; without one the fitted distribution is chosen, and the reason shown."""
        self.source.model().item(0).setEnabled(not why_not)  # type: ignore[attr-defined]
        self.source.setCurrentIndex(1 if why_not else 0)
        self.image.set_hint(f"{_HINT}\n\n{why_not}".strip())

    def show_images(self, images: NDArray[np.uint8]) -> None:
        """Show (n, rows, columns)."""
        self.image.show_pixels(mosaic(images, round(len(images) ** 0.5)))

    def _ask(self) -> None:
        side = int(self.side.currentData())
        source = self.source.currentData()
        self.wanted.emit(Sample(count=side * side, seed=self.seed.value(), source=source))

    def _ask_next(self) -> None:
        self.seed.setValue(self.seed.value() + 1)
        self._ask()
