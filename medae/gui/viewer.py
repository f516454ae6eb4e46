"""The viewer: linked panes that show one `ViewerModel`, a probe line below them, and the keys."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from psygnal import EmissionInfo
from PySide6.QtCore import QPoint, Qt, QTimer, Signal  # noqa: TID253
from PySide6.QtGui import QFocusEvent, QHideEvent, QKeyEvent  # noqa: TID253
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget  # noqa: TID253

from medae.gui.captions import probe_text
from medae.gui.theme import BORDER, DIM_TEXT, PANEL
from medae.gui.viewer_model import Content, Flicker, ViewerModel

if TYPE_CHECKING:
    from medae.gui.image_pane import ImagePane

_VIEW_FIELDS = frozenset({
    "zoom", "pan", "findings", "selected_finding", "show_findings", "show_crosshair", "show_overlays",
})  # fmt: skip
_PROBE_FIELDS = frozenset({"probe"})
_CONTENTS: tuple[Content, ...] = ("original", "denoised", "heatmap", "difference", "swipe")
_HELD: dict[int, Flicker] = {Qt.Key.Key_A: "original", Qt.Key.Key_B: "denoised"}
_CINE_MS = 80


class Viewer(QWidget):
    """Panes side by side, linked through the model.

    Parameters
    ----------
    model
        What to show; the viewer redraws itself when it changes.
    """

    context_menu_requested = Signal(QPoint)
    """Right click without dragging, at this place on the screen."""

    def __init__(self, model: ViewerModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = model
        self._dirty: set[str] = set()
        self._keys = _keys(self)
        self._timer = QTimer(self, interval=0, singleShot=True)
        self._timer.timeout.connect(self.refresh)
        self._cine = QTimer(self, interval=_CINE_MS)
        self._cine.timeout.connect(self._next_cine_slice)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Image viewer")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setStyleSheet(f"medae--gui--viewer--Viewer, Viewer {{ background: {BORDER}; }}")
        self.panes: dict[Content, ImagePane] = {}
        """Those shown so far."""
        self._build()
        model.events.connect(self._changed)
        model.slice_refreshed.connect(self._slice_refreshed)
        self.destroyed.connect(partial(_disconnect, model, self._changed, self._slice_refreshed))
        self._dirty.add("original")
        self.refresh()

    def _build(self) -> None:
        self._row = QHBoxLayout()
        self._row.setSpacing(1)
        self._probe = QLabel(self)
        self._probe.setTextFormat(Qt.TextFormat.PlainText)
        self._probe.setAccessibleName("Values under the mouse")
        self._probe.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._probe.setStyleSheet(f"background: {PANEL}; color: {DIM_TEXT}; padding: 4px 10px;")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(1)
        column.addLayout(self._row, 1)
        column.addWidget(self._probe)

    # redrawing: at most once for each turn of the event loop

    def _changed(self, event: EmissionInfo) -> None:
        self._dirty.add(event.signal.name)
        self._timer.start()

    def _slice_refreshed(self, k: int) -> None:
        model = self.model
        if model.original is not None and (model.current_plane.normal != 0 or k == model.slice_index):
            self._dirty.add("denoised")
            self._timer.start()

    def refresh(self) -> None:
        """Draw what has changed since the last time."""
        changed, self._dirty = self._dirty, set()
        if not changed or (self.model.original is None and not self.panes):
            return
        if changed & {"layout", "maximized", "original"}:
            self._arrange()
        only_view = changed <= _VIEW_FIELDS | _PROBE_FIELDS
        for content in self.model.contents():
            if only_view:
                self.panes[content].refresh_view()
            else:
                self.panes[content].refresh()
        self._probe.setText(probe_text(self.model))

    def _arrange(self) -> None:
        shown = self.model.contents()
        for content in shown:
            if content not in self.panes:
                self._add_pane(content)
        for content, pane in self.panes.items():
            pane.setVisible(content in shown)
        layout = self.layout()
        if layout is not None:
            layout.activate()

    def _add_pane(self, content: Content) -> None:
        """Make a pane in its place; not before it is shown, so that the window is there sooner."""
        from medae.gui.image_pane import ImagePane

        pane = ImagePane(self.model, content, self)
        pane.menu_requested.connect(self.context_menu_requested)
        before = _CONTENTS[: _CONTENTS.index(content)]
        self._row.insertWidget(sum(each in self.panes for each in before), pane, 1)
        self.panes[content] = pane

    # keys

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Act on the keys of the viewer; leave all others to the window."""
        plain = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier == Qt.KeyboardModifier.NoModifier
        if plain and event.key() in _HELD:
            self.model.flicker = _HELD[Qt.Key(event.key())]
        elif plain and event.key() in self._keys:
            self._keys[Qt.Key(event.key())]()
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """End the flicker."""
        if event.key() in _HELD:
            if not event.isAutoRepeat():
                self.model.flicker = ""
        else:
            super().keyReleaseEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """End the flicker: the release of the key will go elsewhere."""
        self.model.flicker = ""
        super().focusOutEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        """Stop what moves."""
        self._cine.stop()
        super().hideEvent(event)

    def toggle_cine(self) -> None:
        """Run through the slices, or stop."""
        if self._cine.isActive():
            self._cine.stop()
        elif self.model.slice_count > 1:
            self._cine.start()

    def _next_cine_slice(self) -> None:
        self.model.set_slice((self.model.slice_index + 1) % max(self.model.slice_count, 1))


def _keys(viewer: Viewer) -> dict[Qt.Key, Callable[[], None]]:
    """Tell what each key does (A and B, which are held, aside)."""
    model, key = viewer.model, Qt.Key
    flip: Callable[[str], None] = partial(_flip, model)
    keys: dict[Qt.Key, Callable[[], None]] = {
        key.Key_Up: partial(model.step_slices, -1),
        key.Key_Down: partial(model.step_slices, 1),
        key.Key_PageUp: partial(model.step_slices, -10),
        key.Key_PageDown: partial(model.step_slices, 10),
        key.Key_Home: partial(model.set_slice, 0),
        key.Key_End: lambda: model.set_slice(model.slice_count - 1),
        key.Key_I: partial(flip, "inverted"),
        key.Key_R: lambda: _reset(model),
        key.Key_C: viewer.toggle_cine,
        key.Key_X: partial(flip, "show_crosshair"),
        key.Key_Escape: partial(flip, "show_overlays"),
        key.Key_D: partial(model.toggle_layout, "difference"),
        key.Key_S: partial(model.toggle_layout, "swipe"),
        key.Key_H: partial(flip, "show_heatmap"),
        key.Key_BracketLeft: partial(model.change_opacity, -0.1),
        key.Key_BracketRight: partial(model.change_opacity, 0.1),
        key.Key_Comma: partial(model.change_threshold, -0.25),
        key.Key_Period: partial(model.change_threshold, 0.25),
        key.Key_N: partial(model.next_finding, 1),
        key.Key_P: partial(model.next_finding, -1),
    }
    for number in range(10):
        keys[Qt.Key(Qt.Key.Key_0 + number)] = partial(model.preset, number)
    return keys


def _flip(model: ViewerModel, name: str) -> None:
    setattr(model, name, not getattr(model, name))


def _reset(model: ViewerModel) -> None:
    """Fit the slice again and take the automatic window."""
    model.reset_view()
    model.auto_window()
    model.inverted = model.original is not None and model.original.inverted


def _disconnect(
    model: ViewerModel, changed: Callable[[EmissionInfo], None], refreshed: Callable[[int], None], *_: object
) -> None:
    """Stop listening to the model, which may live longer than the viewer."""
    model.events.disconnect(changed, missing_ok=True)
    model.slice_refreshed.disconnect(refreshed, missing_ok=True)
