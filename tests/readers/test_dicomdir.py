"""DICOMDIR: case, missing files, and what lies outside."""

import os
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from medae import readers
from medae.readers.dicomdir import OUTSIDE, is_index, referenced

from . import odd


def write_index(path: Path, names: list[list[str] | None], in_use: bool = True) -> Path:
    """DICOMDIR that names files by their components."""
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.1.3.10"
    data.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
    data.DirectoryRecordSequence = []
    for parts in names:
        record = Dataset()
        record.RecordInUseFlag = 0xFFFF if in_use else 0
        record.DirectoryRecordType = "IMAGE"
        if parts is not None:
            with pydicom.config.disable_value_validation():
                record.ReferencedFileID = parts
        data.DirectoryRecordSequence.append(record)
    with pydicom.config.disable_value_validation():
        data.save_as(path, enforce_file_format=True)
    return path


def test_case_and_version_do_not_matter(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    written = [odd.write(tmp_path / "images" / f"im{n}.;1", n) for n in range(3)]
    index = write_index(tmp_path / "DICOMDIR", [None, *(["IMAGES", f"IM{n}"] for n in range(3))])
    assert referenced(index) == (written, [])
    assert readers.open_volume(index).shape[0] == 3


def test_the_exact_name_goes_before_one_in_other_case(tmp_path: Path) -> None:
    for name in ("im1", "IM1"):
        (tmp_path / name).write_bytes(name.encode())
    if len(list(tmp_path.iterdir())) == 1:
        pytest.skip("this file system does not tell cases apart")
    index = write_index(tmp_path / "DICOMDIR", [["IM1"]])
    assert referenced(index) == ([tmp_path / "IM1"], [])


def test_files_that_are_missing_are_named(tmp_path: Path) -> None:
    odd.write(tmp_path / "A", 0)
    found = readers.scan(write_index(tmp_path / "DICOMDIR", [["A"], ["GONE", "B"]]))
    assert len(found.sources) == 1
    assert [(item.path, item.reason) for item in found.skipped] == [
        (tmp_path / "GONE" / "B", "the DICOMDIR names it, but it is not there")
    ]


@pytest.mark.parametrize("parts", [["..", "secret"], ["/etc", "passwd"], ["..\\secret"], ["C:", "secret"], ["", "x"]])
def test_nothing_outside_of_the_folder_is_opened(tmp_path: Path, parts: list[str]) -> None:
    odd.write(tmp_path / "secret", 1)
    (tmp_path / "cd").mkdir()
    odd.write(tmp_path / "cd" / "A", 0)
    index = write_index(tmp_path / "cd" / "DICOMDIR", [["A"], parts])
    files, skipped = referenced(index) or ([], [])
    assert files == [tmp_path / "cd" / "A"]
    assert len(skipped) == 1
    assert [source.shape[0] for source in readers.scan(index).sources] == [1]


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="no links here")
def test_a_link_that_leads_outside_is_not_followed(tmp_path: Path) -> None:
    odd.write(tmp_path / "secret", 1)
    (tmp_path / "cd").mkdir()
    (tmp_path / "cd" / "A").symlink_to(tmp_path / "secret")
    found = readers.scan(write_index(tmp_path / "cd" / "DICOMDIR", [["A"]]))
    assert not found.sources
    assert [item.reason for item in found.skipped] == [OUTSIDE]


def test_an_index_that_names_nothing_in_use_stands_for_its_folder(tmp_path: Path) -> None:
    odd.series(tmp_path, 2)
    index = write_index(tmp_path / "DICOMDIR", [["GONE"]], in_use=False)
    assert referenced(index) is None
    assert readers.open_volume(index).shape[0] == 2
    (tmp_path / "DICOMDIR").write_bytes(b"\0" * 128 + b"DICM" + b"nonsense" * 9)
    assert referenced(index) is None


def test_an_index_is_known_by_its_class_too(tmp_path: Path) -> None:
    index = write_index(tmp_path / "index.dcm", [["A"]])
    assert is_index(index, index.read_bytes()[:512])
    assert is_index(Path("dicomdir"), b"")
    assert not is_index(Path("A"), odd.write(tmp_path / "A", 0).read_bytes()[:512])
