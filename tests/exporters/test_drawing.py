"""Pictures of slices."""

from dataclasses import replace

import numpy as np
import PIL.Image

from medae.exporters.drawing import color_bar, difference, font, fuse, grey
from medae.results import Result
from medae.windowing import Window

WINDOW = Window(0.0, 400.0)


def test_padding_is_black_even_when_inverted(ct: Result) -> None:
    volume = replace(ct.original, inverted=True)
    assert (grey(volume, 0, WINDOW)[:3] == 0).all()


def test_opacity_mixes_colour_and_grey(ct: Result) -> None:
    assert ct.anomaly_map is not None
    below = grey(ct.original, 2, WINDOW).astype(int)
    full, half = (fuse(ct.original, ct.anomaly_map, 2, WINDOW, opacity).astype(int) for opacity in (1.0, 0.5))
    assert np.abs(half - (below + full) / 2).max() <= 2


def test_no_difference_is_dark(ct: Result) -> None:
    assert difference(ct.original, ct.original, 0).max() < 60


def test_color_bar_has_no_colour_below_the_threshold() -> None:
    image = PIL.Image.new("RGB", (100, 220))
    color_bar(image, (10, 10, 30, 210), 5.0, font(12))
    pixels = np.asarray(image).astype(int)
    assert np.ptp(pixels[60, 20]) > 60
    assert np.ptp(pixels[160, 20]) == 0
