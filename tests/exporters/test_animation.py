"""Moving pictures: one frame per slice, at the speed asked for, in a format that others can read."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from medae.errors import ExportError
from medae.exporters import EXPORTERS, export
from medae.results import Result

KEY = "animation"


@pytest.mark.parametrize(("kind", "name"), [("gif", "GIF"), ("webp", "WEBP"), ("apng", "PNG")])
def test_frames_are_the_slices(kind: str, name: str, ct: Result, tmp_path: Path) -> None:
    options = {"format": kind, "frames_per_second": 4, "height": 96}
    denoised, heatmap = export(ct, tmp_path / "out", (KEY,), options={KEY: options})
    with Image.open(denoised) as moving:
        assert moving.format == name
        assert (moving.n_frames, moving.info["loop"]) == (6, 0)
        frames = []
        for k in range(6):
            moving.seek(k)
            moving.load()
            assert moving.info["duration"] == 250
            frames.append(np.asarray(moving.convert("RGB"), dtype=int))
    assert not np.array_equal(frames[0], frames[5])
    before, after = np.split(frames[3][:96], 2, axis=1)
    assert before.shape == after.shape
    assert (before >= after).mean() > 0.9  # the denoised scan of the fixture is a little darker
    with Image.open(heatmap) as moving:
        moving.seek(5)
        pixels = np.asarray(moving.convert("RGB"), dtype=int)[:96]
    grey, fused = np.split(pixels, 2, axis=1)
    assert np.ptp(grey, axis=2).max() < 24  # a GIF has 256 colours
    assert np.ptp(fused, axis=2).max() > 60


def test_mp4_holds_the_slices(ct: Result, tmp_path: Path) -> None:
    cv2 = pytest.importorskip("cv2")
    options = {"format": "mp4", "frames_per_second": 5, "height": 96}
    paths = export(ct, tmp_path / "out", (KEY,), options={KEY: options})
    assert [path.name for path in paths] == ["series_denoised.mp4", "series_heatmap.mp4"]
    film = cv2.VideoCapture(str(paths[1]))
    assert film.get(cv2.CAP_PROP_FPS) == 5
    frames = []
    while (read := film.read())[0]:
        frames.append(read[1])
    assert len(frames) == 6
    assert frames[0].shape[0] == 112


def test_mp4_without_opencv_says_what_to_do(ct: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "cv2", None)
    with pytest.raises(ExportError, match="gif, webp or apng"):
        export(ct, tmp_path / "out", (KEY,), options={KEY: {"format": "mp4"}})


def test_one_slice_does_not_move(ct: Result) -> None:
    one = replace(ct.original, array=ct.original.array[:1], rescale_slope=np.ones(1), rescale_intercept=np.zeros(1))
    assert "png" in (EXPORTERS[KEY].accepts(Result(one, one)) or "")
