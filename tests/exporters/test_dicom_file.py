"""Reading the source again, writing our own."""

from pathlib import Path

import pydicom
import pytest

from medae.errors import ReadError
from medae.exporters.dicom_file import headers, read_header, read_source, write
from medae.progress import silent
from medae.results import Result

from .conftest import write_series


def test_header_has_no_pixels_and_source_has(tmp_path: Path) -> None:
    path = write_series(tmp_path / "in")[0]
    assert "PixelData" not in read_header(path)
    assert "PixelData" in read_source(path)


def test_a_file_that_is_gone_or_damaged_is_named(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="gone"):
        read_header(tmp_path / "no.dcm")
    with pytest.raises(ReadError, match="cannot be read"):
        read_header(tmp_path)  # a folder


def test_one_header_per_slice(ct: Result) -> None:
    assert [ds.InstanceNumber for ds in headers(ct.original, silent)] == [1, 2, 3, 4, 5, 6]


def test_written_files_are_complete_and_explicit(tmp_path: Path) -> None:
    source = read_source(write_series(tmp_path / "in")[0])
    path = write(source, tmp_path / "new" / "x.dcm")
    written = pydicom.dcmread(path)
    assert path.read_bytes()[128:132] == b"DICM"
    assert written.file_meta.MediaStorageSOPInstanceUID == written.SOPInstanceUID
    assert written.file_meta.TransferSyntaxUID == pydicom.uid.ExplicitVRLittleEndian
    assert written.PixelData == source.PixelData
