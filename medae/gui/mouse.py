"""Mouse gestures on a pane, turned into changes of the model."""

from dataclasses import dataclass
from math import exp
from typing import Literal, Protocol, TypeAlias

from PySide6.QtCore import QPoint, QPointF, QRectF, Qt  # noqa: TID253
from PySide6.QtGui import QMouseEvent, QWheelEvent  # noqa: TID253
from PySide6.QtWidgets import QApplication  # noqa: TID253

from medae.gui.screen import Screen
from medae.gui.viewer_model import Content, ViewerModel

Action: TypeAlias = Literal["window", "pan", "zoom", "crosshair", "box", "curtain", ""]

_BUTTON = Qt.MouseButton
_MODIFIER = Qt.KeyboardModifier
RADIOLOGY: dict[tuple[Qt.MouseButton, Qt.KeyboardModifier], Action] = {
    (_BUTTON.LeftButton, _MODIFIER.NoModifier): "window",
    (_BUTTON.MiddleButton, _MODIFIER.NoModifier): "pan",
    (_BUTTON.RightButton, _MODIFIER.NoModifier): "zoom",
    (_BUTTON.LeftButton, _MODIFIER.ControlModifier): "box",
    (_BUTTON.LeftButton, _MODIFIER.ShiftModifier): "crosshair",
}
"""What dragging with a button and a modifier key does."""

_CURTAIN_REACH = 12.0
_WHEEL_STEP = 120
_ZOOM_PER_PIXEL = 0.008
_ZOOM_PER_WHEEL_STEP = 1.2


class Pane(Protocol):
    """What the gestures need of a pane."""

    model: ViewerModel
    content: Content

    def screen_map(self) -> Screen | None:
        """Where the slice lies; None without a scan."""

    def show_box(self, box: QRectF | None) -> None:
        """Draw a rubber band, or none."""

    def ask_menu(self, place: QPoint) -> None:
        """Open the context menu there (screen coordinates)."""


@dataclass(slots=True)
class _Drag:
    action: Action
    button: Qt.MouseButton
    start: QPointF
    last: QPointF
    moved: bool = False


class Gestures:
    """State of the mouse on one pane."""

    def __init__(self, pane: Pane) -> None:
        self._pane = pane
        self._drag: _Drag | None = None
        self._wheel = 0

    def press(self, event: QMouseEvent) -> None:
        """Begin a drag."""
        screen = self._pane.screen_map()
        if self._drag is not None or screen is None:
            return
        wanted = event.modifiers() & (_MODIFIER.ControlModifier | _MODIFIER.ShiftModifier)
        action = RADIOLOGY.get((event.button(), wanted), "")
        if action == "window" and self._near_curtain(screen, event.position()):
            action = "curtain"
        self._drag = _Drag(action, event.button(), event.position(), event.position())

    def move(self, event: QMouseEvent) -> None:
        """Go on with the drag, or follow the mouse."""
        screen = self._pane.screen_map()
        if screen is None:
            return
        model, at, drag = self._pane.model, event.position(), self._drag
        if drag is None or drag.action == "crosshair":
            model.probe = self.voxel_at(screen, at)
            if event.modifiers() & _MODIFIER.ShiftModifier and model.probe is not None:
                model.show_crosshair = True
                model.go_to(model.probe)
            return
        if not drag.moved and (at - drag.start).manhattanLength() < QApplication.startDragDistance() / 3:
            return
        drag.moved = True
        step, drag.last = at - drag.last, at
        self._apply(drag, screen, step)

    def release(self, event: QMouseEvent) -> None:
        """End the drag; a right click that did not move asks for the menu."""
        drag = self._drag
        if drag is None or event.button() != drag.button:
            return
        self._drag = None
        self._pane.show_box(None)
        screen = self._pane.screen_map()
        if drag.action == "box" and drag.moved and screen is not None:
            row0, column0 = screen.to_voxel(drag.start.x(), drag.start.y())
            row1, column1 = screen.to_voxel(drag.last.x(), drag.last.y())
            rows, columns = sorted((row0, row1)), sorted((column0, column1))
            self._pane.model.auto_window_of(
                (max(int(rows[0]), 0), max(int(rows[1]) + 1, 0)), (max(int(columns[0]), 0), max(int(columns[1]) + 1, 0))
            )
        if drag.button == _BUTTON.RightButton and not drag.moved:
            self._pane.ask_menu(event.globalPosition().toPoint())

    def leave(self) -> None:
        """Forget the pixel under the mouse."""
        self._pane.model.probe = None

    def wheel(self, event: QWheelEvent) -> None:
        """Change the slice, or with Ctrl the zoom about the mouse."""
        self._wheel += event.angleDelta().y()
        steps = int(self._wheel / _WHEEL_STEP)
        self._wheel -= steps * _WHEEL_STEP
        screen = self._pane.screen_map()
        if not steps or screen is None:
            return
        if event.modifiers() & _MODIFIER.ControlModifier:
            about = screen.to_millimetres(event.position().x(), event.position().y())
            self._pane.model.zoom_by(_ZOOM_PER_WHEEL_STEP**steps, about)
            return
        self._pane.model.step_slices(-steps)
        if self._pane.model.probe is not None:
            self._pane.model.probe = self.voxel_at(self._pane.screen_map() or screen, event.position())

    def voxel_at(self, screen: Screen, at: QPointF) -> tuple[int, int, int] | None:
        """Array index (k, j, i) under a pixel of the pane; None outside the slice."""
        row, column = screen.to_voxel(at.x(), at.y())
        if not (0 <= row < screen.size[0] and 0 <= column < screen.size[1]):
            return None
        model = self._pane.model
        return model.current_plane.to_index(model.slice_index, int(row), int(column))

    def _apply(self, drag: _Drag, screen: Screen, step: QPointF) -> None:
        model = self._pane.model
        if drag.action == "window":
            model.drag_window(step.x(), -step.y())
        elif drag.action == "pan":
            model.pan = (model.pan[0] - step.x() / screen.scale, model.pan[1] - step.y() / screen.scale)
        elif drag.action == "zoom":
            about = screen.to_millimetres(drag.start.x(), drag.start.y())
            model.zoom_by(exp(-step.y() * _ZOOM_PER_PIXEL), about)
        elif drag.action == "curtain":
            _, column = screen.to_voxel(drag.last.x(), drag.last.y())
            model.swipe = min(max(column / screen.size[1], 0.0), 1.0)
        elif drag.action == "box":
            self._pane.show_box(QRectF(drag.start, drag.last).normalized())

    def _near_curtain(self, screen: Screen, at: QPointF) -> bool:
        if self._pane.content != "swipe":
            return False
        x = screen.x_of(self._pane.model.swipe * screen.size[1], at.y())
        return abs(at.x() - x) <= _CURTAIN_REACH
