"""Files of instances: named by what they are, whole or not there."""

import os
from pathlib import Path

import pytest

from medae.errors import ReadError
from medae.pacs.instance_files import TEMPORARY, identity, instance_files, key, write_instance


def test_a_file_is_the_bytes_given_and_replaced_by_the_same_instance(tmp_path: Path) -> None:
    path = write_instance(b"one", "1.2.3", tmp_path / "new")
    assert path.read_bytes() == b"one"
    assert write_instance(b"two", "1.2.3", tmp_path / "new") == path
    assert instance_files(tmp_path / "new") == (path,)
    assert path.read_bytes() == b"two"
    assert "1.2.3" not in path.name


def test_a_disk_that_refuses_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_instance(b"one", "1.2.3", tmp_path)

    def refuse(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(OSError, match="No space"):
        write_instance(b"two", "1.2.3", tmp_path)
    assert path.read_bytes() == b"one"
    assert not list(tmp_path.glob(f"{TEMPORARY}*"))


def test_identity_is_read_from_memory(series: tuple[Path, ...]) -> None:
    found = [identity(path.read_bytes()) for path in series]
    assert len({one.series_instance_uid for one in found}) == 1
    assert len({one.sop_instance_uid for one in found}) == len(series)


@pytest.mark.parametrize("data", [b"", b"no dicom", b"\0" * 128 + b"DICM", b"\0" * 128 + b"DICM\x02\0\0"])
def test_what_is_no_instance_is_refused(data: bytes) -> None:
    with pytest.raises(ReadError):
        identity(data)


def test_keys_depend_on_all_parts_and_their_limits() -> None:
    assert key("a", "b") == key("a", "b")
    assert len({key("a", "b"), key("ab"), key("a", "b", ""), key("b", "a")}) == 4
