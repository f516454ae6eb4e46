"""One pane of the viewer: the only module (with its tests) that knows pyqtgraph."""

import numpy as np
import pyqtgraph as pg  # noqa: TID253
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, QSize, Qt, Signal  # noqa: TID253
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPen, QResizeEvent, QTransform, QWheelEvent  # noqa: TID253
from PySide6.QtWidgets import QGraphicsView, QSizePolicy, QWidget  # noqa: TID253

from medae.gui import captions
from medae.gui.mouse import Gestures
from medae.gui.overlay import paint_overlay
from medae.gui.picture import Picture, picture
from medae.gui.screen import Screen
from medae.gui.theme import ACCENT
from medae.gui.viewer_model import Content, ViewerModel


class ImagePane(pg.GraphicsView):
    """Draws one content of the model, and turns the mouse into changes of it."""

    menu_requested = Signal(QPoint)
    """Right click without dragging, at this place on the screen."""

    def __init__(self, model: ViewerModel, content: Content, parent: QWidget | None = None) -> None:
        super().__init__(parent, background="#000000")
        self.model = model
        self.content: Content = content
        self._picture = Picture()
        self._step = 1
        self._box: QRectF | None = None
        self._gestures = Gestures(self)
        self._view = pg.ViewBox(enableMenu=False, enableMouse=False, defaultPadding=0.0, invertY=True)
        self._base = pg.ImageItem(axisOrder="row-major")
        self._overlay = pg.ImageItem(axisOrder="row-major")
        for item in (self._base, self._overlay):
            self._view.addItem(item, ignoreBounds=True)
        self.setCentralItem(self._view)
        self.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.FullViewportUpdate)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setMouseTracking(True)
        self.viewport().setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def minimumSizeHint(self) -> QSize:
        """Let panes become small before the window does."""
        return QSize(120, 120)

    # drawing

    def screen_map(self) -> Screen | None:
        """Where the slice lies in this pane; None without a scan."""
        if self.model.original is None:
            return None
        plane = self.model.current_plane
        place = plane.shape[1:], plane.spacing[1:], self.model.zoom, self.model.pan, plane.slant
        return Screen(self.width(), self.height(), *place)

    def refresh(self) -> None:
        """Draw the image anew."""
        screen = self.screen_map()
        self._step = 1 if screen is None else screen.step(self.devicePixelRatioF())
        self._picture = picture(self.model, self.content, self._step)
        _set_image(self._base, self._picture.base)
        _set_image(self._overlay, self._picture.overlay)
        self.setAccessibleName(f"{captions.title(self.model, self.content)} image")
        self.setAccessibleDescription(self._describe())
        self._place(screen)

    def refresh_view(self) -> None:
        """Follow zoom, pan and what lies over the image; the image itself only where its detail changes."""
        screen = self.screen_map()
        if screen is not None and screen.step(self.devicePixelRatioF()) != self._step:
            self.refresh()
        else:
            self._place(screen)

    def _place(self, screen: Screen | None) -> None:
        if screen is not None:
            self._view.setRange(QRectF(*screen.visible()), padding=0, disableAutoRange=True)
            right, down = (self._step * part for part in screen.row_step)
            place = QTransform(self._step * screen.spacing[1], 0, right, down, screen.first, 0)
            for item in (self._base, self._overlay):
                item.setTransform(place)
        self.viewport().update()

    def _describe(self) -> str:
        if self.model.original is None or self._picture.hint:
            return self._picture.hint
        return f"Slice {self.model.slice_index + 1} of {self.model.slice_count}"

    def drawForeground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        """Draw texts and marks in pixels of the pane."""
        painter.save()
        painter.resetTransform()
        size = (self.width(), self.height())
        paint_overlay(painter, self.screen_map(), size, self.model, self.content, self._picture.hint)
        if self._box is not None:
            painter.setPen(QPen(QColor(ACCENT), 1, Qt.PenStyle.DashLine))
            painter.setBrush(QColor(79, 195, 199, 30))
            painter.drawRect(self._box)
        painter.restore()

    def show_box(self, box: QRectF | None) -> None:
        """Draw a rubber band, or none."""
        if box != self._box:
            self._box = box
            self.viewport().update()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Keep the slice fitted."""
        super().resizeEvent(event)
        if hasattr(self, "_overlay"):  # pyqtgraph resizes while it is being built
            self.refresh_view()

    def close(self) -> bool:
        """Close as any widget does; pyqtgraph's own takes the viewport away first, and then crashes."""
        return QGraphicsView.close(self)

    # mouse and keys

    def ask_menu(self, place: QPoint) -> None:
        """Ask for the context menu."""
        self.menu_requested.emit(place)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a drag; the viewer gets the keyboard."""
        parent = self.parentWidget()
        if parent is not None:
            parent.setFocus(Qt.FocusReason.MouseFocusReason)
        self._gestures.press(event)
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag or probe."""
        self._gestures.move(event)
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End a drag."""
        self._gestures.release(event)
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Let this pane fill the viewer, or give the others back."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.model.toggle_maximized(self.content)
        event.accept()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Change slice or zoom."""
        self._gestures.wheel(event)
        event.accept()

    def leaveEvent(self, event: QEvent) -> None:
        """Stop probing."""
        self._gestures.leave()
        super().leaveEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leave keys to the viewer."""
        event.ignore()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """Leave keys to the viewer."""
        event.ignore()


def _set_image(item: pg.ImageItem, image: NDArray[np.uint8] | None) -> None:
    """Show 8-bit pixels as they are."""
    if image is None:
        item.clear()
    else:
        item.setImage(np.ascontiguousarray(image), autoLevels=False, levels=None)
