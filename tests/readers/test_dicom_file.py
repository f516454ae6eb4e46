"""Files that declare more than they hold."""

import tracemalloc
import zlib
from pathlib import Path

import pytest
from pydicom.uid import DeflatedExplicitVRLittleEndian

from medae import readers
from medae.errors import ReadError
from medae.readers import dicom_file
from medae.readers.dicom_file import BoundedFile, read_dataset

from . import odd


def test_no_more_room_is_made_than_there_are_bytes(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"12345678")
    with BoundedFile(tmp_path / "a") as file:
        tracemalloc.start()
        assert file.read(3) == b"123"
        assert file.read(4_000_000_000) == b"45678"
        assert file.read(4_000_000_000) == b""
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        file.seek(0)
        assert file.read() == b"12345678"
    assert most < 1_000_000


def test_a_data_set_with_and_without_pixels(tmp_path: Path) -> None:
    path = odd.write(tmp_path / "a.dcm", 3)
    assert read_dataset(path).PixelData == odd.pixels(3).tobytes()
    assert "PixelData" not in read_dataset(path, stop_before_pixels=True)


def test_absent_and_damaged(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="no such file"):
        read_dataset(tmp_path / "a.dcm")
    data = odd.dataset(0)
    data.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    data.save_as(tmp_path / "a.dcm", enforce_file_format=True)
    (tmp_path / "a.dcm").write_bytes((tmp_path / "a.dcm").read_bytes()[:-200] + bytes(200))
    with pytest.raises(ReadError, match="damaged or cut off"):
        read_dataset(tmp_path / "a.dcm")


def test_a_deflated_bomb_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dicom_file, "ALWAYS_BYTES", 10_000_000)
    data = odd.dataset(0)
    data.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    path = tmp_path / "a.dcm"
    data.save_as(path, enforce_file_format=True)
    assert readers.open_volume(path).shape == (1, *odd.SHAPE)
    deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    content = path.read_bytes()
    start = 144 + int.from_bytes(content[140:144], "little")
    bomb = b"\x09\0\x10\0OB\0\0\0\0\0\7" + bytes(0x7000000)
    path.write_bytes(content[:start] + deflate.compress(bomb) + deflate.flush())
    tracemalloc.start()
    with pytest.raises(ReadError, match="expands far more"):
        readers.open_volume(path)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 10_000_000
