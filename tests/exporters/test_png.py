"""The pictures are there, in the right size, and say what they are."""

from dataclasses import replace
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
    from .conftest import result_of

    volume = ct.original
    one = replace(volume, array=volume.array[:1], rescale_slope=np.ones(1), rescale_intercept=np.zeros(1))
    assert len(export(result_of(one, findings=False), tmp_path / "out", ("png",))) == 2


def test_outside_the_domain_the_heatmap_is_grey_and_says_why(ct: Result, tmp_path: Path) -> None:
    assert ct.anomaly_map is not None
    sentences = ("its contrast is unlike that of the normal scans", "the spacing of 6 mm is coarser than theirs (3 mm)")
    strange = replace(ct, anomaly_map=replace(ct.anomaly_map, outside=sentences))
    images = []
    for number, result in enumerate((ct, strange)):
        path = export(result, tmp_path / str(number), ("png",))[1]
        with PIL.Image.open(path) as image:
            images.append(np.asarray(image).astype(int))
    known, outside = images
    assert outside.shape[0] > known.shape[0], "room for the sentences"
    assert (np.ptp(outside[80:500, 450:], axis=2) > 10).sum() == 0
    assert (np.ptp(known[80:500, 450:], axis=2) > 60).sum() > 1000
    assert (np.ptp(outside[-40:], axis=2) > 60).any() or (np.ptp(outside[-90:-40], axis=2) > 60).any()
