"""Colour bars: the heatmap's in |z| or z with its threshold, the difference's in the unit of the scan."""

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF  # noqa: TID253
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPolygonF  # noqa: TID253

from medae.gui.captions import number, unit_name
from medae.gui.picture import heatmap_colormap
from medae.gui.shadow_text import draw_text
from medae.gui.viewer_model import Content, ViewerModel
from medae.windowing import DIFFERENCE_COLORMAP, SIGNED_COLORMAP, color_table

_WIDTH = 12.0
_RIGHT = 30.0  # leaves room for the orientation letter
_BELOW = 70.0  # leaves room for the texts in the lower corners and the orientation letter
_TEXTS = 28.0  # ticks and threshold above a bar that lies
_TALL = 1.4
_LEAST = 60.0
_LINE = QColor(255, 255, 255, 170)


def room_below(width: float, height: float) -> float:
    """Pixels above a pane's lower edge that a bar lying there takes with its texts and what is below; 0 if it stands.

    A pane so much taller than wide has room below the image, and none beside it.
    """
    return _BELOW + _WIDTH + _TEXTS if height > _TALL * width else 0.0


@dataclass(frozen=True, slots=True)
class _Bar:
    """Where values from ``low`` to ``end`` are on a bar that stands, or lies; its texts are left of it, or above."""

    box: QRectF
    low: float
    end: float
    lying: bool

    def share(self, at: float) -> float:
        """Part of the bar below a value; 0 or 1 for what lies beyond its ends."""
        return min(max((at - self.low) / (self.end - self.low), 0.0), 1.0)

    def point(self, at: float, beside: float = 0.0) -> QPointF:
        """Give the place of a value on the side where the texts are, ``beside`` pixels away from the bar."""
        if self.lying:
            return QPointF(self.box.left() + self.box.width() * self.share(at), self.box.top() - beside)
        return QPointF(self.box.left() - beside, self.box.bottom() - self.box.height() * self.share(at))

    def between(self, one: float, other: float) -> QRectF:
        """Give the part of the bar between two values."""
        inner, first, last = self.box.adjusted(1, 1, -1, -1), self.point(one), self.point(other)
        if self.lying:
            return QRectF(first.x(), inner.top(), last.x() - first.x(), inner.height())
        return QRectF(inner.left(), last.y(), inner.width(), first.y() - last.y())

    def write(self, painter: QPainter, at: float, beside: float, text: str, *, bold: bool = False) -> None:
        """Write a value beside its place."""
        place = self.point(at, beside)
        where = {"center": True} if self.lying else {"right": True, "middle": True}
        draw_text(painter, place.x(), place.y(), text, bold=bold, **where)  # type: ignore[arg-type]


def paint_color_bar(painter: QPainter, width: float, height: float, model: ViewerModel, content: Content) -> None:
    """Draw the bar that belongs to a pane's content near its right edge, or along the lower one, if it has one."""
    lying = room_below(width, height) > 0
    box = QRectF(width - _RIGHT - _WIDTH, height * 0.27, _WIDTH, height * 0.46)
    if lying:
        box = QRectF(width * 0.12, height - _BELOW - _WIDTH, width * 0.7, _WIDTH)
    if max(box.width(), box.height()) < _LEAST:
        return
    if content == "heatmap" and model.anomaly_map is not None and model.show_heatmap:
        colormap = heatmap_colormap(model)
        low = -model.heatmap_maximum if colormap == SIGNED_COLORMAP else 0.0
        _heatmap_bar(painter, _Bar(box, low, model.heatmap_maximum, lying), colormap, model.heatmap_threshold)
    elif content == "difference" and model.denoised is not None and model.original is not None:
        end = model.difference_maximum
        bar = _Bar(box, -end, end, lying)
        _paint(painter, bar, DIFFERENCE_COLORMAP, unit_name(model.original.unit))
        _ticks(painter, bar, [-end, -end / 2, 0.0, end / 2, end])


def _heatmap_bar(painter: QPainter, bar: _Bar, colormap: str, threshold: float) -> None:
    is_signed = bar.low < 0
    _paint(painter, bar, colormap, "z" if is_signed else "|z|")
    marks = (-threshold, threshold) if is_signed else (threshold,)
    painter.fillRect(bar.between(-threshold, threshold), QColor(12, 14, 18, 205))
    ticks = [bar.low + part * (bar.end - bar.low) / 4 for part in range(5)]
    near = 0.13 if bar.lying else 0.08
    _ticks(painter, bar, [at for at in ticks if min(abs(at - mark) for mark in marks) > near * (bar.end - bar.low)])
    for mark in marks:
        _mark(painter, bar, mark)


def _mark(painter: QPainter, bar: _Bar, threshold: float) -> None:
    """Point at the threshold."""
    painter.setPen(QPen(QColor("white"), 2))
    painter.drawLine(bar.point(threshold, 4), bar.point(threshold, -_WIDTH - 1))
    painter.setBrush(QColor("white"))
    aside = QPointF(4, 0) if bar.lying else QPointF(0, 4)
    tip, back = bar.point(threshold, 4), bar.point(threshold, 9)
    painter.drawPolygon(QPolygonF([tip, back - aside, back + aside]))
    bar.write(painter, threshold, 13, f"{threshold:.1f}".replace("-", "−"), bold=True)


def _paint(painter: QPainter, bar: _Bar, colormap: str, label: str) -> None:
    table = color_table(colormap)
    colors = (table[None] if bar.lying else table[::-1, None]).copy()
    picture = QImage(colors.data, colors.shape[1], colors.shape[0], 4 * colors.shape[1], QImage.Format.Format_RGBA8888)
    painter.drawImage(bar.box, picture)
    painter.setPen(QPen(_LINE, 1))
    painter.setBrush(QColor(0, 0, 0, 0))
    painter.drawRect(bar.box)
    if bar.lying:
        draw_text(painter, bar.box.right() + 6, bar.box.center().y(), label, middle=True)
    else:
        draw_text(painter, bar.box.right(), bar.box.top() - 12, label, right=True, middle=True)


def _ticks(painter: QPainter, bar: _Bar, ticks: list[float]) -> None:
    for at in ticks:
        painter.setPen(QPen(_LINE, 1))
        painter.drawLine(bar.point(at, 3), bar.point(at))
        bar.write(painter, at, 6, number(at))
