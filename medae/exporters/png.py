"""Pictures for slides and papers: before, after and heatmap of the most telling slice, side by side."""

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from medae.exporters.drawing import color_bar, colors_for, difference, font, fuse, grey
from medae.exporters.exporter import NOTHING_YET, ExporterOptions, Output, kinds_of
from medae.progress import Report
from medae.provenance import Provenance
from medae.results import AnomalyMap, Result
from medae.volume import Volume, Window
from medae.windowing import default_window

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

TITLE = "PNG picture"

_BACKGROUND = (18, 18, 22)
_TEXT = (228, 228, 232)
_FAINT = (150, 150, 158)
_WARNING = (255, 200, 60)
_MARGIN = 20


class Options(ExporterOptions):
    """Options of the pictures."""

    slice_number: int = Field(
        0, ge=0, description="Slice to show, from 1; 0 chooses the most abnormal, else the middle one"
    )
    height: int = Field(480, ge=128, le=4096, description="Height of each pane in pixels")
    opacity: float = Field(0.6, gt=0, le=1, description="Opacity of the colours above the threshold")


def accepts(result: Result) -> str | None:
    """Why there is nothing to draw; None when there is."""
    if not kinds_of(result):
        return NOTHING_YET
    return None


def outputs(result: Result, name: str, options: Options) -> tuple[Output, ...]:
    """Name the pictures; their size is not known before."""
    return tuple(Output(f"{name}_{kind}.png", 1) for kind in kinds_of(result))


def export(result: Result, folder: Path, name: str, options: Options, report: Report) -> tuple[Path, ...]:
    """Write ``<name>_denoised.png`` (before, after, difference) and ``<name>_heatmap.png``, whichever apply."""
    report(0.0, "Drawing")
    volume, window = result.original, default_window(result.original)
    k = _slice(result, options.slice_number)
    before = (grey(volume, k, window), "Original")
    paths = []
    if result.denoised is not None:
        panes = [before, (grey(result.denoised, k, window), f"Denoised, {_models(result.denoised.provenance)}")]
        panes.append((difference(volume, result.denoised, k), "Difference, denoised minus original"))
        image = _sheet(panes, volume, k, window, options.height, None)
        paths.append(_save(image, folder / f"{name}_denoised.png"))
    if result.anomaly_map is not None:
        anomaly_map = result.anomaly_map
        caption = f"Heatmap, |z| > {anomaly_map.threshold:.2g}, {_models(anomaly_map.provenance)}"
        fused = (fuse(volume, anomaly_map, k, window, options.opacity), caption)
        image = _sheet([before, fused], volume, k, window, options.height, anomaly_map)
        paths.append(_save(image, folder / f"{name}_heatmap.png"))
    return tuple(paths)


def _models(steps: tuple[Provenance, ...]) -> str:
    return ", ".join(f"{step.bundle} {step.version}".strip() for step in steps) or "model not recorded"


def _slice(result: Result, number: int) -> int:
    """Index of the slice to show: the one asked for, the one with most above the threshold, or the middle."""
    slices = result.original.shape[0]
    if number:
        return min(number, slices) - 1
    if result.anomaly_map is not None:
        above = np.maximum(np.abs(result.anomaly_map.volume.values()) - result.anomaly_map.threshold, 0)
        sums = np.nan_to_num(above).sum(axis=(1, 2), dtype=np.float64)
        if sums.max() > 0:
            return int(sums.argmax())
    return slices // 2


def _sheet(
    panes: list[tuple[NDArray[np.uint8], str]],
    volume: Volume,
    k: int,
    window: Window,
    height: int,
    anomaly_map: AnomalyMap | None,
) -> "Image":
    """Lay panes side by side with captions, a colour bar beside the last, and a foot line."""
    import PIL.Image
    import PIL.ImageDraw

    scaled = [_scaled(pixels, volume, height) for pixels, _ in panes]
    line = max(14, height // 30)
    bar = 6 * line if anomaly_map is not None else 0
    width = sum(image.width + _MARGIN for image in scaled) + _MARGIN + bar
    tall = max(image.height for image in scaled)
    warning = [] if anomaly_map is None else _warning(anomaly_map, 2 * (width - 2 * _MARGIN) // line)
    below = (4 + 3 * len(warning) // 2) * line
    sheet = PIL.Image.new("RGB", (width, tall + 2 * _MARGIN + 2 * line + below), _BACKGROUND)
    draw = PIL.ImageDraw.Draw(sheet)
    top = _MARGIN + 2 * line
    left = _MARGIN
    for image, (_, caption) in zip(scaled, panes, strict=True):
        draw.text((left, _MARGIN), _fitted(draw, caption, image.width, line), fill=_TEXT, font=font(line))
        sheet.paste(image, (left, top))
        left += image.width + _MARGIN
    if anomaly_map is not None:
        box = (left, top + 2 * line, left + line, top + tall - line)
        color_bar(sheet, box, anomaly_map.threshold, font(line), colors_for(anomaly_map))
    foot = f"Slice {k + 1} of {volume.shape[0]}, window {window.center:.4g} / {window.width:.4g}"
    place = (_MARGIN, top + tall + line // 2)
    draw.text(place, foot, fill=_FAINT, font=font(line))
    notice = "\n".join(["MedAE, research use only, not for diagnosis", *warning])
    where = (_MARGIN, place[1] + line * 3 // 2)
    draw.multiline_text(where, notice, fill=_WARNING, font=font(line), spacing=line // 3)
    return sheet


def _warning(anomaly_map: AnomalyMap, length: int) -> list[str]:
    """Say in lines of so many letters that the scan lies outside the model's domain; nothing where it fits."""
    if not anomaly_map.outside:
        return []
    return textwrap.wrap(f"Outside the model's domain: {'; '.join(anomaly_map.outside)}", max(length, 20))


def _scaled(pixels: NDArray[np.uint8], volume: Volume, height: int) -> "Image":
    """Scale to the height asked for, with square millimetres."""
    import PIL.Image

    _, row_spacing, column_spacing = volume.spacing
    rows, columns = pixels.shape[:2]
    width = round(height * columns * column_spacing / (rows * row_spacing))
    return PIL.Image.fromarray(pixels).resize((min(max(width, 16), 8 * height), height), PIL.Image.Resampling.BICUBIC)


def _fitted(draw: "ImageDraw", text: str, width: int, size: int) -> str:
    """Shorten a caption until it fits."""
    if draw.textlength(text, font=font(size)) <= width:
        return text
    while len(text) > 1 and draw.textlength(f"{text}…", font=font(size)) > width:
        text = text[:-1]
    return f"{text.rstrip(' ,')}…"


def _save(image: "Image", path: Path) -> Path:
    image.save(path, format="PNG", compress_level=6)
    return path
