"""Text that is legible on any image: light with a dark outline."""

from PySide6.QtCore import Qt  # noqa: TID253
from PySide6.QtGui import QColor, QPainter  # noqa: TID253

_SHADOW = QColor(0, 0, 0, 210)
_OFFSETS = ((1, 1), (-1, 0), (0, -1))


def draw_text(
    painter: QPainter,
    x: float,
    y: float,
    text: str,
    *,
    right: bool = False,
    middle: bool = False,
    center: bool = False,
    bold: bool = False,
    color: str = "#e4e8ef",
    limit: float = 1e6,
) -> None:
    """Draw one line of text.

    Parameters
    ----------
    painter
        Its font is used.
    x, y
        Left end (or right end, or centre) and base line (or vertical middle) in pixels.
    text
        Shortened by "…" where it is wider than ``limit`` pixels.
    right, center, middle
        What x and y mean.
    bold, color, limit
        Look.
    """
    font = painter.font()
    font.setBold(bold)
    painter.setFont(font)
    metrics = painter.fontMetrics()
    if metrics.horizontalAdvance(text) > limit:
        text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, int(limit))
    width = metrics.horizontalAdvance(text)
    left = round(x - (width if right else width / 2 if center else 0))
    base = round(y + (metrics.capHeight() / 2 if middle else 0))
    painter.setPen(_SHADOW)
    for across, down in _OFFSETS:
        painter.drawText(left + across, base + down, text)
    painter.setPen(QColor(color))
    painter.drawText(left, base, text)
