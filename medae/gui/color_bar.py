"""Colour bars: the heatmap's in |z| or z with its threshold, the difference's in the unit of the scan."""

from PySide6.QtCore import QPointF, QRectF  # noqa: TID253
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPolygonF  # noqa: TID253

from medae.gui.captions import number, unit_name
from medae.gui.picture import heatmap_colormap
from medae.gui.shadow_text import draw_text
from medae.gui.viewer_model import Content, ViewerModel
from medae.windowing import DIFFERENCE_COLORMAP, SIGNED_COLORMAP, color_table

_WIDTH = 12.0
_RIGHT = 30.0  # leaves room for the orientation letter
_LINE = QColor(255, 255, 255, 170)


def paint_color_bar(painter: QPainter, width: float, height: float, model: ViewerModel, content: Content) -> None:
    """Draw the bar that belongs to a pane's content near its right edge, if it has one."""
    bar = QRectF(width - _RIGHT - _WIDTH, height * 0.27, _WIDTH, height * 0.46)
    if bar.height() < 60:
        return
    if content == "heatmap" and model.anomaly_map is not None and model.show_heatmap:
        _heatmap_bar(painter, bar, model)
    elif content == "difference" and model.denoised is not None and model.original is not None:
        end = model.difference_maximum
        _paint(painter, bar, DIFFERENCE_COLORMAP, unit_name(model.original.unit))
        _ticks(painter, bar, [(at, number(at)) for at in (-end, -end / 2, 0.0, end / 2, end)], -end, end)


def _heatmap_bar(painter: QPainter, bar: QRectF, model: ViewerModel) -> None:
    end, threshold, colormap = model.heatmap_maximum, model.heatmap_threshold, heatmap_colormap(model)
    is_signed = colormap == SIGNED_COLORMAP
    low = -end if is_signed else 0.0
    _paint(painter, bar, colormap, "z" if is_signed else "|z|")
    marks = (-threshold, threshold) if is_signed else (threshold,)
    top, bottom = _y(bar, threshold, low, end), _y(bar, marks[0], low, end) if is_signed else bar.bottom()
    painter.fillRect(QRectF(bar.left() + 1, top, bar.width() - 2, bottom - top), QColor(12, 14, 18, 205))
    ticks = [low + part * (end - low) / 4 for part in range(5)]
    free = [at for at in ticks if min(abs(at - mark) for mark in marks) > 0.08 * (end - low)]
    _ticks(painter, bar, [(at, number(at)) for at in free], low, end)
    for mark in marks:
        _mark(painter, bar, _y(bar, mark, low, end), f"{mark:.1f}".replace("-", "−"))


def _y(bar: QRectF, at: float, low: float, high: float) -> float:
    """Height of a value on the bar; its ends for what lies beyond."""
    return bar.bottom() - bar.height() * min(max((at - low) / (high - low), 0.0), 1.0)


def _mark(painter: QPainter, bar: QRectF, y: float, text: str) -> None:
    """Point at the threshold."""
    painter.setPen(QPen(QColor("white"), 2))
    painter.drawLine(QPointF(bar.left() - 4, y), QPointF(bar.right() + 1, y))
    painter.setBrush(QColor("white"))
    painter.drawPolygon(
        QPolygonF([QPointF(bar.left() - 4, y), QPointF(bar.left() - 9, y - 4), QPointF(bar.left() - 9, y + 4)])
    )
    draw_text(painter, bar.left() - 13, y, text, right=True, middle=True, bold=True)


def _paint(painter: QPainter, bar: QRectF, colormap: str, label: str) -> None:
    table = color_table(colormap)[::-1].copy()
    column = QImage(table.data, 1, len(table), 4, QImage.Format.Format_RGBA8888)
    painter.drawImage(bar, column)
    painter.setPen(QPen(_LINE, 1))
    painter.setBrush(QColor(0, 0, 0, 0))
    painter.drawRect(bar)
    draw_text(painter, bar.right(), bar.top() - 12, label, right=True, middle=True)


def _ticks(painter: QPainter, bar: QRectF, ticks: list[tuple[float, str]], low: float, high: float) -> None:
    for at, text in ticks:
        y = _y(bar, at, low, high)
        painter.setPen(QPen(_LINE, 1))
        painter.drawLine(QPointF(bar.left() - 3, y), QPointF(bar.left(), y))
        draw_text(painter, bar.left() - 6, y, text, right=True, middle=True)
