"""Curves over steps: lines with names and colours on two axes, the y axis linear or logarithmic."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg  # noqa: TID253
from PySide6.QtCore import Qt  # noqa: TID253
from PySide6.QtWidgets import QLabel, QStackedLayout, QWidget  # noqa: TID253

from medae.gui import theme

COLOURS = ("#4fc3c7", "#e8b04b", "#b394f0", "#7fd08a", "#f2777a", "#6fa8f5", "#e58fc4", "#c3cbd8")
"""Told apart on the dark background; the ninth line begins anew."""


@dataclass(frozen=True, slots=True)
class Line:
    """One curve; values that are not finite (and those ≤ 0 on a logarithmic axis) are gaps."""

    name: str
    x: Sequence[float]
    y: Sequence[float]
    colour: str = COLOURS[0]
    dashed: bool = False
    width: float = 2.0


class LineChart(QWidget):
    """Draws lines with a legend (at ``legend``, pixels from the nearest corner); without any, it says what will be."""

    def __init__(
        self,
        hint: str,
        x_label: str = "step",
        y_label: str = "loss",
        parent: QWidget | None = None,
        *,
        legend: tuple[int, int] = (-10, 6),
    ) -> None:
        super().__init__(parent)
        self.lines: tuple[Line, ...] = ()
        self._plot = pg.PlotWidget(background=theme.BACKGROUND)
        self._item: pg.PlotItem = self._plot.getPlotItem()
        self._item.setMenuEnabled(False)
        self._item.hideButtons()
        self._item.showGrid(x=True, y=True, alpha=0.15)
        for side, text in (("bottom", x_label), ("left", y_label)):
            axis = self._item.getAxis(side)
            axis.setPen(theme.BORDER)
            axis.setTextPen(theme.DIM_TEXT)
            axis.enableAutoSIPrefix(False)
            axis.setLabel(text, color=theme.DIM_TEXT)
        self._item.getAxis("left").setWidth(64)
        self._legend = self._item.addLegend(offset=legend, labelTextColor=theme.TEXT, verSpacing=-4)
        self._legend.setBrush(pg.mkBrush(27, 31, 38, 200))
        self._hint = QLabel(hint)
        self._hint.setProperty("role", "dim")
        self._hint.setWordWrap(True)
        self._hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._hint.setStyleSheet(f"background: {theme.BACKGROUND}; padding: 24px;")
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self._hint)
        self._stack.addWidget(self._plot)
        self.setAccessibleName(f"Chart of {y_label} over {x_label}")

    @property
    def is_empty(self) -> bool:
        """Whether the hint is shown."""
        return self._stack.currentWidget() is self._hint

    def set_hint(self, hint: str) -> None:
        """Say something else while there is nothing to draw."""
        self._hint.setText(hint)

    def set_log(self, on: bool) -> None:
        """Make the y axis logarithmic, or linear."""
        self._item.setLogMode(y=on)
        self._draw()

    def show_lines(self, lines: Sequence[Line]) -> None:
        """Replace what is drawn; nothing happens if it is the same."""
        if tuple(lines) == self.lines:
            return
        self.lines = tuple(lines)
        self._draw()

    def _draw(self) -> None:
        self._item.clear()
        self._legend.clear()
        is_log = self._item.ctrl.logYCheck.isChecked()
        drawn = 0
        for line in self.lines:
            x, y = np.asarray(line.x, float), np.asarray(line.y, float)
            with np.errstate(invalid="ignore"):
                seen = np.isfinite(y) & ((y > 0) | (not is_log))
            if not seen.any():
                continue
            drawn += 1
            style = Qt.PenStyle.DashLine if line.dashed else Qt.PenStyle.SolidLine
            lonely = {"symbol": "o", "symbolSize": 6, "symbolBrush": line.colour, "symbolPen": None}
            self._item.plot(
                x,
                np.where(seen, y, np.nan),
                pen=pg.mkPen(line.colour, width=line.width, style=style),
                name=line.name,
                connect="finite",
                antialias=True,
                **(lonely if seen.sum() < 2 else {}),
            )
        self._stack.setCurrentWidget(self._plot if drawn else self._hint)
        self.setAccessibleDescription(", ".join(f"{line.name} {line.y[-1]:.4g}" for line in self.lines if len(line.y)))
