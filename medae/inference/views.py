"""Copies of a scan whose restorations are averaged, so that a map does not depend on how the scan lies on its grid.

A network that halves its images some times restores a scan that is mirrored, or shifted by a pixel, a little otherwise.
The mean over such copies, each cut out around the body, hardly does (test-time augmentation: Wang et al.,
Neurocomputing 2019).
"""

from dataclasses import replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from medae.inference.prepare import Frame

VIEWS = ((False, 0), (True, 0), (False, 5), (True, -5))
"""Whether a copy is mirrored left to right, and by how many pixels it is shifted along rows and columns: an odd number,
so that no level of a network sees it as it sees the first copy."""
ROOM = 16
"""Pixels around the body in every copy, more than any shift."""

Array = TypeVar("Array", NDArray[np.float32], NDArray[np.bool_])


def frame_around(body: NDArray[np.bool_], stride: int) -> Frame:
    """Frame the body of (slices, rows, columns) with `ROOM`; all of the image where there is no body.

    Rows and columns are multiples of the network's ``stride``.
    """
    first, size = [], []
    for axis, length in ((1, body.shape[1]), (2, body.shape[2])):
        filled = np.flatnonzero(body.any(axis=(0, 3 - axis)))
        low, high = (int(filled[0]), int(filled[-1]) + 1) if filled.size else (0, length)
        side = -(-(high - low + 2 * ROOM) // stride) * stride
        first.append(low - (side - (high - low)) // 2)
        size.append(side)
    return Frame(*first, *size)


def copied(frame: Frame, array: Array, view: int) -> Array:
    """Give one of `VIEWS` of (slices, rows, columns), cut to a frame; beyond the image its edge goes on."""
    mirrored, shift = VIEWS[view]
    rows, columns = (
        np.clip(np.arange(low + shift, low + shift + side), 0, length - 1)
        for low, side, length in zip((frame.top, frame.left), (frame.rows, frame.columns), array.shape[1:], strict=True)
    )
    return np.ascontiguousarray(array[:, rows[:, None], columns[::-1] if mirrored else columns])


def put_back(frame: Frame, copy: NDArray[np.float32], view: int, shape: tuple[int, int]) -> NDArray[np.float32]:
    """Put a copy back on the grid of the scan, of (rows, columns) ``shape``; 0 around it."""
    mirrored, shift = VIEWS[view]
    moved = replace(frame, top=frame.top + shift, left=frame.left + shift)
    return moved.put_back(copy[..., ::-1] if mirrored else copy, shape)
