"""What libraries need, and taking symbols off."""

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or shutil.which("readelf") is None, reason="needs Linux and binutils"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (library,) = Path(np.__file__).parent.glob("_core/_multiarray_umath*.so")
    shutil.copy(library, tmp_path / "library.so")
    (tmp_path / "text.so").write_text("no ELF")
    return tmp_path


def test_needs_of_a_library(folder: Path) -> None:
    import elf

    found = elf.needs(folder)
    assert {"libc.so.6", "libm.so.6"} <= found.libraries
    assert (2, 17) <= tuple(int(part) for part in found.glibc.split(".")) < (2, 60)
    assert [path.name for path in elf.elf_files(folder)] == ["library.so"]


def test_what_the_folder_has_is_not_needed(folder: Path) -> None:
    import elf

    (folder / "libm.so.6").write_bytes(b"")
    assert "libm.so.6" not in elf.needs(folder).libraries


def test_a_stripped_library_still_works(tmp_path: Path) -> None:
    import elf

    if shutil.which("cc") is None:
        pytest.skip("no C compiler")
    source = tmp_path / "a.c"
    source.write_text("static int inner(int x) { return x * 7; } int outer(int x) { return inner(x); }")
    library = tmp_path / "a.so"
    subprocess.run(["cc", "-g", "-shared", "-fPIC", "-o", library, source], check=True)
    before = library.stat().st_size
    assert elf.strip(tmp_path) == before - library.stat().st_size > 0
    code = f"import ctypes; print(ctypes.CDLL({str(library)!r}).outer(6))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "42\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.c", "a.so"]


def test_alignment_is_seen(folder: Path) -> None:
    import elf

    assert elf.is_aligned(folder / "library.so")
    assert not elf.is_aligned(folder / "text.so")


def test_packages_of_libraries() -> None:
    import elf

    if shutil.which("dpkg-query") is None or sysconfig.get_platform() != "linux-x86_64":
        pytest.skip("no Debian")
    packages, unknown = elf.debian_packages(["libc.so.6", "libnobody.so.9"])
    assert packages == {"libc.so.6": "libc6"}
    assert unknown == ("libnobody.so.9",)
