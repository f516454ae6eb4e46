"""Small pictures of series."""

from pathlib import Path

import numpy as np
from pytestqt.qtbot import QtBot

from medae import readers
from medae.gui.thumbnail import SIZE, picture, thumbnail
from medae.progress import silent
from medae.volume import Source, Volume


def test_pixels_are_square(qtbot: QtBot) -> None:
    affine = np.array([[0, 0, 1, 0], [0, 4, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1]], float)
    volume = Volume(np.random.default_rng(0).integers(0, 99, (3, 20, 40)).astype(np.int16), affine)
    image = picture(volume)
    assert (image.width(), image.height()) == (SIZE // 2, SIZE)


def test_one_file_of_a_series_is_enough(qtbot: QtBot, phantom_folder: Path) -> None:
    source = readers.scan(phantom_folder / "series").sources[0]
    image = thumbnail(source, silent)
    assert image is not None
    assert image.pixelColor(image.width() // 2, image.height() // 2).lightness() > 20


def test_very_large_files_are_left_alone() -> None:
    assert thumbnail(Source(paths=(Path("huge.nii"),), reader="nifti", shape=(2000, 1000, 1000)), silent) is None


def test_colour_stays_colour(qtbot: QtBot) -> None:
    colour = np.zeros((1, 90, 90, 3), np.uint8)
    colour[..., 0] = 200
    image = picture(Volume(np.zeros((1, 90, 90), np.uint8), np.eye(4)[:, [2, 1, 0, 3]], colour=colour))
    assert image.pixelColor(20, 20).getRgb()[:3] == (200, 0, 0)
