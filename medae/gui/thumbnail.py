"""Small pictures of series for the list, made in a thread."""

from dataclasses import replace

import numpy as np
from PySide6.QtCore import Qt  # noqa: TID253
from PySide6.QtGui import QImage  # noqa: TID253

from medae.progress import Report
from medae.reslice import plane_of
from medae.volume import Source, Volume
from medae.windowing import apply_window, default_window

SIZE = 72
"""Pixels of the longer side."""

_MOST_VOXELS = 200_000_000


def thumbnail(source: Source, report: Report) -> QImage | None:
    """Picture of a series' middle slice; None where that would mean reading a very large file."""
    if len(source.paths) > 1:
        middle = source.paths[len(source.paths) // 2]
        source = replace(source, paths=(middle,), shape=(1, *source.shape[1:]), warnings=())
    elif np.prod(source.shape, dtype=np.int64) > _MOST_VOXELS:
        return None
    from medae.readers import read

    return picture(read(source, report))


def picture(volume: Volume) -> QImage:
    """Picture of a volume's middle slice, at most `SIZE` pixels wide and high, pixels square."""
    plane = plane_of(volume, "acquisition")
    middle = volume.shape[0] // 2
    one = replace(
        volume,
        array=volume.array[middle : middle + 1],
        rescale_slope=volume.rescale_slope[middle : middle + 1],
        rescale_intercept=volume.rescale_intercept[middle : middle + 1],
    )
    if volume.colour is not None:
        planes = [plane.take(volume.colour[middle : middle + 1, ..., c], 0) for c in range(3)]
        rgb = np.ascontiguousarray(np.stack(planes, axis=-1))
        height, width = rgb.shape[:2]
        image = QImage(rgb.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()
    else:
        window, values = default_window(one), plane.take(one.values(), 0)
        grey = np.ascontiguousarray(apply_window(values, window.center, window.width, volume.inverted, window.curve))
        height, width = grey.shape
        image = QImage(grey.data, width, height, width, QImage.Format.Format_Grayscale8).copy()
    tall, wide = height * plane.spacing[1], width * plane.spacing[2]
    scale = SIZE / max(tall, wide)
    return image.scaled(
        max(1, round(wide * scale)),
        max(1, round(tall * scale)),
        Qt.AspectRatioMode.IgnoreAspectRatio,
        Qt.TransformationMode.SmoothTransformation,
    )
