"""Small pictures of the middle slice: original, denoised, what was removed, and the map of the noise."""

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medae.quality.noise import noise_map
from medae.quality.sample import body_mask
from medae.quality.summary import number, unit_text
from medae.reslice import Plane, plane_of
from medae.results import Result
from medae.volume import Volume
from medae.windowing import (
    DIFFERENCE_COLORMAP,
    NOISE_COLORMAP,
    apply_window,
    color_table,
    default_window,
    difference_maximum,
)

LONGEST_SIDE = 400
"""Pixels of a picture's longer side."""

_GREY = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)


@dataclass(frozen=True, slots=True)
class Scale:
    """The ends and the middle of a colour bar, as texts with the unit."""

    low: str
    middle: str
    high: str


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A slice as it is printed.

    Attributes
    ----------
    title
        What it shows.
    pixels
        (rows, columns) uint8, square pixels.
    colours
        (256, 3) uint8: the colour of each pixel value.
    scale
        Of the colours; None for grey pictures.
    """

    title: str
    pixels: NDArray[np.uint8]
    colours: NDArray[np.uint8]
    scale: Scale | None = None

    def png(self) -> bytes:
        """Give the picture as a PNG file."""
        return _png(self.pixels, self.colours)

    def bar(self) -> bytes:
        """Give its colours from the lowest to the highest as a PNG file of one row."""
        return _png(np.arange(256, dtype=np.uint8)[None], self.colours)


def pictures(result: Result) -> tuple[Picture, ...]:
    """Draw the middle slice of a result that has a denoised volume, as it was acquired.

    What was removed is original minus denoised, on a scale that is symmetric around 0.
    """
    original, denoised = result.original, result.denoised
    assert denoised is not None
    k = original.shape[0] // 2
    plane = plane_of(original, "acquisition")
    before, after = (_slice(volume, k) for volume in (original, denoised))
    unknown = ~np.isfinite(before) | original.padding_mask(k, k + 1)[0]
    removed = np.where(unknown, np.float32(0), before - after)
    end, unit = difference_maximum(removed), unit_text(original.unit)
    return (
        Picture("Original", _fit(_grey(before, unknown, original), plane), _GREY),
        Picture("Denoised", _fit(_grey(after, unknown, original), plane), _GREY),
        Picture(
            "Original − denoised",
            _fit(_index(removed, -end, end), plane),
            color_table(DIFFERENCE_COLORMAP)[:, :3],
            Scale(number(-end, unit), "0", number(end, unit)),
        ),
        noise_picture(original),
    )


def noise_picture(volume: Volume) -> Picture:
    """Draw the noise map of the middle slice; its scale starts at 0, and outside the body it is black."""
    k = volume.shape[0] // 2
    noise = noise_map(volume, k, k + 1)[0]
    values, unknown = volume.values(k, k + 1), volume.padding_mask(k, k + 1)
    valid = np.isfinite(values) & ~unknown
    body = body_mask(np.where(valid, values, np.float32(0)), valid, volume.modality)[0]
    top = difference_maximum(noise[body] if body.any() else noise)
    index = _index(noise, 0.0, top)
    if body.any():
        index = np.where(body, np.maximum(index, 1), np.uint8(0))
    colours = color_table(NOISE_COLORMAP)[:, :3].copy()
    colours[0] = 0
    return Picture(
        "Noise of the original",
        _fit(index, plane_of(volume, "acquisition")),
        colours,
        Scale("0", number(top / 2), number(top, unit_text(volume.unit))),
    )


def _slice(volume: Volume, k: int) -> NDArray[np.float32]:
    return volume.values(k, k + 1)[0]


def _grey(values: NDArray[np.float32], unknown: NDArray[np.bool_], volume: Volume) -> NDArray[np.uint8]:
    window = default_window(volume)
    grey = apply_window(values, window.center, window.width, volume.inverted, window.curve)
    return np.where(unknown, np.uint8(0), grey)


def _index(values: NDArray[np.float32], low: float, high: float) -> NDArray[np.uint8]:
    """Place of each value in the table of colours."""
    place = (values - np.float32(low)) * np.float32(255 / max(high - low, 1e-12)) + np.float32(0.5)
    return np.clip(np.nan_to_num(place), 0, 255).astype(np.uint8)


def _fit(image: NDArray[np.uint8], plane: Plane) -> NDArray[np.uint8]:
    """Turn an array slice as it is seen, and scale it to square pixels."""
    from PIL import Image

    seen = plane.take(image[None], 0)
    rows, columns = seen.shape
    tall, wide = rows * plane.spacing[1], columns * plane.spacing[2]
    factor = LONGEST_SIDE / max(tall, wide)
    size = (max(1, round(wide * factor)), max(1, round(tall * factor)))
    return np.asarray(Image.fromarray(np.ascontiguousarray(seen)).resize(size, Image.Resampling.BICUBIC))


def _png(pixels: NDArray[np.uint8], colours: NDArray[np.uint8]) -> bytes:
    from PIL import Image

    rows, columns = pixels.shape
    image = Image.frombytes("P", (columns, rows), pixels.tobytes())
    image.putpalette(colours.tobytes())
    file = io.BytesIO()
    image.save(file, format="PNG", optimize=True)
    return file.getvalue()
