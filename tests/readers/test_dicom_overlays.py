"""Overlay planes, of their own and in unused bits."""

from pathlib import Path

import numpy as np
import pytest
from pydicom.pixels.utils import pack_bits

from medae import readers
from medae.readers.dicom_overlays import overlay

from . import odd

DRAWN = np.zeros(odd.SHAPE, bool)
DRAWN[1, 2:5] = DRAWN[4, 0] = True


def add(data: odd.Dataset, plane: np.ndarray, group: int = 0x6000, origin: tuple[int, int] = (1, 1)) -> None:
    """Give the data set an overlay plane of its own."""
    rows, columns = plane.shape[-2:]
    data.add_new((group, 0x0010), "US", rows)
    data.add_new((group, 0x0011), "US", columns)
    if plane.ndim == 3:
        data.add_new((group, 0x0015), "IS", len(plane))
        data.add_new((group, 0x0051), "US", 1)
    data.add_new((group, 0x0040), "CS", "G")
    data.add_new((group, 0x0050), "SS", list(origin))
    data.add_new((group, 0x0100), "US", 1)
    data.add_new((group, 0x0102), "US", 0)
    data.add_new((group, 0x3000), "OW", pack_bits(plane.astype(np.uint8).ravel(), pad=True))


def test_overlays_come_with_the_volume_and_leave_the_pixels_alone(tmp_path: Path) -> None:
    for n in range(3):
        data = odd.dataset(n)
        if n == 1:
            add(data, DRAWN)
        data.save_as(tmp_path / f"{n}.dcm", enforce_file_format=True)
    volume = readers.open_volume(tmp_path)
    assert volume.overlays is not None
    np.testing.assert_array_equal(volume.overlays, [~DRAWN & DRAWN, DRAWN, ~DRAWN & DRAWN])
    np.testing.assert_array_equal(volume.array[1], odd.pixels(1))


@pytest.mark.parametrize(("origin", "moved"), [((3, 2), (2, 1)), ((0, -1), (-1, -2)), ((40, 40), (39, 39))])
def test_the_origin_moves_the_plane(origin: tuple[int, int], moved: tuple[int, int]) -> None:
    data = odd.dataset(0)
    add(data, DRAWN, origin=origin)
    expected = np.zeros_like(DRAWN)
    for row, column in np.argwhere(DRAWN) + moved:
        if 0 <= row < DRAWN.shape[0] and 0 <= column < DRAWN.shape[1]:
            expected[row, column] = True
    found = overlay(data)
    if expected.any():
        np.testing.assert_array_equal(found, expected)
    else:
        assert found is None


def test_several_planes_are_laid_over_each_other() -> None:
    data = odd.dataset(0)
    add(data, DRAWN)
    add(data, DRAWN[::-1], group=0x601E)
    np.testing.assert_array_equal(overlay(data), DRAWN | DRAWN[::-1])


def test_each_frame_has_its_own() -> None:
    data = odd.dataset(0)
    add(data, np.stack([DRAWN, DRAWN[::-1]]))
    np.testing.assert_array_equal(overlay(data, 1), DRAWN[::-1])
    assert overlay(data, 2) is None


def test_frames_that_do_not_end_with_a_byte_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    planes = np.random.default_rng(5).random((40, 5, 7)) < 0.4
    data = odd.dataset(0, np.zeros((5, 7), np.uint16))
    add(data, planes)
    for frame, plane in enumerate(planes):
        np.testing.assert_array_equal(overlay(data, frame), plane)
    unpacked: list[int] = []
    real = np.unpackbits
    monkeypatch.setattr(np, "unpackbits", lambda bits, **options: unpacked.append(len(bits)) or real(bits, **options))
    overlay(data, 39)
    assert max(unpacked) <= 6  # the bytes of this frame, not those of all


def test_overlay_in_a_high_bit(tmp_path: Path) -> None:
    stored = odd.pixels(3).astype(np.uint16) & 0x0FFF
    data = odd.dataset(0, stored | (DRAWN.astype(np.uint16) << 14), BitsStored=12, HighBit=11)
    data.add_new((0x6000, 0x0010), "US", DRAWN.shape[0])
    data.add_new((0x6000, 0x0011), "US", DRAWN.shape[1])
    data.add_new((0x6000, 0x0100), "US", 16)
    data.add_new((0x6000, 0x0102), "US", 14)
    data.save_as(tmp_path / "a.dcm", enforce_file_format=True)
    volume = readers.open_volume(tmp_path)
    np.testing.assert_array_equal(volume.array[0], stored)
    np.testing.assert_array_equal(volume.overlays, DRAWN[None])


def test_damaged_overlays_are_left_out() -> None:
    data = odd.dataset(0)
    add(data, DRAWN)
    data[0x6000, 0x3000].value = b"\1"
    assert overlay(data) is None
    assert overlay(odd.dataset(0)) is None
