"""Pictures of slices for people: grey, fused with the heatmap, colour bar and text."""

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from medae.results import AnomalyMap
from medae.volume import Volume, Window
from medae.windowing import (
    HEATMAP_COLORMAP,
    HEATMAP_MAXIMUM,
    UNTRUSTED_COLORMAP,
    apply_window,
    difference_maximum,
    difference_rgba,
    heatmap_rgba,
)

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFont import FreeTypeFont, ImageFont


def grey(volume: Volume, k: int, window: Window) -> NDArray[np.uint8]:
    """Slice ``k`` as (rows, columns, 3) grey; padding is black."""
    values = apply_window(volume.values(k, k + 1)[0], window.center, window.width, volume.inverted, window.curve)
    values = np.where(volume.padding_mask(k, k + 1)[0], np.uint8(0), values)
    return np.repeat(values[..., None], 3, axis=2)


def fuse(volume: Volume, anomaly_map: AnomalyMap, k: int, window: Window, opacity: float) -> NDArray[np.uint8]:
    """Slice ``k`` in grey with |z| above the threshold in the colours of `colors_for`: (rows, columns, 3)."""
    below = grey(volume, k, window).astype(np.float32)
    colormap = colors_for(anomaly_map)
    scores = anomaly_map.volume.array[k]
    above = heatmap_rgba(scores, anomaly_map.threshold, opacity, colormap=colormap).astype(np.float32)
    alpha = above[..., 3:] / 255
    return np.rint(below * (1 - alpha) + above[..., :3] * alpha).astype(np.uint8)


def colors_for(anomaly_map: AnomalyMap) -> str:
    """Colour map of a heatmap: grey where the scan lies outside the model's domain."""
    return UNTRUSTED_COLORMAP if anomaly_map.outside else HEATMAP_COLORMAP


def difference(original: Volume, denoised: Volume, k: int) -> NDArray[np.uint8]:
    """Slice ``k`` of denoised minus original on a symmetric scale of colours: (rows, columns, 3)."""
    change = denoised.values(k, k + 1)[0] - original.values(k, k + 1)[0]
    change[original.padding_mask(k, k + 1)[0]] = 0
    return difference_rgba(change, difference_maximum(change))[..., :3]


def color_bar(
    image: "Image",
    box: tuple[int, int, int, int],
    threshold: float,
    text: "FreeTypeFont | ImageFont",
    colormap: str = HEATMAP_COLORMAP,
) -> None:
    """Draw the scale of the heatmap into ``box`` (left, top, right, bottom), with ticks and the threshold."""
    import PIL.Image
    import PIL.ImageDraw

    left, top, right, bottom = box
    scores = np.linspace(HEATMAP_MAXIMUM, 0, bottom - top, dtype=np.float32)[:, None]
    colors = heatmap_rgba(np.repeat(scores, right - left, axis=1), threshold, colormap=colormap)
    visible = colors[..., 3:] > 0
    image.paste(PIL.Image.fromarray(np.where(visible, colors[..., :3], np.uint8(40))), (left, top))
    draw = PIL.ImageDraw.Draw(image)
    draw.rectangle((left - 1, top - 1, right, bottom), outline=(160, 160, 160))
    tick = (right - left) // 3
    for score in np.linspace(0, HEATMAP_MAXIMUM, 6):
        y = bottom - round(score / HEATMAP_MAXIMUM * (bottom - top))
        draw.line((right, y, right + tick, y), fill=(160, 160, 160))
        beyond = "+" if score == HEATMAP_MAXIMUM else ""
        draw.text((right + 2 * tick, y), f"{score:g}{beyond}", fill=(220, 220, 220), font=text, anchor="lm")
    draw.text((left, top - tick), "|z|", fill=(220, 220, 220), font=text, anchor="lb")


@cache
def font(size: int) -> "FreeTypeFont | ImageFont":
    """Give the font that Pillow brings along."""
    from PIL import ImageFont

    return ImageFont.load_default(size)
