"""What is drawn over an image: corner texts, orientation letters, findings, crosshair, probe, curtain."""

from itertools import product

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt  # noqa: TID253
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF  # noqa: TID253

from medae.gui import captions
from medae.gui.color_bar import paint_color_bar, room_below
from medae.gui.screen import Screen
from medae.gui.shadow_text import draw_text
from medae.gui.theme import ACCENT, DIM_TEXT, WARNING
from medae.gui.viewer_model import Content, ViewerModel
from medae.results import Finding

_MARGIN = 9
_LETTER = "#f0d48a"
_POINT_SIZE = 9.0


def paint_overlay(
    painter: QPainter, screen: Screen | None, size: tuple[int, int], model: ViewerModel, content: Content, hint: str
) -> None:
    """Draw everything that lies over the image of one pane.

    Parameters
    ----------
    painter
        In pixels of the pane.
    screen
        Where the slice lies; None without a scan.
    size
        (width, height) of the pane.
    model, content, hint
        What the pane shows, and what it says when it is empty.
    """
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    font = painter.font()
    font.setPointSizeF(_POINT_SIZE)
    painter.setFont(font)
    if screen is not None:
        if content == "swipe" and not model.flicker:
            _curtain(painter, screen, model)
        if model.show_findings and model.show_overlays and not hint:
            _findings(painter, screen, model)
        _marks(painter, screen, model)
    if model.show_overlays:
        _corners(painter, size, model, content)
        if screen is not None and not hint:
            _letters(painter, size, model)
        paint_color_bar(painter, *size, model, content)
    if content == "heatmap" and model.show_heatmap and not model.flicker:
        _warning(painter, size, captions.outside(model))
    if hint:
        box = QRectF(16, 0, size[0] - 32, size[1])
        painter.setPen(QColor(DIM_TEXT))
        painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap), hint)


def _corners(painter: QPainter, size: tuple[int, int], model: ViewerModel, content: Content) -> None:
    width, height = size
    line = painter.fontMetrics().height()
    limit = width * 0.62
    draw_text(painter, _MARGIN, _MARGIN + line * 0.8, captions.title(model, content), bold=True, limit=limit)
    if model.original is None:
        return
    if width > 300:
        for row, text in enumerate(captions.made_by(model, content), start=1):
            draw_text(painter, _MARGIN, _MARGIN + line * (row + 0.8), text, color=DIM_TEXT, limit=limit)
    for row, text in enumerate(captions.slice_lines(model)):
        draw_text(painter, width - _MARGIN, _MARGIN + line * (row + 0.8), text, right=True, limit=width * 0.35)
    below = height - _MARGIN
    draw_text(painter, _MARGIN, below, captions.position(model), limit=width * 0.4)
    for row, text in enumerate(reversed(captions.window_lines(model))):
        draw_text(painter, width - _MARGIN, below - line * row, text, right=True, limit=width * 0.55)


def _warning(painter: QPainter, size: tuple[int, int], text: str) -> None:
    """Write a warning on a dark ground, above the lower corners; stays where the other texts are hidden."""
    if not text:
        return
    font = painter.font()
    font.setBold(False)
    painter.setFont(font)
    flags = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap)
    inside = QRectF(0, 0, max(size[0] - 4 * _MARGIN, 40), size[1])
    needed = painter.boundingRect(inside, flags, text)
    below = max(4.5 * painter.fontMetrics().height(), room_below(*size) + _MARGIN)
    needed.moveBottomLeft(QPointF(2 * _MARGIN, size[1] - below))
    ground = needed.adjusted(-_MARGIN, -_MARGIN, _MARGIN, _MARGIN)
    painter.setPen(QPen(QColor(WARNING), 1))
    painter.setBrush(QColor(20, 23, 28, 225))
    painter.drawRoundedRect(ground, 4, 4)
    painter.drawText(needed, flags, text)


def _letters(painter: QPainter, size: tuple[int, int], model: ViewerModel) -> None:
    width, height = size
    letters = model.current_plane.letters
    line = painter.fontMetrics().height()
    style = {"bold": True, "middle": True, "color": _LETTER}
    draw_text(painter, _MARGIN, height / 2, letters.left, **style)  # type: ignore[arg-type]
    draw_text(painter, width - _MARGIN, height / 2, letters.right, right=True, **style)  # type: ignore[arg-type]
    below_title = _MARGIN + line * (0.5 if width > 420 else 2.6)
    draw_text(painter, width / 2, below_title, letters.top, center=True, **style)  # type: ignore[arg-type]
    above_window = height - _MARGIN - line * (0.3 if width > 420 else 2.3)
    draw_text(painter, width / 2, above_window, letters.bottom, center=True, **style)  # type: ignore[arg-type]


def finding_box(model: ViewerModel, finding: Finding) -> tuple[float, float, float, float] | None:
    """Rows and columns (top, left, bottom, right) of a finding on the slice shown; None if it is elsewhere."""
    plane = model.current_plane
    low, high = finding.bounding_box
    if not low[plane.normal] <= model.slice_index < high[plane.normal]:
        return None
    last = (high[0] - 1, high[1] - 1, high[2] - 1)
    corners = [plane.to_screen(corner) for corner in (low, last)]
    rows, columns = sorted(corner[1] for corner in corners), sorted(corner[2] for corner in corners)
    return rows[0], columns[0], rows[1] + 1, columns[1] + 1


def _findings(painter: QPainter, screen: Screen, model: ViewerModel) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for place, finding in enumerate(model.findings):
        box = finding_box(model, finding)
        if box is None:
            continue
        chosen = place == model.selected_finding
        color = WARNING if chosen else "#ffffff"
        top, left, bottom, right = box
        corners = [QPointF(*screen.to_pixel(*corner)) for corner in product((top, bottom), (left, right))]
        rectangle = QPolygonF(corners).boundingRect()
        rectangle.adjust(-3, -3, 3, 3)
        for pen_color, width in ((QColor(0, 0, 0, 160), 3.0), (QColor(color), 1.6 if chosen else 1.0)):
            painter.setPen(QPen(pen_color, width))
            painter.drawRoundedRect(rectangle, 3, 3)
        draw_text(painter, rectangle.left(), rectangle.top() - 4, str(finding.number), bold=chosen, color=color)


def _marks(painter: QPainter, screen: Screen, model: ViewerModel) -> None:
    """Crosshair at the cursor, and a small plus where the mouse is in any pane."""
    plane = model.current_plane
    if model.show_crosshair and model.show_overlays:
        _, row, column = plane.to_screen(model.cursor)
        x, y = screen.to_pixel(row + 0.5, column + 0.5)
        color = QColor(ACCENT)
        color.setAlpha(200)
        painter.setPen(QPen(color, 1))
        for sign in (-1, 1):
            painter.drawLine(QLineF(x + sign * 12, y, x + sign * 4000, y))
            painter.drawLine(QLineF(x, y + sign * 12, x, y + sign * 4000))
    if model.probe is not None and model.show_overlays:
        _, row, column = plane.to_screen(model.probe)
        x, y = screen.to_pixel(row + 0.5, column + 0.5)
        for pen, (across, down) in product(
            (QPen(QColor(0, 0, 0, 160), 3), QPen(QColor(255, 255, 255, 220), 1)), ((5, 0), (0, 5))
        ):
            painter.setPen(pen)
            painter.drawLine(QLineF(x - across, y - down, x + across, y + down))


def _curtain(painter: QPainter, screen: Screen, model: ViewerModel) -> None:
    column, top = model.swipe * screen.size[1], screen.height * 0.12
    heights = 0.0, screen.height, screen.height / 2, top
    above, below, x, at_top = (screen.x_of(column, y) for y in heights)
    for color, width in ((QColor(0, 0, 0, 140), 4.0), (QColor(ACCENT), 1.5)):
        painter.setPen(QPen(color, width))
        painter.drawLine(QLineF(above, 0, below, screen.height))
    painter.setBrush(QColor(ACCENT))
    painter.drawEllipse(QPointF(x, screen.height / 2), 6, 6)
    draw_text(painter, at_top - 12, top, "Original", right=True, bold=True)
    draw_text(painter, at_top + 12, top, "Denoised", bold=True)
