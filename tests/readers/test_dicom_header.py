"""From data sets to headers."""

from pathlib import Path

import pytest
from pydicom.dataset import Dataset

from medae import readers
from medae.readers.dicom_header import b_value, header, image_kind, number, numbers, patient_key, text, whole

from . import odd


def test_header_of_a_slice() -> None:
    found = header(odd.dataset(2), Path("a"))
    assert (found.rows, found.columns, found.instance_number) == (6, 5, 3)
    assert found.position == (-10, -20, 5)
    assert found.pixel_spacing == (0.5, 0.75)
    assert found.placed


def test_malformed_numbers_are_absent(tmp_path: Path) -> None:
    path = odd.write(tmp_path / "a.dcm", 0)
    path.write_bytes(path.read_bytes().replace(b"-10.0\\-20.0\\0.0", b"-10.0\\-20.0\\abc"))
    from medae.readers.dicom import read_headers

    assert read_headers(path)[0].position is None


def test_spacing_falls_back_and_says_so() -> None:
    found = header(odd.dataset(0, PixelSpacing=[0, 0], ImagerPixelSpacing=[0.2, 0.2]), Path("a"))
    assert found.pixel_spacing == (0.2, 0.2)
    bare = header(odd.dataset(0, PixelSpacing=None), Path("a"))
    assert bare.pixel_spacing == (1, 1)
    assert "no pixel size" in bare.warnings[0]


def test_impossible_orientation_counts_as_none() -> None:
    found = header(odd.dataset(0, ImageOrientationPatient=[1, 0, 0, 1, 0, 0]), Path("a"))
    assert not found.placed
    assert "ImageOrientationPatient" in found.warnings[0]


@pytest.mark.parametrize(
    ("given", "expected"),
    [("ORIGINAL\\PRIMARY\\AXIAL", ""), ("ORIGINAL\\PRIMARY\\M\\ND", "M"), ("DERIVED\\PRIMARY\\LOCALIZER", "LOCALIZER")],
)
def test_image_kind(given: str, expected: str) -> None:
    assert image_kind(given) == expected


def test_a_patient_has_a_key_that_names_nobody() -> None:
    key = patient_key(odd.dataset(0, PatientID="DOE-1234"))
    assert len(key) == 12
    assert "DOE" not in key
    assert key == patient_key(odd.dataset(5, PatientID="DOE-1234 "))
    assert key != patient_key(odd.dataset(0, PatientID="DOE-1234", IssuerOfPatientID="Elsewhere"))
    assert patient_key(odd.dataset(0)) == patient_key(odd.dataset(0, PatientID="")) == ""


def test_secondary_captures_are_another_kind() -> None:
    plain, capture = odd.dataset(0), odd.dataset(0, SOPClassUID="1.2.840.10008.5.1.4.1.1.7.2")
    assert dict(header(plain, Path("a")).kind)["image type"] == ""
    assert dict(header(capture, Path("a")).kind)["image type"] == "SECONDARY CAPTURE"


def test_b_values() -> None:
    assert b_value(odd.dataset(0)) is None
    assert b_value(odd.dataset(0, DiffusionBValue=800.0)) == 800
    siemens = odd.dataset(0, Manufacturer="SIEMENS")
    siemens.add_new(0x0019100C, "IS", "1000")
    assert b_value(siemens) == 1000


def test_absent_values() -> None:
    data = odd.dataset(0)
    assert text(data, "ConvolutionKernel") == ""
    assert number(data, "EchoTime") is None
    assert numbers(data, "PixelSpacing", 3) is None
    assert whole(data, "NumberOfFrames", 7) == 7


@pytest.mark.parametrize(
    ("charset", "stored", "shown"),
    [
        ("ISO_IR 100", "Schädel".encode("latin-1"), "Schädel"),
        ("ISO_IR 192", "頭部 CT".encode(), "頭部 CT"),
        ("GB18030", "头部".encode("gb18030"), "头部"),
        ("ISO_IR 144", "Череп".encode("iso8859-5"), "Череп"),
        ("\\ISO 2022 IR 87", b"\x1b$BF,It\x1b(B", "頭部"),
        ("ISO_IR 13", "ｱｲｳ".encode("shift_jis"), "ｱｲｳ"),
    ],
)
def test_character_sets(tmp_path: Path, charset: str, stored: bytes, shown: str) -> None:
    stored += b" " * (len(stored) % 2)
    mark = b"#" * len(stored)
    path = odd.write(tmp_path / "a.dcm", 0, SpecificCharacterSet=charset, SeriesDescription=mark.decode())
    path.write_bytes(path.read_bytes().replace(mark, stored))
    (source,) = readers.scan(path).sources
    assert source.description == shown


@pytest.mark.parametrize("charset", [b"ISO_IR 192", b"NONSENSE  ", b"ISO_IR 999", b"          "])
def test_a_wrong_character_set_stops_nothing(tmp_path: Path, charset: bytes) -> None:
    path = odd.write(tmp_path / "a.dcm", 0, SpecificCharacterSet="ISO_IR 192", SeriesDescription="######")
    content = path.read_bytes().replace(b"######", b"\xff\xfeab\x81\x1b").replace(b"ISO_IR 192", charset)
    path.write_bytes(content)
    assert readers.open_volume(path).source.description


def test_ultrasound_gives_its_pixel_size_in_its_regions(tmp_path: Path) -> None:
    region = Dataset()
    region.PhysicalUnitsXDirection = region.PhysicalUnitsYDirection = 3
    region.PhysicalDeltaX, region.PhysicalDeltaY = 0.02, -0.03
    data = odd.dataset(0, Modality="US", PixelSpacing=None, SequenceOfUltrasoundRegions=[region])
    assert header(data, tmp_path).pixel_spacing == pytest.approx((0.3, 0.2))
    region.PhysicalUnitsXDirection = 4  # seconds
    assert header(data, tmp_path).pixel_spacing == (1, 1)
