"""Fast reading of plain headers: equal to pydicom, or left to it."""

import io
import warnings
from pathlib import Path

import pydicom
import pytest
from pydicom.data import get_testdata_files
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from medae.readers.dicom_elements import Elements, read_elements
from medae.readers.dicom_header import TAGS

from . import odd

TESTDATA = sorted({Path(name) for name in get_testdata_files() if Path(name).is_file()})


def encoded(data: Dataset, syntax: str = ExplicitVRLittleEndian) -> bytes:
    data.file_meta.TransferSyntaxUID = syntax
    buffer = io.BytesIO()
    pydicom.dcmwrite(buffer, data, enforce_file_format=True, implicit_vr=syntax == ImplicitVRLittleEndian)
    return buffer.getvalue()


def read(content: bytes, wanted: frozenset[int] | None = None) -> Elements | None:
    return read_elements(io.BytesIO(content), wanted)


def test_every_file_of_pydicom_is_read_as_pydicom_reads_it_or_left_to_it() -> None:
    read_here = 0
    for path in TESTDATA:
        with path.open("rb") as file, path.open("rb") as again, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = read_elements(file)
            if found is None:
                continue
            read_here += 1
            expected = pydicom.dcmread(again, stop_before_pixels=True)
            assert found.pixel_element == again.tell(), path.name
            assert found.data == expected, path.name
            assert found.data.file_meta == expected.file_meta, path.name
            assert found.data.original_encoding == expected.original_encoding, path.name
            assert found.data.original_character_set == expected.original_character_set, path.name
    assert read_here > 60


def test_only_wanted_elements_are_kept(tmp_path: Path) -> None:
    content = encoded(odd.dataset(0))
    found = read(content, frozenset(TAGS))
    assert found is not None
    assert set(found.data.keys()) <= set(TAGS)
    assert found.data.Rows == odd.dataset(0).Rows
    assert "PatientName" not in found.data


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
def test_sequences_of_undefined_length_are_kept_and_skipped(syntax: str) -> None:
    inner, outer = Dataset(), Dataset()
    inner.CodeValue = "inner"
    outer.ReferencedImageSequence = [inner]
    outer["ReferencedImageSequence"].is_undefined_length = True
    outer.is_undefined_length_sequence_item = True
    data = odd.dataset(0)
    data.SourceImageSequence = [outer, outer]
    data["SourceImageSequence"].is_undefined_length = True
    content = encoded(data, syntax)
    whole, part = read(content), read(content, frozenset({0x00280010}))
    assert whole is not None
    assert part is not None
    assert whole.data.SourceImageSequence[1].ReferencedImageSequence[0].CodeValue == "inner"
    assert list(part.data.keys()) == [0x00280010]
    assert part.pixel_value == whole.pixel_value


def test_a_header_longer_than_the_first_look_is_read() -> None:
    data = odd.dataset(0)
    data.add_new(0x00211010, "OB", bytes(300_000))
    found = read(encoded(data))
    assert found is not None
    assert len(found.data[0x00211010].value) == 300_000


def test_text_is_decoded_by_its_character_set() -> None:
    data = odd.dataset(0)
    data.SpecificCharacterSet = "ISO_IR 144"
    data.SeriesDescription = "Люкceмбypг"
    found = read(encoded(data))
    assert found is not None
    assert found.data.SeriesDescription == "Люкceмбypг"


def _out_of_order(content: bytes) -> bytes:
    return content.replace(b"\x28\0\x11\0US", b"\x27\0\x11\0US")


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[132:],
        lambda content: content[:700],
        lambda content: content[:140],
        lambda content: b"",
        lambda content: bytes(128) + b"DICM",
        _out_of_order,
        lambda content: content.replace(b"\x28\0\x10\0US", b"\x28\0\x10\0ZZ"),
        lambda content: content.replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.2\0"),
        lambda content: content.replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.9\0"),
    ],
)
def test_what_is_not_plain_is_left_to_pydicom(damage: object) -> None:
    content = encoded(odd.dataset(0))
    assert read(content) is not None
    assert read(damage(content)) is None  # type: ignore[operator]


def test_any_cut_is_left_to_pydicom_or_keeps_the_whole_header() -> None:
    content = encoded(odd.dataset(0))
    complete = read(content)
    assert complete is not None
    for end in range(0, complete.pixel_value, 7):
        assert read(content[:end]) is None
