"""Look-up tables of DICOM images: the Modality LUT and the VOI LUTs (PS3.3 C.11.1, C.11.2)."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from medae.readers.dicom_header import text, whole
from medae.volume import Window

CURVE_POINTS = 1024
"""A VOI LUT of more entries is kept at this many places."""


class Lut(NamedTuple):
    """A table: stored values below ``first`` give its first entry, those beyond its end the last.

    Attributes
    ----------
    first
        The stored value that its first entry is for.
    table
        (entries,) uint8 or uint16.
    kind
        ModalityLUTType (0028,3004) or LUTExplanation (0028,3003).
    """

    first: int
    table: NDArray[np.unsignedinteger]
    kind: str

    def line(self) -> tuple[float, float] | None:
        """Slope and intercept, where the table is a straight line; None where it is not."""
        steps = np.diff(self.table.astype(np.int64))
        if len(steps) == 0 or (steps != steps[0]).any() or steps[0] == 0:
            return None
        slope = float(steps[0])
        return slope, float(self.table[0]) - slope * self.first

    def apply(self, stored: NDArray[np.generic]) -> NDArray[np.generic]:
        """Look stored values up: an array of the same shape, of the table's type."""
        index = np.clip(stored.astype(np.int64) - self.first, 0, len(self.table) - 1)
        found: NDArray[np.generic] = self.table[index]
        return found


def modality_lut(data: Dataset) -> Lut | None:
    """Give the Modality LUT of an image; None where there is none, or where it is damaged."""
    items = data.get("ModalityLUTSequence") or ()
    return _lut(items[0], "ModalityLUTType", whole(data, "PixelRepresentation") == 1) if items else None


def voi_windows(data: Dataset) -> tuple[Window, ...]:
    """Give a window with a curve for each VOI LUT (C.11.2.1.1): from its first to its last entry, black to white."""
    windows = []
    for item in data.get("VOILUTSequence") or ():
        lut = _lut(item, "LUTExplanation", whole(data, "PixelRepresentation") == 1)
        window = None if lut is None else _window(lut)
        if window is not None:
            windows.append(window)
    return tuple(windows)


def _lut(item: Dataset, kind: str, signed: bool) -> Lut | None:
    try:
        entries, first, bits = (int(part) for part in item.LUTDescriptor)
        content = item.LUTData
        if isinstance(content, bytes):
            wide = len(content) >= 2 * (entries or 65536)
            table = np.frombuffer(content, "<u2" if wide else "u1")
        else:
            table = np.asarray(content).astype(np.uint16)
    except (AttributeError, ValueError, TypeError):
        return None
    table = table[: entries or 65536]
    if len(table) < 2 or not 8 <= bits <= 16:
        return None
    if signed and first >= 32768:
        first -= 65536
    return Lut(first, table.astype(np.uint8 if bits == 8 else np.uint16), text(item, kind))


def _window(lut: Lut) -> Window | None:
    low, high = float(lut.table.min()), float(lut.table.max())
    if high <= low:
        return None
    last = len(lut.table) - 1
    places = np.linspace(0, last, min(len(lut.table), CURVE_POINTS))
    curve = (np.interp(places, np.arange(last + 1), lut.table) - low) / (high - low)
    return Window(lut.first + last / 2, float(last), lut.kind or "VOI LUT", tuple(curve.tolist()))
