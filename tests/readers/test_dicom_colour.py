"""Colour images: shown as they are, their brightness beside them."""

from pathlib import Path

import numpy as np
import pytest

from medae import readers
from medae.errors import ReadError
from medae.readers.dicom_colour import brightness, to_rgb

from . import odd

RGB = np.arange(4 * 5 * 3, dtype=np.uint8).reshape(4, 5, 3) * 4


def write(path: Path, array: np.ndarray = RGB, **attributes: object) -> Path:
    """Colour secondary capture; the array is (…, rows, columns, 3)."""
    data = odd.dataset(0, np.zeros(array.shape[-3:-1], array.dtype), Modality="US", ImagePositionPatient=None)
    data.SamplesPerPixel, data.PlanarConfiguration, data.PhotometricInterpretation = 3, 0, "RGB"
    data.PixelRepresentation = 0
    data.PixelData = array.tobytes()
    for name, value in attributes.items():
        setattr(data, name, value)
    data.save_as(path, enforce_file_format=True)
    return path


def test_rgb_is_shown_and_its_brightness_is_the_volume(tmp_path: Path) -> None:
    volume = readers.open_volume(write(tmp_path / "a.dcm"))
    assert volume.colour is not None
    np.testing.assert_array_equal(volume.colour[0], RGB)
    np.testing.assert_allclose(volume.array[0], RGB @ (0.299, 0.587, 0.114), atol=0.51)
    assert volume.array.dtype == np.uint8
    assert (volume.stored_range, volume.windows[0][:2]) == ((0, 255), (127.5, 255))
    assert volume.rescale_intercept[0] == 0
    assert volume.source.kind == "COLOUR"


def test_planar_and_deep_colours(tmp_path: Path) -> None:
    planar = write(tmp_path / "p.dcm", PlanarConfiguration=1, PixelData=RGB.transpose(2, 0, 1).tobytes())
    np.testing.assert_array_equal(readers.open_volume(planar).colour[0], RGB)  # type: ignore[index]
    deep = write(tmp_path / "d.dcm", RGB.astype(np.uint16) << 8)
    np.testing.assert_array_equal(readers.open_volume(deep).colour[0], RGB)  # type: ignore[index]


def test_a_film_in_colour(tmp_path: Path) -> None:
    frames = np.stack([RGB, RGB[::-1], RGB[:, ::-1]])
    volume = readers.open_volume(write(tmp_path / "a.dcm", frames, NumberOfFrames=3))
    np.testing.assert_array_equal(volume.colour, frames)


def test_cut_off_colour_is_said(tmp_path: Path) -> None:
    path = write(tmp_path / "a.dcm")
    path.write_bytes(path.read_bytes()[:-6])
    with pytest.raises(ReadError, match="cut off"):
        readers.open_volume(path)


def test_colour_and_grey_of_one_series_are_separate(tmp_path: Path) -> None:
    write(tmp_path / "a.dcm")
    odd.write(tmp_path / "b.dcm", 1, np.zeros((4, 5), np.uint8), ImagePositionPatient=None)
    kinds = sorted(source.kind for source in readers.scan(tmp_path).sources)
    assert kinds == ["", "COLOUR"]


def test_palette() -> None:
    data = odd.dataset(0, np.array([[0, 1], [2, 0]], np.uint8), PhotometricInterpretation="PALETTE COLOR")
    for n, name in enumerate(("Red", "Green", "Blue")):
        table = np.zeros(256, np.uint16)
        table[n] = 0xFF00
        data.add_new(f"{name}PaletteColorLookupTableDescriptor", "US", [256, 0, 16])
        data.add_new(f"{name}PaletteColorLookupTableData", "OW", table.tobytes())
    rgb = to_rgb(data, np.array([[0, 1], [2, 0]], np.uint8), Path("a"))
    np.testing.assert_array_equal(rgb.argmax(axis=-1), [[0, 1], [2, 0]])
    assert rgb.max() == 255
    del data.RedPaletteColorLookupTableData
    with pytest.raises(ReadError, match="palette"):
        to_rgb(data, np.zeros((2, 2), np.uint8), Path("a"))


def test_brightness_of_grey_is_the_grey() -> None:
    np.testing.assert_array_equal(brightness(np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, 1)), np.arange(256))
