"""Points on two axes that can be pointed at, clicked, coloured and marked."""

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg  # noqa: TID253
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QObject, QPointF, Qt, Signal  # noqa: TID253
from PySide6.QtGui import QColor, QMouseEvent  # noqa: TID253
from PySide6.QtWidgets import QLabel, QStackedLayout, QWidget  # noqa: TID253

from medae.gui import theme

REACH = 12.0
"""Pixels from the mouse within which a point is meant."""
SYMBOLS = ("o", "s", "t1", "d")
"""Shapes that groups get when the colours begin anew."""
_SIZE = 9
_MARKS = ("#ffffff", theme.WARNING)


class ScatterChart(QWidget):
    """Draws points; without any, it says what will be here."""

    hovered = Signal(int)
    """Point under the mouse, −1 for none."""
    chosen = Signal(int, bool)
    """Point that was clicked, and whether as the second one (with Shift or Ctrl)."""
    activated = Signal(int)
    """Point that was double-clicked."""

    def __init__(self, hint: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.points: NDArray[np.float64] = np.empty((0, 2))
        self._under = -1
        self._plot = pg.PlotWidget(background=theme.BACKGROUND)
        self._item: pg.PlotItem = self._plot.getPlotItem()
        self._item.setMenuEnabled(False)
        self._item.showGrid(x=True, y=True, alpha=0.12)
        self._dots = pg.ScatterPlotItem(pxMode=True)
        self._rings = pg.ScatterPlotItem(pxMode=True, size=_SIZE + 9, brush=None)
        for item in (self._dots, self._rings):
            self._item.addItem(item)
        for side in ("bottom", "left"):
            axis = self._item.getAxis(side)
            axis.setPen(theme.BORDER)
            axis.setTextPen(theme.DIM_TEXT)
            axis.enableAutoSIPrefix(False)
        self._hint = QLabel(hint)
        self._hint.setProperty("role", "dim")
        self._hint.setWordWrap(True)
        self._hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._hint.setStyleSheet(f"background: {theme.BACKGROUND}; padding: 24px;")
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self._hint)
        self._stack.addWidget(self._plot)
        self.setAccessibleName("Map of slices")
        self._plot.scene().sigMouseMoved.connect(self._moved)
        self._plot.scene().sigMouseClicked.connect(self._clicked)
        self._plot.viewport().installEventFilter(self)

    @property
    def is_empty(self) -> bool:
        """Whether the hint is shown."""
        return self._stack.currentWidget() is self._hint

    def set_hint(self, hint: str) -> None:
        """Say something else while there is nothing to draw."""
        self._hint.setText(hint)

    def show_points(self, points: NDArray[np.float64], x_label: str, y_label: str) -> None:
        """Replace the points, (n, 2); colours and marks begin anew."""
        self.points = np.asarray(points, np.float64)
        for side, text in (("bottom", x_label), ("left", y_label)):
            self._item.getAxis(side).setLabel(text, color=theme.DIM_TEXT)
        self._rings.clear()
        self._under = -1
        self.paint(np.full((len(self.points), 3), 180, np.uint8))
        self._item.enableAutoRange()
        self._stack.setCurrentWidget(self._plot if len(self.points) else self._hint)
        self.setAccessibleDescription(f"{len(self.points)} points, {x_label} against {y_label}")

    def paint(self, colours: NDArray[np.uint8], symbols: Sequence[str] | None = None) -> None:
        """Colour the points by (n, 3) RGB; ``symbols`` gives each a shape."""
        brushes = {tuple(c): pg.mkBrush(*c, 225) for c in np.unique(colours, axis=0).tolist()}
        self._dots.setData(
            pos=self.points,
            size=_SIZE,
            pen=pg.mkPen(QColor(0, 0, 0, 110)),
            brush=[brushes[tuple(c)] for c in colours.tolist()],
            symbol="o" if symbols is None else list(symbols),
        )

    def mark(self, *points: int | None) -> None:
        """Draw a ring around the first and the second chosen point."""
        kept = [(n, colour) for n, colour in zip(points, _MARKS, strict=False) if n is not None]
        self._rings.setData(
            pos=self.points[[n for n, _ in kept]] if kept else np.empty((0, 2)),
            pen=[pg.mkPen(colour, width=2) for _, colour in kept],
        )

    def place_of(self, point: int) -> QPointF:
        """Where a point is in this widget."""
        scene = self._dots.mapToScene(QPointF(*self.points[point]))
        return QPointF(self._plot.mapTo(self, self._plot.mapFromScene(scene)))

    def nearest(self, place: QPointF) -> int:
        """Point within reach of a place in the scene; −1 for none."""
        if not len(self.points):
            return -1
        corner, across = self._item.vb.mapSceneToView(place), self._item.vb.viewPixelSize()
        distance = np.hypot(*((self.points - (corner.x(), corner.y())) / np.asarray(across)).T)
        found = int(distance.argmin())
        return found if distance[found] <= REACH else -1

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Hear double clicks."""
        if event.type() == QEvent.Type.MouseButtonDblClick and isinstance(event, QMouseEvent):
            found = self.nearest(self._plot.mapToScene(event.position().toPoint()))
            if found >= 0:
                self.activated.emit(found)
        return super().eventFilter(watched, event)

    def _moved(self, place: QPointF) -> None:
        found = self.nearest(place)
        if found != self._under:
            self._under = found
            self.hovered.emit(found)

    def _clicked(self, event: object) -> None:
        if event.button() != Qt.MouseButton.LeftButton or event.double():  # type: ignore[attr-defined]
            return
        found = self.nearest(event.scenePos())  # type: ignore[attr-defined]
        if found < 0:
            return
        keys = Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.ControlModifier
        self.chosen.emit(found, bool(event.modifiers() & keys))  # type: ignore[attr-defined]
