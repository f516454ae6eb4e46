"""A walk through the slices as a moving picture, for slides and web pages: GIF, WebP, APNG or MP4."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from medae.errors import ExportError
from medae.exporters.drawing import font, fuse, grey
from medae.exporters.exporter import NOTHING_YET, ExporterOptions, Output, kinds_of
from medae.progress import Report, part
from medae.results import Result
from medae.windowing import default_window

if TYPE_CHECKING:
    from PIL.Image import Image

TITLE = "Moving picture of the slices (GIF, WebP, APNG or MP4)"
NO_VIDEO = "MP4 needs OpenCV, which is not installed (pip install 'medae[video]'); choose gif, webp or apng"
_NOTICE = "MedAE, research use only"
_LINE = 16


class Options(ExporterOptions):
    """Options of the moving pictures."""

    format: Literal["gif", "webp", "apng", "mp4"] = Field(
        "gif", description="gif, webp or apng (lossless, small), or mp4 (VP9; needs the extra 'video')"
    )
    frames_per_second: float = Field(
        10.0, gt=0, le=60, title="Slices per second", description="Slices shown in a second"
    )
    height: int = Field(320, ge=64, le=1080, description="Height of a slice in pixels")
    opacity: float = Field(0.6, gt=0, le=1, description="Opacity of the colours above the threshold")


def accepts(result: Result) -> str | None:
    """Why there is nothing to show; None when there is."""
    if not kinds_of(result):
        return NOTHING_YET
    return "there is only one slice; use png" if result.original.shape[0] < 2 else None


def outputs(result: Result, name: str, options: Options) -> tuple[Output, ...]:
    """Name ``<name>_denoised`` and ``<name>_heatmap``, whichever apply; their size is not known before."""
    return tuple(Output(f"{name}_{what}{_suffix(options)}", 1) for what in kinds_of(result))


def export(result: Result, folder: Path, name: str, options: Options, report: Report) -> tuple[Path, ...]:
    """Write ``<name>_denoised.gif`` (before and after, side by side) and ``<name>_heatmap.gif``, whichever apply."""
    kinds = kinds_of(result)
    paths = []
    for number, what in enumerate(kinds):
        progress = part(report, number / len(kinds), (number + 1) / len(kinds))
        path = folder / f"{name}_{what}{_suffix(options)}"
        pictures = _pictures(result, what, options, progress)
        if options.format == "mp4":
            _write_mp4(pictures, path, options.frames_per_second)
        else:
            _write_images(list(pictures), path, options)
        paths.append(path)
    return tuple(paths)


def _suffix(options: Options) -> str:
    return ".png" if options.format == "apng" else f".{options.format}"


def _pictures(result: Result, what: str, options: Options, report: Report) -> "Iterator[Image]":
    """Give the frames: two panes of one slice with a line of text below, width and height even (for MP4)."""
    import PIL.Image
    import PIL.ImageDraw

    volume, window = result.original, default_window(result.original)
    slices, rows, columns = volume.shape
    _, row_spacing, column_spacing = volume.spacing
    height = options.height
    width = min(max(round(height * columns * column_spacing / (rows * row_spacing)), 16), 8 * height)
    for k in range(slices):
        report(k / slices, f"Drawing slice {k + 1} of {slices}")
        panes: list[NDArray[np.uint8]] = [grey(volume, k, window)]
        if what == "denoised":
            assert result.denoised is not None
            panes.append(grey(result.denoised, k, window))
        else:
            assert result.anomaly_map is not None
            panes.append(fuse(volume, result.anomaly_map, k, window, options.opacity))
        sheet = PIL.Image.new("RGB", (2 * width, (height + _LINE) // 2 * 2))
        for number, pane in enumerate(panes):
            scaled = PIL.Image.fromarray(pane).resize((width, height), PIL.Image.Resampling.BILINEAR)
            sheet.paste(scaled, (number * width, 0))
        text = f"original | {what}   {k + 1}/{slices}   {_NOTICE}"
        PIL.ImageDraw.Draw(sheet).text((4, height + 1), text, fill=(200, 200, 205), font=font(12))
        yield sheet


def _write_images(pictures: "list[Image]", path: Path, options: Options) -> None:
    """Write an endless loop by Pillow; WebP and APNG are lossless, a GIF has 256 colours."""
    settings: dict[str, Any] = {"duration": round(1000 / options.frames_per_second), "loop": 0}
    if options.format == "webp":
        settings |= {"lossless": True, "format": "WEBP"}
    if options.format == "apng":
        settings |= {"format": "PNG"}
    first, *others = pictures
    first.save(path, save_all=True, append_images=others, **settings)


def _write_mp4(pictures: "Iterator[Image]", path: Path, frames_per_second: float) -> None:
    """Write VP9 by OpenCV, whose FFmpeg is built under the LGPL with libvpx (BSD)."""
    try:
        import cv2
    except ImportError as error:
        raise ExportError(f"{NO_VIDEO}.") from error
    writer = None
    for picture in pictures:
        pixels = np.asarray(picture)[..., ::-1]  # blue first
        if writer is None:
            size = (pixels.shape[1], pixels.shape[0])
            writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"vp09"), frames_per_second, size)
            if not writer.isOpened():
                raise ExportError("This OpenCV cannot write MP4 (VP9); choose gif, webp or apng.")
        writer.write(np.ascontiguousarray(pixels))
    if writer is not None:
        writer.release()
