"""The pictures are there, in the right size, and say what they are."""

from pathlib import Path

import numpy as np
import PIL.Image

from medae.exporters import export
from medae.results import Result


def test_pixels_are_square_millimetres(ct: Result, tmp_path: Path) -> None:
    paths = export(ct, tmp_path / "out", ("png",), options={"png": {"height": 300}})
    pane = 300 * 40 * 0.9 / (48 * 0.8)
    with PIL.Image.open(paths[0]) as image:
        assert abs(image.width - (3 * round(pane) + 4 * 20)) <= 2


def test_heatmap_shows_the_most_abnormal_slice_in_colour(ct: Result, tmp_path: Path) -> None:
    pictures = {}
    for number in (0, 1):
        options = {"png": {"slice_number": number}}
        path = export(ct, tmp_path / str(number), ("png",), options=options)[1]
        with PIL.Image.open(path) as image:
            pixels = np.asarray(image).astype(int)[80:-120, 450:820]
        pictures[number] = (np.ptp(pixels, axis=2) > 60).sum()
    assert pictures[0] > 1000
    assert pictures[1] == 0


def test_a_radiograph_of_one_slice_is_drawn(ct: Result, tmp_path: Path) -> None:
    from dataclasses import replace

    from .conftest import result_of

    volume = ct.original
    one = replace(volume, array=volume.array[:1], rescale_slope=np.ones(1), rescale_intercept=np.zeros(1))
    assert len(export(result_of(one, findings=False), tmp_path / "out", ("png",))) == 2
