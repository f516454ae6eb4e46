"""Pixels read as they lie: equal to those that pydicom decodes."""

import io
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from medae.readers.dicom_elements import read_elements
from medae.readers.plain_pixels import plain_type, read_plain

from . import odd

SHAPE = (6, 7)


def instance(dtype: str, stored: int, syntax: str = ExplicitVRLittleEndian, **attributes: object) -> bytes:
    info = np.iinfo(dtype)
    pixels = np.random.default_rng(1).integers(info.min, info.max, SHAPE, np.dtype(dtype), endpoint=True)
    data = odd.dataset(0)
    data.Rows, data.Columns = SHAPE
    data.BitsAllocated, data.BitsStored, data.HighBit = info.bits, stored, stored - 1
    data.PixelRepresentation = int(info.min < 0)
    data.PixelData = pixels.tobytes()
    data["PixelData"].VR = "OW"
    for name, value in attributes.items():
        setattr(data, name, value)
    data.file_meta.TransferSyntaxUID = syntax
    buffer = io.BytesIO()
    pydicom.dcmwrite(buffer, data, enforce_file_format=True, implicit_vr=syntax == ImplicitVRLittleEndian)
    return buffer.getvalue()


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
@pytest.mark.parametrize(
    ("dtype", "stored"),
    [("u1", 8), ("i1", 8), ("u2", 16), ("i2", 16), ("u2", 12), ("i2", 12), ("u2", 10), ("u4", 32), ("i4", 24)],
)
def test_values_equal_those_of_pydicom(dtype: str, stored: int, syntax: str, tmp_path: Path) -> None:
    path = tmp_path / "a.dcm"
    path.write_bytes(instance(dtype, stored, syntax))
    with path.open("rb", buffering=0) as file:
        found = read_elements(file)
        assert found is not None
        assert plain_type(found, SHAPE) == np.dtype(dtype)
        target = np.full(SHAPE, 7, dtype)
        assert read_plain(file, found, target)
    np.testing.assert_array_equal(target, pydicom.dcmread(path).pixel_array)


@pytest.mark.parametrize(
    "attributes",
    [
        {"SamplesPerPixel": 3},
        {"PhotometricInterpretation": "RGB"},
        {"NumberOfFrames": 2},
        {"Rows": 5},
        {"BitsStored": 0},
        {"BitsStored": 17},
        {"BitsAllocated": 12},
    ],
)
def test_what_is_not_plain_grey_is_left_to_pydicom(attributes: dict[str, object]) -> None:
    found = read_elements(io.BytesIO(instance("u2", 16, **attributes)))
    assert found is not None
    assert plain_type(found, SHAPE) is None


def test_another_size_or_compression_is_left_to_pydicom() -> None:
    found = read_elements(io.BytesIO(instance("u2", 16)))
    assert found is not None
    assert plain_type(found, (7, 6)) is None
    found.data.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    assert plain_type(found, SHAPE) is None


def test_a_file_cut_off_in_its_pixels_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.dcm"
    path.write_bytes(instance("u2", 16)[:-9])
    with path.open("rb", buffering=0) as file:
        found = read_elements(file)
        assert found is not None
        assert not read_plain(file, found, np.zeros(SHAPE, "u2"))
