"""From the model to the pixels of one pane. No Qt here."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medae.gui.viewer_model import Content, ViewerModel
from medae.windowing import (
    HEATMAP_COLORMAP,
    SIGNED_COLORMAP,
    UNTRUSTED_COLORMAP,
    apply_window,
    difference_rgba,
    heatmap_rgba,
)

GRAPHICS = (255, 214, 102, 255)
"""Colour of the graphics that a file carries over its image."""
PENDING_HINT = "This slice is being denoised"


@dataclass(frozen=True, slots=True)
class Picture:
    """What a pane draws.

    Attributes
    ----------
    base
        (rows, columns) grey or (rows, columns, 4) RGBA; None for an empty pane.
    overlay
        (rows, columns, 4) RGBA on top of it, or None.
    hint
        Sentence in the middle of the pane; empty for none.
    """

    base: NDArray[np.uint8] | None = None
    overlay: NDArray[np.uint8] | None = None
    hint: str = ""


def picture(model: ViewerModel, content: Content, step: int = 1) -> Picture:
    """Draw the slice shown as one pane shows it, every ``step``-th row and column."""
    if model.original is None:
        return Picture(hint="Open a scan (Ctrl+O)" if content == "original" else "")
    if content == "difference":
        return _difference(model, step)
    if content == "swipe":
        return _swipe(model, step)
    if content == "heatmap":
        return _heatmap(model, step)
    which = model.flicker or content
    if which == "denoised" and model.denoised is not None:
        return _denoised(model, step)
    if content == "denoised" and model.denoised is None:
        return Picture(hint=model.denoised_hint)
    return Picture(_original(model, step))


def _original(model: ViewerModel, step: int) -> NDArray[np.uint8] | None:
    """Draw the scan itself: grey, or in its own colours, with the graphics that its file carries."""
    volume = model.original
    assert volume is not None
    base: NDArray[np.uint8] | None
    if volume.colour is not None:
        planes = [model.current_plane.take(volume.colour[..., c], model.slice_index)[::step, ::step] for c in range(3)]
        base = _opaque(_windowed(model, np.stack(planes, axis=-1)))
    else:
        base = _grey(model, "original", step)
    if volume.overlays is not None and model.show_overlays and base is not None:
        drawn = _coarser(model.current_plane.take(volume.overlays, model.slice_index), step)
        base = base if base.ndim == 3 else _opaque(np.repeat(base[..., None], 3, axis=-1))
        base[drawn] = GRAPHICS
    return base


def _coarser(drawn: NDArray[np.bool_], step: int) -> NDArray[np.bool_]:
    """Take every ``step``-th row and column, without losing thin lines between them."""
    rows, columns = (-(-size // step) for size in drawn.shape)
    whole = np.zeros((rows * step, columns * step), bool)
    whole[: drawn.shape[0], : drawn.shape[1]] = drawn
    return np.asarray(whole.reshape(rows, step, columns, step).any(axis=(1, 3)))


def _opaque(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.concatenate([rgb, np.full((*rgb.shape[:2], 1), 255, np.uint8)], axis=-1)


def heatmap_colormap(model: ViewerModel) -> str:
    """Colour map of the heatmap: grey where the scan lies outside the model's domain."""
    if model.anomaly_map is not None and model.anomaly_map.outside:
        return UNTRUSTED_COLORMAP
    return SIGNED_COLORMAP if model.heatmap_signed else HEATMAP_COLORMAP


def _grey(model: ViewerModel, which: Content, step: int) -> NDArray[np.uint8] | None:
    values = model.shown(which, step=step)
    if values is None:
        return None
    return _windowed(model, values)


def _windowed(model: ViewerModel, values: NDArray[np.generic]) -> NDArray[np.uint8]:
    return apply_window(values, model.window_center, model.window_width, model.inverted, model.window_curve)


def _denoised(model: ViewerModel, step: int) -> Picture:
    grey, pending = _grey(model, "denoised", step), model.pending(step=step)
    if grey is None or pending is None:
        return Picture(grey)
    return Picture(np.where(pending, grey // 3, grey), hint=PENDING_HINT if pending.all() else "")


def _heatmap(model: ViewerModel, step: int) -> Picture:
    scores = model.shown("heatmap", step=step)
    if scores is None:
        return Picture(hint=model.heatmap_hint)
    base = _denoised(model, step).base if model.flicker == "denoised" else _grey(model, "original", step)
    if not model.show_heatmap or model.flicker:
        return Picture(base)
    limits = (model.heatmap_threshold, model.heatmap_opacity, model.heatmap_maximum)
    return Picture(base, heatmap_rgba(scores, *limits, heatmap_colormap(model)))


def _difference(model: ViewerModel, step: int) -> Picture:
    values = model.shown("difference", step=step)
    if values is None:
        return Picture(hint=model.denoised_hint)
    hint = PENDING_HINT if np.isnan(values).all() else ""
    return Picture(difference_rgba(values, model.difference_maximum), hint=hint)


def _swipe(model: ViewerModel, step: int) -> Picture:
    original, denoised = _grey(model, "original", step), _denoised(model, step)
    if original is None or denoised.base is None or model.flicker == "original":
        return Picture(original)
    if model.flicker == "denoised":
        return denoised
    curtain = round(model.swipe * original.shape[1])
    original[:, curtain:] = denoised.base[:, curtain:]
    return Picture(original, hint=denoised.hint)
