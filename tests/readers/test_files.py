"""Finding files."""

from pathlib import Path

from medae.readers.files import FoundFile, find_files, natural_key, os_reason, read_head


def test_natural_order_and_hidden_names(tmp_path: Path) -> None:
    for name in ("im10", "im9", "im1", ".hidden", "sub/im2", "DICOMDIR"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("x")
    files = [file for file in find_files([tmp_path]) if isinstance(file, FoundFile)]
    assert [str(file.path.relative_to(tmp_path)) for file in files] == ["im1", "im9", "im10", str(Path("sub/im2"))]
    assert len(list(find_files([tmp_path]))) == 4
    assert (files[0].size, files[0].changed) == (1, (tmp_path / "im1").stat().st_mtime_ns)


def test_natural_key() -> None:
    assert natural_key(Path("IM9")) < natural_key(Path("IM10"))


def test_reasons() -> None:
    assert "no such file" in os_reason(FileNotFoundError())
    assert "allowed" in os_reason(PermissionError())
    assert "No space" in os_reason(OSError(28, "No space left on device"))


def test_head(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(bytes(1000))
    assert len(read_head(tmp_path / "a")) == 512
