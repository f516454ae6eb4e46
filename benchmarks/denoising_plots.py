"""Plots of `benchmarks.denoising`, as PNG in `benchmarks/images/`."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.denoising_scores import Outcome, Scored
from benchmarks.denoising_tables import PSNR, at, levels, mean, methods

IMAGES = Path(__file__).parent / "images"
_COLORS = ("#888888", "#bbbbbb", "#8c564b", "#9467bd", "#bcbd22", "#17becf", "#e377c2", "#1f77b4", "#2ca02c")
_OURS = ("#d62728", "#ff7f0e", "#7f0000")


def _style(name: str, names: Sequence[str], ours: Sequence[str]) -> dict[str, Any]:
    if name in ours:
        return {"color": _OURS[ours.index(name) % len(_OURS)], "linewidth": 2.5, "marker": "o", "zorder": 3}
    return {"color": _COLORS[names.index(name) % len(_COLORS)], "linewidth": 1.2, "marker": "."}


def _figure() -> tuple[Any, Any]:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    return pyplot.subplots(figsize=(7, 4.5), dpi=110, layout="constrained")


def plot_levels(
    rows: Sequence[Scored], stem: str, labels: tuple[str, str, str], figure: Callable[[Outcome], float] = PSNR
) -> Path:
    """Draw the mean figure of every method against the noise level; title, x and y labels are given."""
    drawing, axes = _figure()
    names = methods(rows)
    for name in names:
        points = [(level, mean(at(rows, level), name, figure)) for level in levels(rows)]
        known = [(level, value) for level, value in points if value is not None]
        if known:
            axes.plot(*zip(*known, strict=True), label=name, **_style(name, names, rows[0].ours))
    axes.set(title=labels[0], xlabel=labels[1], ylabel=labels[2], xscale="log")
    axes.set_xticks(levels(rows), [f"{level:g}" for level in levels(rows)])
    axes.minorticks_off()
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8, ncols=2)
    return _save(drawing, stem)


def plot_gain_time(rows: Sequence[Scored], stem: str, title: str) -> Path:
    """Draw the mean gain over the noisy input against the median time of a 512² slice."""
    drawing, axes = _figure()
    names = methods(rows)
    for name in names:
        found = [(row.outcomes[name], row.outcomes["noisy"]) for row in rows if name in row.outcomes]
        if name == "noisy" or len(found) < len(rows):
            continue
        seconds = float(np.median([outcome.seconds for outcome, _ in found]))
        gain = float(np.mean([outcome.psnr - noisy.psnr for outcome, noisy in found]))
        axes.plot(seconds, gain, linestyle="", **{**_style(name, names, rows[0].ours), "marker": "o"})
        axes.annotate(name, (seconds, gain), xytext=(6, 4), textcoords="offset points", fontsize=9)
    axes.set(title=title, xlabel="seconds per 512² slice", ylabel="gain over the input, dB", xscale="log")
    axes.margins(x=0.2, y=0.1)
    axes.grid(alpha=0.3)
    return _save(drawing, stem)


def _save(drawing: Any, stem: str) -> Path:
    from matplotlib import pyplot

    IMAGES.mkdir(exist_ok=True)
    path = IMAGES / f"{stem}.png"
    drawing.savefig(path)
    pyplot.close(drawing)
    return path
