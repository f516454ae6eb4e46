"""Windows and colours: values to 8-bit grey, z-scores and differences to RGBA.

A window maps ``center - width / 2`` to black and ``center + width / 2`` to white, as DICOM's LINEAR_EXACT
function does (PS3.3 C.11.2.1.3.2); it suits floats and differs from LINEAR by half a unit at most. A VOI LUT
(C.11.2.1.1) is a window with a curve.
"""

from collections.abc import Sequence
from functools import cache
from math import ceil, isfinite

import numpy as np
from numpy.typing import ArrayLike, NDArray

from medae.volume import HOUNSFIELD, Volume, Window

HEATMAP_COLORMAP = "bids:plasma"
"""Perceptually uniform, safe for colour blindness, and coloured over its whole range: no shade of it can be
taken for the grey underneath."""

DIFFERENCE_COLORMAP = "crameri:berlin"
"""Diverging, safe for colour blindness, dark in the middle: no difference is dark."""

SIGNED_COLORMAP = DIFFERENCE_COLORMAP
"""For signed z-scores: blue is darker than expected, red brighter."""

UNTRUSTED_COLORMAP = "matlab:gray"
"""For z-scores of a scan that the model does not know: no colour promises anything."""

NOISE_COLORMAP = "bids:viridis"
"""Perceptually uniform, safe for colour blindness, and not to be taken for a heatmap."""

HEATMAP_MAXIMUM = 10.0
"""The z-score that gets the last colour. Fixed, so that colours mean the same in every image."""

PRESETS = (
    Window(35.0, 110.0, "Brain"),
    Window(40.0, 80.0, "Brain, narrow"),
    Window(50.0, 320.0, "Abdomen"),
    Window(80.0, 400.0, "Mediastinum"),
    Window(350.0, 2000.0, "Bone"),
    Window(-500.0, 1500.0, "Lung"),
)
"""CT windows in Hounsfield units."""

_AIR_HU = -500.0
_SAMPLE_SIZE = 200_000


def apply_window(
    values: ArrayLike, center: float, width: float, inverted: bool = False, curve: Sequence[float] = ()
) -> NDArray[np.uint8]:
    """Map values to 8-bit grey.

    Parameters
    ----------
    values
        Array of any shape, in the unit of the window. What is not finite becomes 0 (black), inverted or not.
    center, width
        The window; a width of 0 or less acts as a step at the centre.
    inverted
        Show low values bright.
    curve
        `Window.curve`, stretched over the window; in between it is interpolated linearly.

    Returns
    -------
    NDArray[np.uint8]
        Same shape as ``values``.
    """
    array = np.asarray(values, dtype=np.float32)
    unknown = ~np.isfinite(array)
    if len(curve):
        places = np.linspace(center - width / 2, center + width / 2, len(curve))
        array, center, width = np.interp(array, places, curve).astype(np.float32), 0.5, 1.0
    scale = 255.0 / max(float(width), 1e-6)
    grey = (array - np.float32(center)) * np.float32(scale)
    grey += np.float32(128.0)  # 127.5 for the middle, 0.5 for rounding by truncation
    np.clip(grey, 0.0, 255.0, out=grey)
    if inverted:
        np.subtract(np.float32(255.5), grey, out=grey)
        np.clip(grey, 0.0, 255.0, out=grey)
    if unknown.any():
        grey[unknown] = 0.0
    return grey.astype(np.uint8)


def heatmap_rgba(
    scores: ArrayLike,
    threshold: float,
    opacity: float = 1.0,
    maximum: float = HEATMAP_MAXIMUM,
    colormap: str = HEATMAP_COLORMAP,
) -> NDArray[np.uint8]:
    """Colour z-scores: transparent where |z| is up to the threshold, coloured above it.

    The colours span 0 to ``maximum`` whatever the threshold and the image are; those of `SIGNED_COLORMAP` span
    -``maximum`` to ``maximum``.

    Parameters
    ----------
    scores
        Array of any shape of signed z-scores; what is not finite is transparent.
    threshold
        Scores with |z| above it (strictly, as for findings) are visible.
    opacity
        0 to 1, of the visible scores.
    maximum
        z-score of the last colour.
    colormap
        `HEATMAP_COLORMAP`, `SIGNED_COLORMAP` or `UNTRUSTED_COLORMAP`.

    Returns
    -------
    NDArray[np.uint8]
        (…, 4) red, green, blue, alpha (not premultiplied).
    """
    array = np.asarray(scores, dtype=np.float32)
    size = np.abs(array)
    visible = np.isfinite(array) & (size > threshold)
    rgba = np.zeros((*array.shape, 4), dtype=np.uint8)
    scale = 255.0 / max(maximum, 1e-6)
    index = array[visible] * (scale / 2) + 127.5 if colormap == SIGNED_COLORMAP else size[visible] * scale
    colors = color_table(colormap)[np.clip(index, 0.0, 255.0).astype(np.uint8)]
    colors[:, 3] = round(255 * min(max(opacity, 0.0), 1.0))
    rgba[visible] = colors
    return rgba


def difference_rgba(differences: ArrayLike, maximum: float) -> NDArray[np.uint8]:
    """Colour differences on a scale that is symmetric around 0.

    Parameters
    ----------
    differences
        Array of any shape; what is not finite becomes opaque black.
    maximum
        Absolute difference that gets the last colour on either side.

    Returns
    -------
    NDArray[np.uint8]
        (…, 4), opaque.
    """
    array = np.asarray(differences, dtype=np.float32)
    index = array * np.float32(127.5 / max(maximum, 1e-6)) + np.float32(128.0)
    known = np.isfinite(index)
    index = np.clip(np.where(known, index, 0.0), 0.0, 255.0).astype(np.uint8)
    rgba = color_table(DIFFERENCE_COLORMAP)[index]
    rgba[~known] = (0, 0, 0, 255)
    return rgba


@cache
def color_table(name: str) -> NDArray[np.uint8]:
    """(256, 4) opaque RGBA of a colour map of the ``cmap`` package; read-only."""
    from cmap import Colormap

    table = np.rint(Colormap(name).lut(256) * 255).astype(np.uint8)
    table[:, 3] = 255
    table.flags.writeable = False
    return table


def presets(volume: Volume) -> tuple[Window, ...]:
    """List the windows to offer for a volume: the file's own first, then those of its modality."""
    return (*_own_windows(volume), *PRESETS) if volume.unit == HOUNSFIELD else _own_windows(volume)


def default_window(volume: Volume) -> Window:
    """Choose the window that a volume is first shown with.

    The file's first window that shows anything of the data; where there is none, robust percentiles of
    what is not padding and not air. Looks at a subsample only, a few milliseconds for any size.
    """
    sample = _sample(volume)
    for window in _own_windows(volume):
        if _shows(window, sample):
            return window
    return auto_window(sample[sample > _AIR_HU] if volume.unit == HOUNSFIELD else sample)


def window_with(window: Window, center: float | None = None, width: float | None = None) -> Window:
    """Give a window with another centre or width, where they are not None; its curve stretches with it."""
    return window._replace(
        center=window.center if center is None else center, width=window.width if width is None else width
    )


def typical_range(volume: Volume) -> float:
    """Span of nearly all values of a volume (a subsample of them), in `Volume.unit`; positive."""
    sample = _sample(volume)
    span = float(np.subtract(*np.percentile(sample, (99.9, 0.1)))) if sample.size else 0.0
    return span or 1.0


def auto_window(values: ArrayLike) -> Window:
    """Window from robust percentiles of some values.

    Values close to the lower end (air, background) do not count, where that leaves enough.

    Parameters
    ----------
    values
        Array of any shape; what is not finite is ignored.
    """
    array = np.asarray(values, dtype=np.float32).ravel()
    array = array[np.isfinite(array)]
    if array.size == 0:
        return Window(0.0, 1.0, "Auto")
    low, high = np.percentile(array, (0.5, 99.5))
    foreground = array[array > low + 0.05 * (high - low)]
    if foreground.size > max(0.02 * array.size, 16):
        low, high = np.percentile(foreground, (0.5, 99.5))
    if high <= low:
        low, high = float(array.min()), float(array.max())
    width = float(high - low) or 1.0
    return Window(float(low) + width / 2, width, "Auto")


def difference_maximum(differences: ArrayLike) -> float:
    """Give a round number above nearly all absolute differences: the end of the difference scale."""
    array = np.abs(np.asarray(differences, dtype=np.float32)).ravel()
    array = array[np.isfinite(array)]
    top = float(np.percentile(array, 99.5)) if array.size else 0.0
    if top <= 0:
        return 1.0
    step = 10.0 ** np.floor(np.log10(top))
    return float(ceil(round(top / step, 6)) * step)


def _own_windows(volume: Volume) -> tuple[Window, ...]:
    usable = (w for w in volume.windows if isfinite(w.center) and isfinite(w.width) and w.width > 0)
    return tuple(
        window._replace(name=window.name or f"File window {number}") for number, window in enumerate(usable, start=1)
    )


def _shows(window: Window, sample: NDArray[np.float32]) -> bool:
    """Whether at least a thousandth of the sample lies strictly inside the window."""
    if sample.size == 0:
        return True
    inside = np.abs(sample - window.center) < window.width / 2
    return bool(inside.mean() >= 0.001)


def _sample(volume: Volume) -> NDArray[np.float32]:
    """About 200 000 values of the volume, without padding: (n,) float32 in `Volume.unit`."""
    slices, rows, columns = volume.shape
    steps = [1, 1, 1]
    while slices // steps[0] * (rows // steps[1]) * (columns // steps[2]) > _SAMPLE_SIZE:
        sizes = [slices / steps[0], rows / steps[1], columns / steps[2]]
        steps[int(np.argmax(sizes))] += 1
    chosen = tuple(slice(step // 2, None, step) for step in steps)
    stored = volume.array[chosen].astype(np.float32)
    slope = volume.rescale_slope[chosen[0], None, None].astype(np.float32)
    intercept = volume.rescale_intercept[chosen[0], None, None].astype(np.float32)
    keep = np.isfinite(stored)
    if volume.padding is not None:
        keep &= (stored < volume.padding[0]) | (stored > volume.padding[1])
    return (stored * slope + intercept)[keep]
