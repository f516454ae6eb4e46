"""Modality LUT and VOI LUTs."""

from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.pixels import apply_modality_lut, apply_voi

from medae import readers
from medae.readers.dicom_luts import modality_lut, voi_windows
from medae.readers.dicom_pixels import LOOKED_UP
from medae.volume import HOUNSFIELD
from medae.windowing import apply_window

from . import odd


def lut(table: np.ndarray, first: int, bits: int = 16, **attributes: object) -> Dataset:
    """Item of a LUT sequence."""
    item = Dataset()
    item.add_new("LUTDescriptor", "SS" if first < 0 else "US", [len(table), first, bits])
    item.add_new("LUTData", "OW", table.astype("<u2").tobytes())
    for name, value in attributes.items():
        setattr(item, name, value)
    return item


def with_lut(item: Dataset, array: np.ndarray | None = None, **attributes: object) -> Dataset:
    """Slice with a Modality LUT in the place of a rescale."""
    return odd.dataset(0, array, RescaleSlope=None, RescaleIntercept=None, ModalityLUTSequence=[item], **attributes)


def test_a_curve_is_applied_as_pydicom_does(tmp_path: Path) -> None:
    data = with_lut(lut(np.arange(20) ** 2, 5, ModalityLUTType="US"), Modality="CR", PixelPaddingValue=3)
    expected = apply_modality_lut(data.pixel_array, data)
    data.save_as(tmp_path / "a.dcm", enforce_file_format=True)
    volume = readers.open_volume(tmp_path)
    np.testing.assert_array_equal(volume.array[0], expected)
    assert (volume.array.dtype, volume.stored_range, volume.padding) == (np.dtype(np.uint16), (0, 65535), None)
    assert volume.source.warnings == (LOOKED_UP,)


def test_a_straight_table_is_a_slope_and_leaves_stored_values(tmp_path: Path) -> None:
    data = with_lut(lut(np.arange(40) * 2 + 7, -3, ModalityLUTType="HU"))
    data.save_as(tmp_path / "a.dcm", enforce_file_format=True)
    volume = readers.open_volume(tmp_path)
    np.testing.assert_array_equal(volume.array[0], odd.pixels(0))
    np.testing.assert_allclose(volume.values()[0], apply_modality_lut(data.pixel_array, data))
    assert (volume.unit, volume.source.warnings) == (HOUNSFIELD, ())


def test_signed_start_that_is_written_unsigned() -> None:
    found = modality_lut(with_lut(lut(np.arange(10), 65530)))
    assert found is not None
    assert found.first == -6


@pytest.mark.parametrize("change", [{"LUTDescriptor": [40, 0]}, {"LUTData": b"\1"}, {"LUTDescriptor": [40, 0, 99]}])
def test_damaged_tables_count_as_none(change: dict[str, object]) -> None:
    item = lut(np.arange(40), 0)
    for name, value in change.items():
        item[name].value = value
    assert modality_lut(with_lut(item)) is None
    assert modality_lut(odd.dataset(0)) is None


@pytest.mark.parametrize("entries", [1000, 4096])
def test_a_voi_lut_is_drawn_as_pydicom_does(entries: int) -> None:
    bent = np.clip((np.arange(entries) / entries) ** 2 * 1.2, 0, 1) * 4095
    data = odd.dataset(0, VOILUTSequence=[lut(bent, -100, 12, LUTExplanation="SOFT"), lut(bent[::-1], 0, 12)])
    up, down = voi_windows(data)
    assert (up.name, down.name) == ("SOFT", "VOI LUT")
    data.PixelRepresentation = 1
    values = np.arange(-200, entries, 7, dtype=np.int16)
    for index, window in enumerate((up, down)):
        expected = apply_voi(values, data, index) * (255 / 4095)
        assert np.allclose(apply_window(values, *window[:2], curve=window.curve), expected, atol=1.01)


def test_a_voi_lut_of_one_value_is_no_window() -> None:
    assert voi_windows(odd.dataset(0, VOILUTSequence=[lut(np.full(20, 9), 0, 12)])) == ()


def test_the_windows_of_the_file_go_before_its_tables(tmp_path: Path) -> None:
    item = lut(np.arange(256) * 16, 0, 12)
    odd.write(tmp_path / "a.dcm", 0, VOILUTSequence=[item])
    assert readers.open_volume(tmp_path).windows[0].name == "VOI LUT"
    odd.write(tmp_path / "a.dcm", 0, VOILUTSequence=[item], WindowCenter=40, WindowWidth=400)
    assert [window[:2] for window in readers.open_volume(tmp_path).windows] == [(40, 400), (127.5, 255)]
