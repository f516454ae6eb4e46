"""Enhanced multi-frame files."""

from pathlib import Path

import numpy as np
import pytest

from medae import readers

from . import odd


def test_frames_in_order_of_position(tmp_path: Path) -> None:
    path = odd.enhanced(tmp_path / "a.dcm")
    volume = readers.open_volume(path)
    np.testing.assert_array_equal(volume.array[:, 0, 0], (100, 200, 0))
    np.testing.assert_allclose(volume.rescale_slope, (1, 2, 1))
    assert volume.spacing == pytest.approx((2.5, 0.5, 0.75))
    assert volume.source.paths == (path,)
    assert volume.unit == "[hnsf'U]"


def test_repeated_frames_are_several_volumes(tmp_path: Path) -> None:
    path = odd.enhanced(tmp_path / "a.dcm", (0.0, 2.5, 0.0, 2.5), (1, 1, 1, 1))
    sources = readers.scan(path).sources
    assert [source.shape[0] for source in sources] == [2, 2]
    np.testing.assert_array_equal(readers.read(sources[1]).array[:, 0, 0], (200, 300))


def test_films_are_skipped(tmp_path: Path) -> None:
    odd.write(tmp_path / "a.dcm", 0, np.zeros((3, 4, 4), np.int16), NumberOfFrames=3)
    assert "3 frames without positions" in readers.scan(tmp_path).skipped[0].reason
