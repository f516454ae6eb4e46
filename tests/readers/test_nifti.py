"""NIfTI: orientation against nibabel, stored types, 4-D, damaged files."""

import gzip
import itertools
import struct
from pathlib import Path

import nibabel
import numpy as np
import pytest

from medae import readers
from medae.errors import ReadError

LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
AFFINE = np.array([[0.9, 0.1, 0, -30], [-0.1, 0.9, 0.2, 12], [0, -0.2, 2.5, 7], [0, 0, 0, 1.0]])


def save(path: Path, array: np.ndarray, affine: np.ndarray = AFFINE, kind: type = nibabel.Nifti1Image) -> Path:
    image = kind(array, affine)
    image.header.set_data_dtype(array.dtype)
    nibabel.save(image, path)
    return path


def same_world(path: Path) -> None:
    volume, image = readers.open_volume(path), nibabel.load(path)
    for i, j, k in itertools.product((0, 1), (0, 3), (0, 2)):
        np.testing.assert_allclose(volume.to_lps((k, j, i)), (LPS @ image.affine @ (i, j, k, 1))[:3], atol=1e-4)


@pytest.mark.parametrize("dtype", ["u1", "i1", "i2", "u2", "i4", "u4", "f4", "f8"])
@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
def test_stored_type_is_kept(tmp_path: Path, dtype: str, name: str) -> None:
    array = np.arange(24).reshape(2, 4, 3).astype(dtype)
    volume = readers.open_volume(save(tmp_path / name, array), modality="MR")
    assert volume.array.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(volume.array, array.transpose(2, 1, 0))
    assert (volume.modality, volume.unit, volume.source.description) == ("MR", "1", "a")


def test_48_orientations(tmp_path: Path) -> None:
    array = np.zeros((2, 4, 3), np.int16)
    for number, (axes, signs) in enumerate(
        itertools.product(itertools.permutations(range(3)), itertools.product((1, -1), repeat=3))
    ):
        affine = np.eye(4)
        affine[:3, :3] = np.eye(3)[:, list(axes)] * (np.array(signs) * (1.0, 2.0, 3.0))
        same_world(save(tmp_path / f"{number}.nii", array, affine))


def test_sheared_sform_and_oblique_qform(tmp_path: Path) -> None:
    array = np.zeros((2, 4, 3), np.int16)
    same_world(save(tmp_path / "sheared.nii", array, AFFINE + np.eye(4, k=1) * 0.4 * (np.eye(4) * 0 + 1)))
    rotation = np.linalg.qr(AFFINE[:3, :3])[0]
    oblique = np.eye(4)
    oblique[:3, :3], oblique[:3, 3] = rotation * (1.0, 2.0, 3.0), (5, 6, 7)
    image = nibabel.Nifti1Image(array, None)
    image.set_qform(oblique, 1)
    image.set_sform(None, 0)
    nibabel.save(image, tmp_path / "q.nii")
    same_world(tmp_path / "q.nii")
    np.testing.assert_allclose(nibabel.load(tmp_path / "q.nii").affine, oblique, atol=1e-5)


def test_scale_stays_beside_the_stored_values(tmp_path: Path) -> None:
    image = nibabel.Nifti1Image(np.arange(24, dtype=np.int16).reshape(2, 4, 3), AFFINE)
    image.header.set_slope_inter(0.5, -10)
    nibabel.save(image, tmp_path / "a.nii.gz")
    volume = readers.open_volume(tmp_path / "a.nii.gz", modality="CT")
    assert volume.array.dtype == np.int16
    assert volume.unit == "[hnsf'U]"
    np.testing.assert_allclose(
        volume.values().transpose(2, 1, 0), nibabel.load(tmp_path / "a.nii.gz").get_fdata(), atol=1e-5
    )


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
def test_4d_is_one_volume_per_time(tmp_path: Path, name: str) -> None:
    array = np.arange(120, dtype=np.float32).reshape(2, 4, 3, 5)
    sources = readers.scan(save(tmp_path / name, array)).sources
    assert [source.part for source in sources] == [0, 1, 2, 3, 4]
    np.testing.assert_array_equal(readers.read(sources[3]).array, array[..., 3].transpose(2, 1, 0))


def test_2d_big_endian_nifti2_and_nan(tmp_path: Path) -> None:
    assert readers.open_volume(save(tmp_path / "2d.nii", np.zeros((4, 3), np.uint8))).shape == (1, 3, 4)
    big = nibabel.Nifti1Header(endianness=">")
    image = nibabel.Nifti1Image(np.arange(24, dtype=np.int16).reshape(2, 4, 3), AFFINE, big)
    nibabel.save(image, tmp_path / "big.nii")
    assert readers.open_volume(tmp_path / "big.nii").array[0, 0, 1] == 12
    array = np.full((2, 4, 3), np.nan, np.float32)
    assert np.isnan(readers.open_volume(save(tmp_path / "n2.nii", array, kind=nibabel.Nifti2Image)).array).all()
    same_world(tmp_path / "n2.nii")


def test_damaged_and_unusual_files(tmp_path: Path) -> None:
    array = np.random.default_rng(0).integers(0, 999, (20, 20, 20)).astype(np.int16)
    whole = save(tmp_path / "a.nii", array).read_bytes()
    (tmp_path / "cut.nii").write_bytes(whole[:-9])
    (tmp_path / "short.nii").write_bytes(whole[:100])
    (tmp_path / "text.nii").write_text("x" * 600)
    zipped = save(tmp_path / "b.nii.gz", array).read_bytes()
    (tmp_path / "bad.nii.gz").write_bytes(zipped[: len(zipped) // 2])
    save(tmp_path / "rgb.nii", np.zeros((2, 2, 2), dtype=[("R", "u1"), ("G", "u1"), ("B", "u1")]))
    save(tmp_path / "vector.nii", np.zeros((2, 2, 2, 1, 3), np.float32))
    found = readers.scan(tmp_path)
    reasons = {item.path.name: item.reason for item in found.skipped}
    assert set(reasons) == {"cut.nii", "short.nii", "text.nii", "rgb.nii", "vector.nii"}
    assert "cut off" in reasons["cut.nii"]
    assert "colour" in reasons["rgb.nii"]
    assert "vector" in reasons["vector.nii"]
    with pytest.raises(ReadError, match="cut off"):
        readers.open_volume(tmp_path / "bad.nii.gz")


def test_no_orientation_is_said(tmp_path: Path) -> None:
    image = nibabel.Nifti1Image(np.zeros((2, 4, 3), np.int16), None)
    image.set_sform(None, 0)
    image.set_qform(None, 0)
    nibabel.save(image, tmp_path / "a.nii")
    assert "left and right" in readers.open_volume(tmp_path / "a.nii").source.warnings[0]


@pytest.mark.shared
def test_real_scan(shared_data: Path) -> None:
    path = shared_data / "mr" / "open-ms" / "patient01_study1_FLAIR.nii.gz"
    same_world(path)
    volume, image = readers.open_volume(path), nibabel.load(path)
    assert volume.array.dtype == image.get_data_dtype()
    np.testing.assert_array_equal(volume.array, np.asarray(image.dataobj).transpose(2, 1, 0))


@pytest.mark.parametrize(
    ("at", "fields"),
    [
        (108, struct.pack("<f", float("nan"))),
        (108, struct.pack("<f", float("inf"))),
        (108, struct.pack("<f", -500.0)),
        (40, struct.pack("<8h", 3, 32767, 32767, 32767, 1, 1, 1, 1)),
    ],
)
@pytest.mark.parametrize("name", ["odd.nii", "odd.nii.gz"])
def test_an_impossible_header_is_a_reason_and_stops_no_other(tmp_path: Path, at: int, fields: bytes, name: str) -> None:
    content = bytearray(save(tmp_path / "good.nii", np.zeros((2, 4, 3), np.int16)).read_bytes())
    content[at : at + len(fields)] = fields
    odd = tmp_path / name
    odd.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    assert tmp_path / "good.nii" in {source.paths[0] for source in readers.scan(tmp_path).sources}
    with pytest.raises(ReadError):
        readers.open_volume(odd)


def test_a_zipped_file_without_gz_in_its_name_opens(tmp_path: Path) -> None:
    array = np.zeros((64, 64, 3), np.int16)
    packed = save(tmp_path / "a.nii.gz", array).rename(tmp_path / "b.nii")
    assert readers.open_volume(packed).shape == (3, 64, 64)
