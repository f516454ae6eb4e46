"""Colour bars: the heatmap's in z with its threshold, the difference's in the unit of the scan."""

from PySide6.QtCore import QPointF, QRectF  # noqa: TID253
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPolygonF  # noqa: TID253

from medae.gui.captions import number, unit_name
from medae.gui.shadow_text import draw_text
from medae.gui.viewer_model import Content, ViewerModel
from medae.windowing import DIFFERENCE_COLORMAP, HEATMAP_COLORMAP, color_table

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
    end, threshold = model.heatmap_maximum, model.heatmap_threshold
    _paint(painter, bar, HEATMAP_COLORMAP, "z")
    hidden = bar.height() * min(threshold / end, 1.0)
    below = QRectF(bar.left(), bar.bottom() - hidden, bar.width(), hidden)
    painter.fillRect(below.adjusted(1, 0, -1, -1), QColor(12, 14, 18, 205))
    ticks = [at for at in (0.0, end / 4, end / 2, 3 * end / 4, end) if abs(at - threshold) > 0.08 * end]
    _ticks(painter, bar, [(at, number(at)) for at in ticks], 0.0, end)
    y = bar.bottom() - hidden
    painter.setPen(QPen(QColor("white"), 2))
    painter.drawLine(QPointF(bar.left() - 4, y), QPointF(bar.right() + 1, y))
    painter.setBrush(QColor("white"))
    painter.drawPolygon(
        QPolygonF([QPointF(bar.left() - 4, y), QPointF(bar.left() - 9, y - 4), QPointF(bar.left() - 9, y + 4)])
    )
    draw_text(painter, bar.left() - 13, y, f"{threshold:.1f}", right=True, middle=True, bold=True)


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
        y = bar.bottom() - bar.height() * (at - low) / (high - low)
        painter.setPen(QPen(_LINE, 1))
        painter.drawLine(QPointF(bar.left() - 3, y), QPointF(bar.left(), y))
        draw_text(painter, bar.left() - 6, y, text, right=True, middle=True)
