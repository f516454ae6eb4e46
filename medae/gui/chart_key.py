"""What the colours of a chart mean: names of groups, or a bar of values."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt  # noqa: TID253
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen, QPolygonF  # noqa: TID253
from PySide6.QtWidgets import QSizePolicy, QWidget  # noqa: TID253

from medae.gui import theme
from medae.gui.captions import number
from medae.windowing import color_table

LOWEST = 46
"""First colour of a map that is used, of 256: darker ones are lost on the dark background."""
_LINE = 19
_WIDTHS = {"groups": 184, "values": 128}


class ChartKey(QWidget):
    """A legend or a colour bar, painted."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = ""
        self.groups: list[tuple[str, str, str]] = []
        self._colormap = ""
        self._range = (0.0, 1.0)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        self.clear()

    def clear(self) -> None:
        """Show nothing."""
        self.title, self.groups, self._colormap = "", [], ""
        self.hide()

    def show_groups(self, title: str, groups: Sequence[tuple[str, str, str]]) -> None:
        """Show (name, colour, symbol of `ScatterChart`) of each group."""
        self.title, self.groups, self._colormap = title, list(groups), ""
        self.setAccessibleName(f"{title}: {', '.join(name for name, _, _ in groups)}")
        self.setToolTip("\n".join(name for name, _, _ in groups))
        self._show("groups")

    def show_values(self, title: str, low: float, high: float, colormap: str) -> None:
        """Show a bar from ``low`` to ``high``."""
        self.title, self.groups, self._colormap, self._range = title, [], colormap, (low, high)
        self.setAccessibleName(f"{title} from {low:.3g} to {high:.3g}")
        self.setToolTip("")
        self._show("values")

    def _show(self, what: str) -> None:
        self.setFixedWidth(_WIDTHS[what])
        self.show()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QColor(theme.DIM_TEXT))
        box = QRectF(10, 4, self.width() - 12, 34)
        painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextWordWrap, self.title)
        if self._colormap:
            self._paint_bar(painter)
        else:
            self._paint_groups(painter)
        painter.end()

    def _paint_groups(self, painter: QPainter) -> None:
        room = max(1, (self.height() - 44) // _LINE)
        shown = self.groups if len(self.groups) <= room else self.groups[: room - 1]
        metrics = painter.fontMetrics()
        for n, (name, colour, symbol) in enumerate(shown):
            y = 44.0 + n * _LINE
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colour))
            _paint_symbol(painter, QPointF(15, y + 7), symbol)
            painter.setPen(QColor(theme.TEXT))
            text = metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, self.width() - 28)
            painter.drawText(QPointF(26, y + 12), text)
        if len(shown) < len(self.groups):
            painter.setPen(QColor(theme.DIM_TEXT))
            painter.drawText(QPointF(26, 56 + len(shown) * _LINE), f"and {len(self.groups) - len(shown)} more")

    def _paint_bar(self, painter: QPainter) -> None:
        bar = QRectF(12, 50, 14, max(60.0, min(self.height() - 70.0, 260.0)))
        table = color_table(self._colormap)[LOWEST:][::-1].copy()
        painter.drawImage(bar, QImage(table.data, 1, len(table), 4, QImage.Format.Format_RGBA8888))
        painter.setPen(QPen(QColor(theme.BORDER), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(bar)
        painter.setPen(QColor(theme.TEXT))
        low, high = self._range
        for share in (0.0, 0.5, 1.0):
            y = bar.bottom() - share * bar.height()
            painter.drawText(QPointF(bar.right() + 8, y + 4), number(low + share * (high - low)))


def _paint_symbol(painter: QPainter, middle: QPointF, symbol: str) -> None:
    x, y, r = middle.x(), middle.y(), 5.0
    if symbol == "s":
        painter.drawRect(QRectF(x - r + 1, y - r + 1, 2 * r - 2, 2 * r - 2))
    elif symbol == "t1":
        painter.drawPolygon(QPolygonF([QPointF(x, y - r), QPointF(x + r, y + r), QPointF(x - r, y + r)]))
    elif symbol == "d":
        painter.drawPolygon(QPolygonF([QPointF(x, y - r), QPointF(x + r, y), QPointF(x, y + r), QPointF(x - r, y)]))
    else:
        painter.drawEllipse(middle, r, r)
