"""A small coloured picture with its colour bar below: values drawn elsewhere, shown here."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, Qt  # noqa: TID253
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen  # noqa: TID253
from PySide6.QtWidgets import QSizePolicy, QWidget  # noqa: TID253

from medae.gui import theme

_BAR, _GAP, _TEXT = 8, 6, 18
"""Heights in pixels: of the bar, of what is above it, and of the numbers below."""


class ColourPicture(QWidget):
    """Shows (rows, columns) 8-bit pixels by a table of colours, and the ends and the middle of their scale."""

    def __init__(self, name: str, hint: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.hint = hint
        self.scale: tuple[str, str, str] = ("", "", "")
        self._image = QImage()
        self._bar = QImage()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(name)

    def sizeHint(self) -> QSize:
        """Wide as its place."""
        return QSize(220, 190)

    @property
    def is_empty(self) -> bool:
        """Whether the hint is shown."""
        return self._image.isNull()

    def clear(self) -> None:
        """Show the hint."""
        self._image = QImage()
        self.setAccessibleDescription(self.hint)
        self.update()

    def show_pixels(self, pixels: NDArray[np.uint8], colours: NDArray[np.uint8], scale: tuple[str, str, str]) -> None:
        """Show (rows, columns) by (256, 3) colours; ``scale`` names the values of the first, middle and last colour."""
        self.scale = scale
        self._image = _image(pixels, colours)
        self._bar = _image(np.arange(256, dtype=np.uint8)[None], colours)
        self.setAccessibleDescription(f"Colours from {scale[0]} to {scale[2]}")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw picture, bar and numbers."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        width, below = self.width(), _BAR + _GAP + _TEXT
        place = QRectF(0, 0, width, max(1, self.height() - below))
        painter.fillRect(place, QColor("#000000"))
        painter.setPen(QPen(QColor(theme.DIM_TEXT)))
        middle = Qt.AlignmentFlag.AlignVCenter
        if self._image.isNull():
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(place.adjusted(12, 8, -12, -8), flags, self.hint)
        else:
            factor = min(place.width() / self._image.width(), place.height() / self._image.height())
            wide, tall = self._image.width() * factor, self._image.height() * factor
            painter.drawImage(QRectF((width - wide) / 2, (place.height() - tall) / 2, wide, tall), self._image)
            painter.drawImage(QRectF(0, place.bottom() + _GAP, width, _BAR), self._bar)
            numbers = QRectF(0, self.height() - _TEXT, width, _TEXT)
            painter.setPen(QPen(QColor(theme.TEXT)))
            sides = (Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignHCenter, Qt.AlignmentFlag.AlignRight)
            for side, text in zip(sides, self.scale, strict=True):
                painter.drawText(numbers, side | middle, text)
        painter.end()


def _image(pixels: NDArray[np.uint8], colours: NDArray[np.uint8]) -> QImage:
    rows, columns = pixels.shape
    coloured = np.ascontiguousarray(colours[pixels])
    return QImage(coloured.data, columns, rows, 3 * columns, QImage.Format.Format_RGB888).copy()
