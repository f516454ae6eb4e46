"""Series with gaps, and series that were split: what the user may choose."""

from pathlib import Path

import numpy as np
import pytest

from medae import readers
from medae.errors import UnsupportedVolume
from medae.readers import choices
from medae.readers.choices import chosen, is_uneven, largest_block, merged, single_slices
from medae.volume import Source

from . import odd


@pytest.fixture
def gap(tmp_path: Path) -> Source:
    """Slices 0 to 2 and 5 to 9."""
    for n in (0, 1, 2, 5, 6, 7, 8, 9):
        odd.write(tmp_path / f"{n}.dcm", n)
    (source,) = readers.scan(tmp_path).sources
    return source


def test_the_largest_even_block(gap: Source) -> None:
    assert is_uneven(gap)
    block = largest_block(gap)
    assert [path.name for path in block.paths] == [f"{n}.dcm" for n in range(5, 10)]
    assert block.description == "Chest – slices 4 to 8"
    volume = readers.read(block)
    assert not volume.source.warnings
    np.testing.assert_allclose(volume.origin, (-10, -20, 12.5))
    assert volume.spacing[0] == 2.5


@pytest.mark.parametrize("gaps", ["largest", "single"])
def test_each_header_is_read_once(gap: Source, gaps: choices.Gaps, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Path] = []
    real = choices.read_headers
    monkeypatch.setattr(choices, "read_headers", lambda path: read.append(path) or real(path))
    chosen(gap, gaps)
    assert sorted(read) == sorted(gap.paths)


def test_every_slice_by_itself(gap: Source) -> None:
    slices = single_slices(gap)
    assert [source.shape for source in slices] == [(1, *odd.SHAPE)] * 8
    assert [readers.read(source).origin[2] for source in slices] == [2.5 * n for n in (0, 1, 2, 5, 6, 7, 8, 9)]
    assert single_slices(slices[0]) == (slices[0],)


def test_choices_leave_even_series_alone(tmp_path: Path, gap: Source) -> None:
    odd.series(tmp_path / "even", 4)
    (even,) = readers.scan(tmp_path / "even").sources
    assert largest_block(even) is even
    assert chosen(even, "single") == (even,)
    assert chosen(gap, "keep") == (gap,)
    assert len(chosen(gap, "single")) == 8
    assert [len(source.paths) for source in chosen(gap, "largest")] == [5]


def test_what_was_split_can_be_put_together(tmp_path: Path) -> None:
    for n in range(6):
        odd.write(tmp_path / f"{n}.dcm", n, EchoTime=10.0 + n % 2)
    sources = readers.scan(tmp_path).sources
    assert [source.shape[0] for source in sources] == [3, 3]
    volume = readers.read(merged(sources))
    np.testing.assert_array_equal(volume.array[:, 0, 0], np.arange(6) * 100)
    assert volume.spacing[0] == 2.5
    assert not volume.source.warnings


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"EchoTime": 40.0}, "same place"),
        ({"array": odd.pixels(0, (4, 4))}, "size"),
        ({"ImageOrientationPatient": [0, 1, 0, 0, 0, -1]}, "orientation"),
        ({"PixelSpacing": [3, 3]}, "orientation or pixel spacing"),
    ],
)
def test_what_is_no_volume_is_not_put_together(tmp_path: Path, changes: dict[str, object], reason: str) -> None:
    odd.series(tmp_path, 3)
    odd.write(tmp_path / "other.dcm", 0, **{"array": odd.pixels(9), **changes})
    with pytest.raises(UnsupportedVolume, match=reason):
        merged(readers.scan(tmp_path).sources)


def test_frames_of_one_file_are_no_files(tmp_path: Path) -> None:
    odd.enhanced(tmp_path / "a.dcm", (0.0, 2.5, 10.0))
    (source,) = readers.scan(tmp_path).sources
    assert not is_uneven(source)
    with pytest.raises(UnsupportedVolume, match="one DICOM file per slice"):
        merged([source, source])
