"""The graphics that a DICOM file carries over its image: overlay planes 6000 to 601E (PS3.3 C.9.2)."""

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.tag import Tag

from medae.readers.dicom_header import whole

_ROWS, _COLUMNS, _FRAMES, _ORIGIN, _FIRST_FRAME = 0x0010, 0x0011, 0x0015, 0x0050, 0x0051
_BIT_POSITION, _DATA = 0x0102, 0x3000
_PLANES = tuple((g, Tag(g, _BIT_POSITION), Tag(g, _DATA)) for g in range(0x6000, 0x6020, 2))


def in_pixels(data: Dataset) -> bool:
    """Tell whether a bit of the pixels may be an overlay."""
    return any(
        position in data and content not in data and _whole(data, group, _BIT_POSITION, 0) > 0
        for group, position, content in _PLANES
    )


def overlay(data: Dataset, frame: int = 0) -> NDArray[np.bool_] | None:
    """Where the overlays of a frame draw something: (rows, columns); None where there are none.

    Overlays of their own (60xx,3000) and, as older files have them, in unused high bits of the pixels. Damaged
    ones are left out; they are graphics, not the scan.

    Parameters
    ----------
    data
        The instance, with its pixel data.
    frame
        Index of the frame.
    """
    found: NDArray[np.bool_] | None = None
    for group, position, content in _PLANES:
        if position not in data and content not in data:
            continue
        try:
            plane = _packed(data, group, frame) if content in data else _embedded(data, group, frame)
        except Exception:  # noqa: BLE001, S112 - pydicom raises almost anything on malformed overlays
            continue
        if plane is not None and plane.any():
            found = plane if found is None else found | plane
    return found


def _packed(data: Dataset, group: int, frame: int) -> NDArray[np.bool_] | None:
    """One bit per pixel, placed by its origin (row, column of its first pixel, counted from 1)."""
    rows, columns = _whole(data, group, _ROWS, 0), _whole(data, group, _COLUMNS, 0)
    frames = max(_whole(data, group, _FRAMES, 1), 1)
    index = frame + 1 - _whole(data, group, _FIRST_FRAME, 1) if frames > 1 else 0
    if not 0 <= index < frames:
        return None
    drawn = _bits(data[group, _DATA].value, index * rows * columns, rows * columns).reshape(rows, columns)
    origin = data.get(Tag(group, _ORIGIN))
    top, left = (0, 0) if origin is None else (int(part) - 1 for part in origin.value)
    result = np.zeros((whole(data, "Rows"), whole(data, "Columns")), dtype=bool)
    plane = drawn[max(-top, 0) :, max(-left, 0) :]
    top, left = max(top, 0), max(left, 0)
    target = result[top : top + plane.shape[0], left : left + plane.shape[1]]
    target |= plane[: target.shape[0], : target.shape[1]]
    return result


def _bits(packed: bytes, first: int, count: int) -> NDArray[np.bool_]:
    """Unpack ``count`` bits, the lowest bit of each byte first (PS3.5 8.1.2): of one frame, however many there are."""
    start, stop = first // 8, (first + count + 7) // 8
    bits = np.unpackbits(np.frombuffer(packed[start:stop], np.uint8), bitorder="little")
    return bits[first - 8 * start :][:count].astype(bool)


def _embedded(data: Dataset, group: int, frame: int) -> NDArray[np.bool_] | None:
    """One of the bits above the stored ones (retired in 2004)."""
    from pydicom.pixels import pixel_array

    position = _whole(data, group, _BIT_POSITION, 0)
    high = whole(data, "HighBit", whole(data, "BitsStored") - 1)
    if not high < position < whole(data, "BitsAllocated"):
        return None
    words = pixel_array(data, index=frame, correct_unused_bits=False)
    return (words >> position) & 1 == 1


def _whole(data: Dataset, group: int, element: int, default: int) -> int:
    value = data.get(Tag(group, element))
    return default if value is None or value.value in (None, "") else int(value.value)
