"""The line between two slices: a strip of images, and one that follows a slider."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal  # noqa: TID253
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget  # noqa: TID253
from superqt import QLabeledDoubleSlider

from medae.gui import theme
from medae.gui.grey_image import GreyImage, mosaic
from medae.gui.latent_points import LatentPoints
from medae.jobs.questions import Between

STEPS = 7
_HINT = "Click a point of the map, then Shift+click a second one."


class LatentBlend(QWidget):
    """Blends the codes of two chosen slices."""

    strip_wanted = Signal(object)
    image_wanted = Signal(object)
    """Both a `medae.jobs.questions.Between`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.image, self.strip = GreyImage("", _HINT), GreyImage()
        self.strip.setMinimumHeight(84)
        self.strip.setMaximumHeight(110)
        self.first, self.second = theme.label("", "dim"), theme.label("", "dim")
        self.second.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.slider = QLabeledDoubleSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0.0, 1.0)
        self.slider.setDecimals(2)
        self.slider.setSingleStep(0.01)  # type: ignore[arg-type]
        self.slider.setAccessibleName("Share of the second slice")
        self.slider.setToolTip("0: the first slice, 1: the second; the line between their codes is straight")
        self._ends: tuple[int, int] | None = None
        names = QHBoxLayout()
        names.addWidget(self.first, 1)
        names.addWidget(self.second, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 0)
        column.setSpacing(theme.SPACING)
        column.addWidget(self.image, 1)
        column.addWidget(self.strip)
        column.addLayout(names)
        column.addWidget(self.slider)
        self.slider.valueChanged.connect(self._moved)
        self.clear()

    def clear(self) -> None:
        """Blend nothing."""
        self._ends = None
        self.slider.setEnabled(False)
        for image in (self.image, self.strip):
            image.show_pixels(None)
        self.first.setText("")
        self.second.setText("")

    def set_ends(self, points: LatentPoints, first: int, second: int) -> None:
        """Blend two points, starting in the middle."""
        self._ends = (first, second)
        self.first.setText(points.describe(first))
        self.second.setText(points.describe(second))
        self.slider.setEnabled(True)
        self.slider.blockSignals(True)
        self.slider.setValue(0.5)
        self.slider.blockSignals(False)
        shares = tuple(float(share) for share in np.linspace(0, 1, STEPS))
        self.strip_wanted.emit(Between(first=first, second=second, shares=shares))
        self._moved()

    def show_strip(self, images: NDArray[np.uint8]) -> None:
        """Show the images along the line."""
        self.strip.show_pixels(mosaic(images, len(images)))

    def show_image(self, images: NDArray[np.uint8]) -> None:
        """Show the image at the slider."""
        self.image.show_pixels(images[0])

    def _moved(self) -> None:
        if self._ends is not None:
            share = min(max(float(self.slider.value()), 0.0), 1.0)
            self.image_wanted.emit(Between(first=self._ends[0], second=self._ends[1], shares=(share,)))
