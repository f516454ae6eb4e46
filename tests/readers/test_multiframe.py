"""Enhanced multi-frame files."""

from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset

from medae import readers
from medae.readers.multiframe import FILM

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


def test_a_film_is_shown_frame_by_frame_and_says_so(tmp_path: Path) -> None:
    array = np.stack([odd.pixels(n) for n in (3, 1, 2)])
    odd.write(tmp_path / "a.dcm", 0, array, NumberOfFrames=3, Modality="XA")
    volume = readers.open_volume(tmp_path)
    np.testing.assert_array_equal(volume.array, array)
    assert volume.source.warnings == (FILM,)
    assert volume.rescale_intercept.tolist() == [-1024] * 3


def nuclear(path: Path, step: float, vector: list[int] | None = None) -> Path:
    """Nuclear-medicine tomogram of three slices whose first lies at (-10, -20, 30)."""
    data = odd.dataset(0, np.stack([odd.pixels(n) for n in range(3)]), Modality="NM", NumberOfFrames=3)
    del data.ImagePositionPatient, data.ImageOrientationPatient
    data.SOPClassUID = "1.2.840.10008.5.1.4.1.1.20"
    data.ImageType = ["ORIGINAL", "PRIMARY", "RECON TOMO", "EMISSION"]
    detector = Dataset()
    detector.ImagePositionPatient, detector.ImageOrientationPatient = [-10, -20, 30], [1, 0, 0, 0, 1, 0]
    data.DetectorInformationSequence, data.SpacingBetweenSlices = [detector], step
    if vector is not None:
        data.SliceVector = vector
    data.save_as(path, enforce_file_format=True)
    return path


@pytest.mark.parametrize(
    ("step", "vector", "order", "first"),
    [(4.0, None, (0, 1, 2), 30), (-4.0, None, (2, 1, 0), 22), (4.0, [2, 1, 3], (1, 0, 2), 30)],
)
def test_nuclear_tomogram_lies_in_space(
    tmp_path: Path, step: float, vector: list[int] | None, order: tuple[int, ...], first: float
) -> None:
    volume = readers.open_volume(nuclear(tmp_path / "a.dcm", step, vector))
    np.testing.assert_array_equal(volume.array[:, 0, 0], np.array(order) * 100)
    np.testing.assert_allclose(volume.to_lps((0, 0, 0)), (-10, -20, first))
    assert volume.spacing[0] == 4
    assert not volume.source.warnings
