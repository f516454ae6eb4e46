"""Greyscale pictures."""

from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from medae import readers
from medae.errors import ReadError
from medae.phantom import head, write_nifti
from medae.readers import BESIDE_SCANS

from . import odd


def _save(array: np.ndarray, path: Path) -> np.ndarray:
    PIL.Image.fromarray(array).save(path)
    return array


def _ramp(dtype: str) -> np.ndarray:
    return np.linspace(0, np.iinfo(dtype).max, 35).reshape(5, 7).astype(dtype)


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.TIFF"])
@pytest.mark.parametrize("dtype", ["u1", "u2"])
def test_values_as_stored(tmp_path: Path, name: str, dtype: str) -> None:
    given = _save(_ramp(dtype), tmp_path / name)
    volume = readers.open_volume(tmp_path / name, modality="DX")
    np.testing.assert_array_equal(volume.array, given[None])
    assert volume.array.dtype == np.dtype(dtype)
    assert volume.modality == "DX"
    assert volume.spacing == (1.0, 1.0, 1.0)
    (warning,) = volume.source.warnings
    assert "1 mm is assumed" in warning


def test_jpeg_and_float_tiff(tmp_path: Path) -> None:
    _save(np.full((16, 16), 90, np.uint8), tmp_path / "a.jpg")
    assert abs(int(readers.open_volume(tmp_path / "a.jpg").array[0, 8, 8]) - 90) <= 2
    given = _save(np.linspace(-1, 1, 20, dtype=np.float32).reshape(4, 5), tmp_path / "b.tif")
    np.testing.assert_array_equal(readers.open_volume(tmp_path / "b.tif").array, given[None])


def test_a_picture_does_not_say_its_modality(tmp_path: Path) -> None:
    _save(_ramp("u1"), tmp_path / "a.png")
    (source,) = readers.scan(tmp_path).sources
    assert (source.reader, source.modality, source.shape) == ("picture", "", (1, 5, 7))


@pytest.mark.parametrize(("mode", "name"), [("RGB", "a.png"), ("RGBA", "a.png"), ("P", "a.png"), ("CMYK", "a.tif")])
def test_colour_is_kept_beside_its_brightness(tmp_path: Path, mode: str, name: str) -> None:
    given = PIL.Image.new("RGB", (8, 8), (200, 40, 0)).convert(mode)
    given.save(tmp_path / name)
    volume = readers.open_volume(tmp_path / name)
    np.testing.assert_array_equal(volume.colour, np.array(given.convert("RGB"))[None])
    assert volume.array[0, 0, 0] == pytest.approx(
        given.convert("RGB").getpixel((0, 0)) @ np.array((0.299, 0.587, 0.114)), abs=1
    )


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA"])
def test_grey_that_was_saved_in_colours_is_grey(tmp_path: Path, mode: str) -> None:
    PIL.Image.fromarray(_ramp("u1")).convert(mode).save(tmp_path / "a.png")
    volume = readers.open_volume(tmp_path / "a.png")
    assert volume.colour is None
    np.testing.assert_array_equal(volume.array, _ramp("u1")[None])


def test_odd_pictures_are_named(tmp_path: Path) -> None:
    _save(_ramp("u2"), tmp_path / "whole.png")
    whole = (tmp_path / "whole.png").read_bytes()
    (tmp_path / "cut.png").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "text.png").write_text("hello")
    page = PIL.Image.fromarray(_ramp("u1"))
    page.save(tmp_path / "pages.tif", save_all=True, append_images=[page])
    PIL.Image.new("1", (8, 8)).save(tmp_path / "mask.png")
    told = {item.path.name: item.reason for item in readers.scan(tmp_path).skipped}
    assert "damaged" in told["text.png"]
    assert "2 pages" in told["pages.tif"]
    assert "black and white" in told["mask.png"]
    with pytest.raises(ReadError, match="damaged"):
        readers.open_volume(tmp_path / "cut.png")
    assert readers.open_volume(tmp_path / "whole.png").shape == (1, 5, 7)


@pytest.mark.filterwarnings("default")
def test_a_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _save(_ramp("u1"), tmp_path / "a.png")
    monkeypatch.setattr(PIL.Image, "MAX_IMAGE_PIXELS", 10)
    with pytest.raises(ReadError, match="more pixels"):
        readers.open_volume(tmp_path / "a.png")


def test_screenshots_beside_scans_are_no_scans(tmp_path: Path) -> None:
    write_nifti(head("T1", (3, 16, 16), (5.0, 9.0, 9.0)).volume, tmp_path / "a" / "t1.nii.gz")
    _save(_ramp("u1"), tmp_path / "a" / "shot.png")
    found = readers.scan(tmp_path)
    assert [source.reader for source in found.sources] == ["nifti"]
    assert [(item.path.name, item.reason) for item in found.skipped] == [("shot.png", BESIDE_SCANS)]
    named = readers.scan([tmp_path / "a" / "t1.nii.gz", tmp_path / "a" / "shot.png"])
    assert {source.reader for source in named.sources} == {"nifti", "picture"}
    assert not named.skipped


def test_dicom_of_that_name_is_dicom(tmp_path: Path) -> None:
    odd.write(tmp_path / "a.jpg", 1)
    (source,) = readers.scan(tmp_path).sources
    assert source.reader == "dicom"
