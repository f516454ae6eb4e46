"""NRRD and MetaImage."""

from pathlib import Path

import numpy as np
import pytest
import SimpleITK

from medae import readers
from medae.errors import ReadError
from medae.readers.itk import companions


def image(dtype: str = "i2", size: tuple[int, ...] = (3, 4, 5)) -> SimpleITK.Image:
    result = SimpleITK.GetImageFromArray(np.arange(np.prod(size)).reshape(size).astype(dtype))
    if len(size) == 3:
        result.SetSpacing((0.5, 0.75, 2.0))
        result.SetOrigin((-10, 20, 30))
        rotation = np.linalg.qr(np.array([[1, 0.2, 0], [0.1, 1, 0.3], [0, 0.2, -1]]))[0]
        result.SetDirection(rotation.ravel())
    return result


@pytest.mark.parametrize("name", ["a.nrrd", "a.nhdr", "a.mha", "a.mhd"])
@pytest.mark.parametrize("dtype", ["u1", "i2", "u2", "f4"])
def test_pixels_and_place(tmp_path: Path, name: str, dtype: str) -> None:
    given = image(dtype)
    SimpleITK.WriteImage(given, tmp_path / name)
    volume = readers.open_volume(tmp_path)
    np.testing.assert_array_equal(volume.array, SimpleITK.GetArrayFromImage(given))
    assert volume.array.dtype == np.dtype(dtype)
    np.testing.assert_allclose(volume.to_lps((2, 1, 3)), given.TransformIndexToPhysicalPoint((3, 1, 2)), atol=1e-6)
    assert not volume.source.warnings


def test_4d_and_2d(tmp_path: Path) -> None:
    stack = SimpleITK.JoinSeries([image() + n for n in range(3)])
    SimpleITK.WriteImage(stack, tmp_path / "a.mha")
    sources = readers.scan(tmp_path).sources
    assert [source.shape for source in sources] == [(3, 4, 5)] * 3
    assert readers.read(sources[2]).array[0, 0, 0] == 2
    SimpleITK.WriteImage(image(size=(4, 5)), tmp_path / "b.mha")
    assert readers.open_volume(tmp_path / "b.mha").shape == (1, 4, 5)


def test_damaged_and_colour(tmp_path: Path) -> None:
    SimpleITK.WriteImage(image(), tmp_path / "a.mhd")
    (tmp_path / "a.raw").unlink()
    (tmp_path / "b.nrrd").write_text("NRRD0004\nnonsense\n")
    vectors = SimpleITK.GetImageFromArray(np.zeros((3, 4, 5, 3), np.uint8), isVector=True)
    SimpleITK.WriteImage(vectors, tmp_path / "c.mha")
    found = readers.scan(tmp_path)
    reasons = {item.path.name: item.reason for item in found.skipped}
    assert "damaged" in reasons["b.nrrd"]
    assert "3 values per voxel" in reasons["c.mha"]
    with pytest.raises(ReadError, match="pixel data"):
        readers.open_volume(tmp_path / "a.mhd")


def test_companions(tmp_path: Path) -> None:
    SimpleITK.WriteImage(image(), tmp_path / "a.mhd")
    assert companions(tmp_path / "a.mhd") == {tmp_path / "a.raw"}
    assert companions(tmp_path / "missing.mhd") == set()
    assert companions(tmp_path / "a.mha") == set()
