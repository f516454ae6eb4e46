import numpy as np
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from medae.gui.grey_image import GreyImage, mosaic


def test_pixels_are_drawn_as_large_as_they_fit(qtbot: QtBot) -> None:
    image = GreyImage()
    qtbot.addWidget(image)
    image.resize(200, 100)
    pixels = np.zeros((7, 7), np.uint8)  # an odd width: lines are not padded to four bytes
    pixels[:, 4:] = 200
    image.show_pixels(pixels)
    drawn = image.grab().toImage()
    assert QColor(drawn.pixel(140, 50)).red() == 200
    assert QColor(drawn.pixel(60, 50)).red() == 0
    assert QColor(drawn.pixel(190, 50)).red() == 0


def test_a_hint_where_there_is_no_picture(qtbot: QtBot) -> None:
    image = GreyImage(hint="Nothing here")
    qtbot.addWidget(image)
    image.resize(200, 100)
    grabbed = image.grab().toImage()
    assert any(QColor(grabbed.pixel(x, y)).red() > 90 for x in range(200) for y in range(100))


def test_mosaic() -> None:
    sheet = mosaic(np.stack([np.full((3, 4), n + 1, np.uint8) for n in range(5)]), 2, gap=1)
    assert sheet.shape == (11, 9)
    assert sheet[0, 0] == 1
    assert sheet[0, 8] == 2
    assert sheet[10, 3] == 5
    assert sheet[3].max() == sheet[:, 4].max() == sheet[10, 8] == 0
