"""What stored values mean: rescale, padding, windows, and why an image is not usable."""

from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file

from medae import readers
from medae.errors import ReadError
from medae.readers.dicom_pixels import decode, facts, unusable
from medae.volume import HOUNSFIELD, Window

from . import odd


def test_rescale_of_each_slice(tmp_path: Path) -> None:
    for n in range(3):
        odd.write(tmp_path / f"{n}.dcm", n, Modality="PT", RescaleSlope=n + 0.5, RescaleIntercept=0)
    volume = readers.open_volume(tmp_path)
    np.testing.assert_allclose(volume.values()[:, 0, 1], (0.5, 101 * 1.5, 201 * 2.5))
    assert volume.unit == "1"


@pytest.mark.parametrize(
    ("given", "signed", "expected"),
    [(63536, 1, -2000), (-2000, 1, -2000), (63536, 0, 63536), (0, 0, 0)],
)
def test_padding_follows_the_sign_of_the_pixels(given: int, signed: int, expected: int) -> None:
    data = odd.dataset(0, PixelRepresentation=signed)
    data.add_new("PixelPaddingValue", "US" if given >= 0 else "SS", given)
    assert facts(data).padding == (expected, expected)


def test_padding_range() -> None:
    data = odd.dataset(0)
    data.add_new("PixelPaddingValue", "SS", -2000)
    data.add_new("PixelPaddingRangeLimit", "SS", -1500)
    assert facts(data).padding == (-2000, -1500)


def test_monochrome1_and_stored_range(tmp_path: Path) -> None:
    array = odd.pixels(0).astype(np.uint16)
    odd.write(tmp_path / "a.dcm", 0, array, PhotometricInterpretation="MONOCHROME1", BitsStored=12, HighBit=11)
    volume = readers.open_volume(tmp_path)
    assert volume.inverted
    assert volume.stored_range == (0, 4095)
    assert facts(odd.dataset(0, BitsStored=12)).stored_range == (-2048, 2047)


def test_windows() -> None:
    data = odd.dataset(0, WindowCenter=[40, -600, 40], WindowWidth=[400, 1600, 400])
    data.WindowCenterWidthExplanation = ["SOFT", "LUNG", "SOFT"]
    assert facts(data).windows == (Window(40, 400, "SOFT"), Window(-600, 1600, "LUNG"))


def test_units_of_ct() -> None:
    assert facts(odd.dataset(0)).unit == HOUNSFIELD
    assert facts(odd.dataset(0, RescaleType="US")).unit == "1"
    bare = facts(odd.dataset(0, RescaleSlope=None, RescaleIntercept=None))
    assert bare.unit == "1"
    assert "not Hounsfield" in bare.warnings[0]


def test_zero_slope_is_said() -> None:
    assert facts(odd.dataset(0, RescaleSlope=0)).slope == 1
    assert "RescaleSlope" in facts(odd.dataset(0, RescaleSlope=0)).warnings[0]


@pytest.mark.parametrize(
    ("attributes", "reason"),
    [
        ({"Rows": 0}, "0 rows"),
        ({"Rows": None}, "no image is in it"),
        ({"BitsAllocated": None}, "how pixels are stored"),
        ({"SamplesPerPixel": 4, "PhotometricInterpretation": "CMYK"}, "CMYK"),
        ({"SamplesPerPixel": 3}, "MONOCHROME2"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.66.4"}, "segmentation"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.30"}, "parametric map"),
        ({"BitsAllocated": 1}, "1 bits"),
    ],
)
def test_unusable(attributes: dict[str, object], reason: str) -> None:
    assert reason in str(unusable(odd.dataset(0, **attributes)))


def test_video_is_refused_by_name() -> None:
    data = odd.dataset(0)
    data.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.102"
    assert "MPEG-4" in str(unusable(data))


def test_no_pixel_data(tmp_path: Path) -> None:
    odd.write(tmp_path / "a.dcm", 0, PixelData=None)
    assert "pixel data" in readers.scan(tmp_path).skipped[0].reason


def test_a_panic_of_a_plugin_in_rust_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    class PanicException(BaseException):
        """What pyo3 raises, on no branch of Exception."""

    def panic(*_: object, **__: object) -> None:
        raise PanicException

    monkeypatch.setattr("pydicom.pixels.iter_pixels", panic)
    data = pydicom.dcmread(get_testdata_file("MR_small_RLE.dcm"))
    with pytest.raises(ReadError, match=r"its RLE Lossless pixel data are damaged"):
        decode(data, Path("x.dcm"))
    monkeypatch.setattr("pydicom.pixels.iter_pixels", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        decode(data, Path("x.dcm"))
