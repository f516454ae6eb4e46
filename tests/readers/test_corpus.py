"""Odd scans: the right result or a sentence; nothing lost, changed, slow or large."""

import errno
import os
import re
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pydicom
import pytest

from medae import readers
from medae.errors import ExportError, ReadError
from medae.exporters import export
from medae.results import Result
from medae.volume import Volume

from . import odd
from .corpus import CASES, Case

MOST_SECONDS = 10
MOST_BYTES = 64 * 1024**2


def contents(folder: Path) -> dict[Path, bytes]:
    """All regular files below a folder."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and not path.is_symlink()}


def opened(folder: Path) -> tuple[list[Volume], dict[str, str]]:
    """The volumes, and the sentence for each file that gave none, by its name."""
    found = readers.scan(folder)
    reasons = {item.path.name: item.reason for item in found.skipped}
    volumes = []
    for source in found.sources:
        try:
            volumes.append(readers.read(source))
        except ReadError as error:
            reasons[error.path.name] = error.reason
    return volumes, reasons


def check(case: Case, volumes: list[Volume], reasons: dict[str, str]) -> None:
    """Compare with what must come of it."""
    assert sorted(volume.shape for volume in volumes) == sorted(case.volumes)
    assert set(reasons) == set(case.reasons), reasons
    for name, pattern in case.reasons.items():
        assert re.search(pattern, reasons[name]), reasons[name]
    warnings = {warning for volume in volumes for warning in volume.source.warnings}
    for pattern in case.warns:
        assert any(re.search(pattern, warning) for warning in warnings), warnings
    assert all(any(re.search(pattern, warning) for pattern in case.warns) for warning in warnings), warnings
    if case.order is not None and volumes:
        expected = np.stack([odd.pixels(n) for n in case.order]).astype(volumes[0].array.dtype)
        np.testing.assert_array_equal(volumes[0].array, expected)


def nothing_lost(files: dict[Path, bytes], volumes: list[Volume], reasons: dict[str, str]) -> None:
    """Each file is in a volume, has its sentence, or is named in a warning."""
    used = {path for volume in volumes for path in volume.source.paths}
    said = " ".join(warning for volume in volumes for warning in volume.source.warnings)
    assert not [path for path in files if path not in used and path.name not in reasons and path.name not in said]


def test_the_corpus_is_large() -> None:
    assert len(CASES) >= 60
    assert sum(name.startswith("cut off at") for name in CASES) == 20


@pytest.mark.parametrize("name", CASES)
@pytest.mark.timeout(60)
def test_right_result_or_a_sentence(tmp_path: Path, name: str) -> None:
    case = CASES[name]
    case.make(tmp_path)
    before = contents(tmp_path)
    tracemalloc.start()
    started = time.monotonic()
    try:
        volumes, reasons = opened(tmp_path)
        seconds, most = time.monotonic() - started, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    check(case, volumes, reasons)
    nothing_lost(before, volumes, reasons)
    assert contents(tmp_path) == before
    assert seconds < MOST_SECONDS
    assert most < MOST_BYTES


@pytest.mark.parametrize(
    ("number", "sentence"),
    [(errno.ENOSPC, "disk is full"), (errno.EROFS, "read-only"), (errno.EACCES, "no permission")],
)
@pytest.mark.parametrize("after", [0, 2])
def test_a_disk_that_refuses_on_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, sentence: str, after: int
) -> None:
    odd.series(tmp_path / "in", 4)
    before = contents(tmp_path)
    volume = readers.open_volume(tmp_path / "in")
    written: list[Path] = []
    write = pydicom.dcmwrite

    def refuse(path: Path, *arguments: object, **options: object) -> None:
        if len(written) == after:
            Path(path).write_bytes(b"half")
            raise OSError(number, os.strerror(number), str(path))
        written.append(path)
        write(path, *arguments, **options)

    monkeypatch.setattr(pydicom, "dcmwrite", refuse)
    with pytest.raises(ExportError, match=sentence):
        export(Result(volume, volume.with_array(volume.array)), tmp_path / "out", ("derived-series",))
    assert contents(tmp_path) == before
    assert not (tmp_path / "out").exists()
