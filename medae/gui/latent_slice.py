"""The chosen slice beside what the model makes of it."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Signal  # noqa: TID253
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget  # noqa: TID253

from medae.gui import theme
from medae.gui.grey_image import GreyImage
from medae.gui.latent_points import LatentPoints


class LatentSlice(QWidget):
    """Two images, a line of facts, and the way to the viewer."""

    show_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.original = GreyImage("Original", "Click a point of the map to see its slice")
        self.reconstruction = GreyImage("Reconstruction")
        self.title, self.facts = theme.label("No slice chosen"), theme.label("", "dim")
        self.show_button = QPushButton("Show in viewer")
        self.show_button.setToolTip("Open this slice in the main window (or double-click its point)")
        self.show_button.clicked.connect(self.show_wanted)
        images, below, words = QHBoxLayout(), QHBoxLayout(), QVBoxLayout()
        images.setSpacing(2)
        images.addWidget(self.original)
        images.addWidget(self.reconstruction)
        words.setSpacing(2)
        words.addWidget(self.title)
        words.addWidget(self.facts)
        below.addLayout(words, 1)
        below.addWidget(self.show_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 4, 12, 6)
        column.setSpacing(theme.SPACING)
        column.addLayout(images, 1)
        column.addLayout(below)
        self.clear()

    def clear(self) -> None:
        """Show no slice."""
        for image in (self.original, self.reconstruction):
            image.show_pixels(None)
        self.title.setText("No slice chosen")
        self.facts.setText("")
        self.show_button.setEnabled(False)

    def show_point(self, points: LatentPoints, point: int) -> None:
        """Name the chosen point; its images follow."""
        self.title.setText(points.describe(point))
        self.facts.setText(points.facts(point))
        self.facts.setToolTip(f"z: {points.score_is}")
        self.show_button.setEnabled(True)

    def show_images(self, images: NDArray[np.uint8]) -> None:
        """Show (2, rows, columns): original and reconstruction."""
        self.original.show_pixels(images[0])
        self.reconstruction.show_pixels(images[1])
