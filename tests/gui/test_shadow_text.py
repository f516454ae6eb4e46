"""Legible text."""

from PySide6.QtGui import QColor, QImage, QPainter
from pytestqt.qtbot import QtBot

from medae.gui.shadow_text import draw_text


def columns_drawn(text: str, **options: object) -> list[int]:
    image = QImage(200, 40, QImage.Format.Format_RGB32)
    image.fill(QColor("white"))
    painter = QPainter(image)
    draw_text(painter, 100, 25, text, **options)  # type: ignore[arg-type]
    painter.end()
    return [x for x in range(200) if any(image.pixelColor(x, y).value() < 200 for y in range(40))]


def test_text_is_seen_on_white_on_the_side_asked_for(qtbot: QtBot) -> None:
    assert min(columns_drawn("MMMM")) >= 98
    assert max(columns_drawn("MMMM", right=True)) <= 102


def test_long_text_is_shortened(qtbot: QtBot) -> None:
    drawn = columns_drawn("M" * 40, limit=60)
    assert drawn[-1] - drawn[0] <= 64
