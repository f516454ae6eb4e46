"""Small line charts as strokes and texts, which the web page and the PDF draw each in its own way."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, isfinite, log10
from typing import Literal

INK = "#1f2430"
FAINT = "#566072"
GRID = "#dfe3ea"

_LEFT, _RIGHT, _TOP, _BOTTOM = 38.0, 8.0, 20.0, 26.0
_SIZE = 7.5


@dataclass(frozen=True, slots=True)
class Curve:
    """One line: a name, values over x, and how it is told apart, by dashes as well as by colour."""

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    colour: str = INK
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Chart:
    """What is drawn over what; the y axis starts at 0 or below."""

    title: str
    x_label: str
    curves: tuple[Curve, ...]


@dataclass(frozen=True, slots=True)
class Stroke:
    """A line through points (x, y) in points of 1/72 inch; y grows downwards."""

    points: tuple[tuple[float, float], ...]
    colour: str
    width: float
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Text:
    """A text whose baseline starts, is centred or ends at (x, y)."""

    x: float
    y: float
    text: str
    anchor: Literal["start", "middle", "end"] = "start"
    colour: str = FAINT
    size: float = _SIZE
    bold: bool = False


def draw(chart: Chart, width: float, height: float) -> tuple[Stroke | Text, ...]:
    """Lay a chart out in a box of ``width`` by ``height`` points."""
    values = [y for curve in chart.curves for y in curve.y if isfinite(y)]
    places = [x for curve in chart.curves for x in curve.x]
    y_ticks = ticks(min([0.0, *values]), max([*values, 0.0]))
    x_ticks = ticks(min([0.0, *places]), max([*places, 0.0]))
    x_end = max([*places, x_ticks[0]]) or 1.0
    right, bottom = width - _RIGHT, height - _BOTTOM

    def across(x: float) -> float:
        return _LEFT + (right - _LEFT) * (x - x_ticks[0]) / (x_end - x_ticks[0])

    def down(y: float) -> float:
        return bottom - (bottom - _TOP) * (y - y_ticks[0]) / (y_ticks[-1] - y_ticks[0])

    drawn: list[Stroke | Text] = [Text(0, 9, chart.title, colour=INK, size=8.5, bold=True)]
    for y in y_ticks:
        strong = y == 0
        ends = ((_LEFT, down(y)), (right, down(y)))
        drawn.append(Stroke(ends, FAINT if strong else GRID, 0.8 if strong else 0.5))
        drawn.append(Text(_LEFT - 4, down(y) + 2.5, tick_text(y), "end"))
    for x in x_ticks:
        if x <= x_end:
            drawn.append(Stroke(((across(x), bottom), (across(x), bottom + 3)), FAINT, 0.8))
            drawn.append(Text(across(x), bottom + 11, tick_text(x), "middle"))
    drawn.append(Text((_LEFT + right) / 2, height - 4, chart.x_label, "middle"))
    for curve in chart.curves:
        points = [(across(x), down(y)) for x, y in zip(curve.x, curve.y, strict=True) if isfinite(y)]
        drawn.append(Stroke(tuple(points), curve.colour, 1.4, curve.dashed))
    return (*drawn, *_legend(chart.curves, right))


def _legend(curves: Sequence[Curve], right: float) -> list[Stroke | Text]:
    """Name the curves at the top right, where there are several."""
    drawn: list[Stroke | Text] = []
    for n, curve in enumerate(curves if len(curves) > 1 else ()):
        y = _TOP + 7 + 10 * n
        drawn.append(Stroke(((right - 74, y - 2.5), (right - 54, y - 2.5)), curve.colour, 1.4, curve.dashed))
        drawn.append(Text(right - 50, y, curve.name, colour=INK))
    return drawn


def ticks(low: float, high: float, about: int = 4) -> tuple[float, ...]:
    """Round numbers from at most ``low`` to at least ``high``, about ``about`` steps."""
    span = high - low
    if not span > 0:
        return (low, low + 1.0)
    rough = span / about
    power = 10.0 ** floor(log10(rough))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * (1 - 1e-9))
    first, last = floor(low / step + 1e-6), ceil(high / step - 1e-6)
    return tuple(round(n * step, 12) for n in range(first, last + 1))


def tick_text(value: float) -> str:
    """Write a tick as short as it can be."""
    return f"{value:.5g}".replace("-", "−")
