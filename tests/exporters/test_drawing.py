"""Pictures of slices."""

from dataclasses import replace

import numpy as np
import PIL.Image

from medae.exporters.drawing import color_bar, colors_for, difference, font, fuse, grey
from medae.results import Result
from medae.windowing import HEATMAP_COLORMAP, UNTRUSTED_COLORMAP, Window

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


def test_darker_and_brighter_have_the_same_colours(ct: Result) -> None:
    assert ct.anomaly_map is not None
    scores = ct.anomaly_map.volume
    mirrored = replace(ct.anomaly_map, volume=replace(scores, array=-scores.array))
    np.testing.assert_array_equal(
        fuse(ct.original, mirrored, 2, WINDOW, 0.6), fuse(ct.original, ct.anomaly_map, 2, WINDOW, 0.6)
    )


def test_outside_the_domain_there_is_no_colour(ct: Result) -> None:
    assert ct.anomaly_map is not None
    outside = replace(ct.anomaly_map, outside=("its contrast is unlike",))
    assert (colors_for(ct.anomaly_map), colors_for(outside)) == (HEATMAP_COLORMAP, UNTRUSTED_COLORMAP)
    fused = fuse(ct.original, outside, 2, WINDOW, 0.6).astype(int)
    assert np.ptp(fused, axis=2).max() <= 1
    assert (fused != grey(ct.original, 2, WINDOW)).any()
