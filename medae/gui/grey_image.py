"""A small grey picture that fills its place, with a caption; no window or zoom, as the viewer has."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, Qt  # noqa: TID253
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent  # noqa: TID253
from PySide6.QtWidgets import QSizePolicy, QWidget  # noqa: TID253

from medae.gui import theme
from medae.gui.shadow_text import draw_text


class GreyImage(QWidget):
    """Shows (rows, columns) 8-bit pixels, or a hint."""

    def __init__(self, caption: str = "", hint: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.caption, self.hint = caption, hint
        self.pixels: NDArray[np.uint8] | None = None
        self._image = QImage()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(96, 96)
        self.setAccessibleName(caption or "Image")

    def sizeHint(self) -> QSize:
        """As a thumbnail; it grows with its place."""
        return QSize(220, 220)

    def show_pixels(self, pixels: NDArray[np.uint8] | None) -> None:
        """Show (rows, columns), or nothing but the hint."""
        self.pixels = None if pixels is None else np.ascontiguousarray(pixels)
        if self.pixels is None:
            self._image = QImage()
        else:
            rows, columns = self.pixels.shape
            self._image = QImage(self.pixels.data, columns, rows, columns, QImage.Format.Format_Grayscale8).copy()
        self.update()

    def set_hint(self, hint: str) -> None:
        """Say something else while there is no picture."""
        self.hint = hint
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the picture as large as it fits."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor("#000000"))
        if self._image.isNull():
            painter.setPen(QColor(theme.DIM_TEXT))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(QRectF(self.rect()).adjusted(12, 8, -12, -8), flags, self.hint)
        else:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            scale = min(self.width() / self._image.width(), self.height() / self._image.height())
            width, height = self._image.width() * scale, self._image.height() * scale
            painter.drawImage(
                QRectF((self.width() - width) / 2, (self.height() - height) / 2, width, height), self._image
            )
        if self.caption:
            draw_text(painter, 8, 14, self.caption, middle=True)
        painter.end()


def mosaic(images: NDArray[np.uint8], across: int, gap: int = 2) -> NDArray[np.uint8]:
    """Lay (n, rows, columns) out in rows of ``across``, with a dark gap between them."""
    count, rows, columns = images.shape
    down = -(-count // across)
    sheet = np.zeros((down * (rows + gap) - gap, across * (columns + gap) - gap), np.uint8)
    for n, image in enumerate(images):
        top, left = n // across * (rows + gap), n % across * (columns + gap)
        sheet[top : top + rows, left : left + columns] = image
    return sheet
