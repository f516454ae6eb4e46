"""A coloured picture with its bar."""

import numpy as np
from pytestqt.qtbot import QtBot

from medae.gui.colour_picture import ColourPicture

RED_TO_GREEN = np.array([(255 - n, n, 0) for n in range(256)], np.uint8)


def test_it_shows_colours_and_their_scale(qtbot: QtBot) -> None:
    picture = ColourPicture("Noise map", "Nothing yet")
    qtbot.addWidget(picture)
    picture.resize(100, 132)
    assert picture.is_empty
    picture.show_pixels(np.full((40, 40), 255, np.uint8), RED_TO_GREEN, ("0", "5", "10 HU"))
    assert not picture.is_empty
    assert picture.accessibleName() == "Noise map"
    assert picture.accessibleDescription() == "Colours from 0 to 10 HU"
    seen = picture.grab().toImage()
    assert seen.pixelColor(50, 50).green() == 255
    left, right = seen.pixelColor(1, 110), seen.pixelColor(98, 110)
    assert left.red() > 200 > 50 > left.green()
    assert right.green() > 200 > 50 > right.red()


def test_it_can_be_emptied(qtbot: QtBot) -> None:
    picture = ColourPicture("Noise map", "Nothing yet")
    qtbot.addWidget(picture)
    picture.show_pixels(np.full((4, 4), 255, np.uint8), RED_TO_GREEN, ("0", "5", "10"))
    picture.clear()
    assert picture.is_empty
    assert picture.accessibleDescription() == "Nothing yet"
    assert picture.grab().toImage().pixelColor(2, 2).green() == 0
