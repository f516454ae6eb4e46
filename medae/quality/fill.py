"""What a scan was filled with around what it shows, where no file calls it padding.

Resampling and cutting out fill with 0 HU or -1000 HU; detectors saturate beside a patient.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

FRAME = 0.2
"""Part of the outermost pixels that one value must make up."""
RUNS = 0.02
"""How often it may begin or end along them beyond four times in each slice, as a part of its pixels: a fill is solid,
noise that is cut off at a value is not."""
SOLID = 5
"""Pixels along each side of the squares that a fill is made of."""


def fill_value(images: Iterable[NDArray[np.float32]]) -> float | None:
    """Give the value that the outermost pixels of slices, each (rows, columns), were filled with; None if none was.

    What is not finite does not count. Slices are taken one by one, and only their outermost pixels are kept.
    """
    frames = [np.concatenate([i[0], i[1:, -1], i[-1, -2::-1], i[-2:0:-1, 0]]) for i in images]
    frame = np.concatenate(frames) if frames else np.empty(0, np.float32)
    values, counts = np.unique(frame[np.isfinite(frame)], return_counts=True)
    if not values.size or counts.max() < FRAME * frame.size:
        return None
    value = values[np.argmax(counts)]
    alike = frame == value
    ends = np.count_nonzero(alike[1:] != alike[:-1])
    return float(value) if ends <= 4 * len(frames) + RUNS * counts.max() else None


def filled(image: NDArray[np.float32], value: float) -> NDArray[np.bool_]:
    """Tell where a slice (rows, columns) is solidly filled with a value, joined to its outermost pixels.

    Nowhere if the slice shows nothing else.
    """
    alike = image == np.float32(value)
    if alike.all():
        return np.zeros(image.shape, bool)
    from scipy import ndimage

    inside = (slice(SOLID, -SOLID),) * 2
    around = np.pad(alike, SOLID, constant_values=True)  # joins all parts that touch the edge
    labels, _ = ndimage.label(ndimage.binary_opening(around, np.ones((SOLID, SOLID), bool)))
    return np.asarray((labels == labels[0, 0])[inside])
