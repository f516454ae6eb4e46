"""Drawn values as volumes: stored dtype, rescale, windows."""

import numpy as np

from medae.phantom.grid import Grid
from medae.phantom.shapes import Array
from medae.volume import HOUNSFIELD, Source, Volume, Window


def store_ct(values: Array, grid: Grid, description: str, *windows: tuple[str, float, float]) -> Volume:
    """CT numbers as int16 with intercept −1024, clipped to 12 bits as a scanner does."""
    stored = np.rint(np.clip(values + 1024, 0, 4095)).astype(np.int16)
    return Volume(
        stored,
        grid.affine(),
        modality="CT",
        unit=HOUNSFIELD,
        rescale_intercept=np.array([-1024.0]),
        stored_range=(0, 4095),
        windows=tuple(Window(center, width, name) for name, center, width in windows),
        source=Source(modality="CT", description=description, shape=grid.shape),
    )


def store_mr(values: Array, grid: Grid, description: str, white: float) -> Volume:
    """MR signal as uint16 of 12 bits; the window shows ``white`` (white matter) light grey."""
    return Volume(
        np.rint(np.clip(values, 0, 4095)).astype(np.uint16),
        grid.affine(),
        modality="MR",
        stored_range=(0, 4095),
        windows=(Window(0.65 * white, 1.3 * white),),
        source=Source(modality="MR", description=description, shape=grid.shape),
    )
