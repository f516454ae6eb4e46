"""Analyze 7.5 and NIfTI pairs, beside nibabel."""

import itertools
from pathlib import Path

import nibabel
import numpy as np
import pytest

from medae import readers
from medae.errors import ReadError
from medae.readers.analyze import SIDES, accepts

LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
AFFINE = np.array([[-0.9, 0, 0, 30], [0, 0.8, 0, -12], [0, 0, 2.5, -7], [0, 0, 0, 1.0]])
ARRAY = np.arange(24, dtype=np.int16).reshape(2, 4, 3)


def save(path: Path, array: np.ndarray = ARRAY, kind: type = nibabel.AnalyzeImage) -> Path:
    image = kind(array, AFFINE)
    image.header.set_data_dtype(array.dtype)
    nibabel.save(image, path)
    return path


@pytest.mark.parametrize("dtype", ["u1", "i2", "i4", "f4", "f8"])
@pytest.mark.parametrize("kind", [nibabel.AnalyzeImage, nibabel.Spm2AnalyzeImage, nibabel.Nifti1Pair])
def test_pixels_and_place_are_those_of_nibabel(tmp_path: Path, dtype: str, kind: type) -> None:
    path = save(tmp_path / "a.hdr", ARRAY.astype(dtype), kind)
    volume, image = readers.open_volume(tmp_path), nibabel.load(path)
    assert volume.array.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(volume.array, ARRAY.transpose(2, 1, 0))
    for i, j, k in itertools.product((0, 1), (0, 3), (0, 2)):
        np.testing.assert_allclose(volume.to_lps((k, j, i)), (LPS @ image.affine @ (i, j, k, 1))[:3], atol=1e-4)
    assert volume.source.warnings == (() if kind is nibabel.Nifti1Pair else (SIDES,))
    assert volume.spacing == pytest.approx((2.5, 0.8, 0.9), abs=1e-5)


@pytest.mark.parametrize("named", ["a.hdr", "a.img"])
def test_either_file_may_be_named(tmp_path: Path, named: str) -> None:
    save(tmp_path / "a.img")
    found = readers.scan(tmp_path / named)
    assert [source.paths for source in found.sources] == [(tmp_path / "a.hdr",)]
    assert not found.skipped


def test_4d_and_scale(tmp_path: Path) -> None:
    array = np.arange(48, dtype=np.int16).reshape(2, 4, 3, 2)
    image = nibabel.Nifti1Pair(array, AFFINE)
    image.header.set_slope_inter(0.5, -10)
    nibabel.save(image, tmp_path / "a.img")
    sources = readers.scan(tmp_path).sources
    assert [source.part for source in sources] == [0, 1]
    volume = readers.read(sources[1])
    assert volume.array.dtype == np.int16
    expected = nibabel.load(tmp_path / "a.img").get_fdata()[..., 1]
    np.testing.assert_allclose(volume.values().transpose(2, 1, 0), expected)


def test_big_endian(tmp_path: Path) -> None:
    header = nibabel.AnalyzeHeader(endianness=">")
    nibabel.save(nibabel.AnalyzeImage(ARRAY, AFFINE, header), tmp_path / "a.img")
    np.testing.assert_array_equal(readers.open_volume(tmp_path).array, ARRAY.transpose(2, 1, 0))


def test_damaged_pairs_are_one_sentence(tmp_path: Path) -> None:
    path = save(tmp_path / "a.hdr")
    whole = path.with_suffix(".img").read_bytes()
    path.with_suffix(".img").write_bytes(whole[:-3])
    with pytest.raises(ReadError, match="cut off"):
        readers.open_volume(path)
    path.with_suffix(".img").unlink()
    with pytest.raises(ReadError, match="missing"):
        readers.open_volume(path)
    path.with_suffix(".img").write_bytes(whole)
    content = path.read_bytes()
    for at, change in ((40, b"\3\0\xff\x7f\xff\x7f\xff\x7f"), (70, b"\x99\x99"), (40, b"\0\0")):
        path.write_bytes(content[:at] + change + content[at + len(change) :])
        with pytest.raises(ReadError):
            readers.open_volume(path)
    path.write_bytes(content[:200])
    with pytest.raises(ReadError):
        readers.open_volume(path)


def test_colour_is_said_and_other_headers_are_not_taken(tmp_path: Path) -> None:
    rgb = np.zeros((2, 2, 2), dtype=[("R", "u1"), ("G", "u1"), ("B", "u1")])
    with pytest.raises(ReadError, match="colour"):
        readers.open_volume(save(tmp_path / "a.hdr", rgb, nibabel.Nifti1Pair))
    (tmp_path / "envi.hdr").write_text("ENVI\nsamples = 3\n")
    (tmp_path / "lonely.img").write_bytes(bytes(400))
    assert not accepts(tmp_path / "envi.hdr", b"ENVI\n")
    assert not accepts(tmp_path / "lonely.img", bytes(400))
