"""The viewer by mouse and keyboard."""

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from medae.gui.image_pane import ImagePane
from medae.gui.viewer import Viewer
from medae.gui.viewer_model import ViewerModel
from tests.gui.viewer_scans import full_model

LEFT, MIDDLE, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton, Qt.MouseButton.RightButton
NONE, CTRL, SHIFT = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
)


@pytest.fixture
def viewer(qtbot: QtBot) -> Viewer:
    made = Viewer(full_model())
    qtbot.addWidget(made)
    made.resize(900, 400)
    made.show()
    QApplication.processEvents()
    return made


def send(pane: ImagePane, kind: QEvent.Type, at: tuple[float, float], button: object, modifiers: object) -> None:
    place = QPointF(*at)
    held = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseButtonRelease else button
    pressed = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseMove else button
    everywhere = QPointF(pane.viewport().mapToGlobal(place.toPoint()))
    event = QMouseEvent(kind, place, everywhere, pressed, held, modifiers)  # type: ignore[call-overload]
    QApplication.sendEvent(pane.viewport(), event)


def drag(
    pane: ImagePane, start: tuple[int, int], end: tuple[int, int], button: object = LEFT, modifiers: object = NONE
) -> None:
    send(pane, QEvent.Type.MouseButtonPress, start, button, modifiers)
    for part in (0.5, 1.0):
        at = tuple(a + part * (b - a) for a, b in zip(start, end, strict=True))
        send(pane, QEvent.Type.MouseMove, at, button, modifiers)  # type: ignore[arg-type]
    send(pane, QEvent.Type.MouseButtonRelease, end, button, modifiers)
    QApplication.processEvents()


def wheel(pane: ImagePane, delta: int, modifiers: object = NONE) -> None:
    at = QPointF(30, 40)
    event = QWheelEvent(
        at, at, QPoint(), QPoint(0, delta), Qt.MouseButton.NoButton, modifiers, Qt.ScrollPhase.NoScrollPhase, False
    )  # type: ignore[call-overload]
    QApplication.sendEvent(pane.viewport(), event)
    QApplication.processEvents()


def pixel(pane: ImagePane, row: float, column: float) -> QColor:
    screen = pane.screen_map()
    assert screen is not None
    x, y = screen.to_pixel(row, column)
    return pane.grab().toImage().pixelColor(int(x), int(y))


def test_left_drag_changes_the_window_of_all_panes(viewer: Viewer) -> None:
    before = pixel(viewer.panes["denoised"], 30.5, 40.5).value()
    drag(viewer.panes["original"], (100, 200), (140, 120))
    assert viewer.model.window_width > 100
    assert viewer.model.window_center < 50
    assert pixel(viewer.panes["denoised"], 30.5, 40.5).value() > before


def test_wheel_changes_the_slice_of_all_panes(viewer: Viewer) -> None:
    before = [pane.grab().toImage() for pane in (viewer.panes["original"], viewer.panes["heatmap"])]
    wheel(viewer.panes["denoised"], -120)
    assert viewer.model.slice_index == 3
    after = [pane.grab().toImage() for pane in (viewer.panes["original"], viewer.panes["heatmap"])]
    assert all(a != b for a, b in zip(before, after, strict=True))
    wheel(viewer.panes["denoised"], 60)
    assert viewer.model.slice_index == 3
    wheel(viewer.panes["denoised"], 60)
    assert viewer.model.slice_index == 2


def test_zoom_and_pan_are_linked(viewer: Viewer) -> None:
    wheel(viewer.panes["original"], 120, CTRL)
    assert viewer.model.zoom == pytest.approx(1.2)
    drag(viewer.panes["heatmap"], (100, 100), (100, 60), RIGHT)
    assert viewer.model.zoom > 1.3
    pan = viewer.model.pan
    drag(viewer.panes["heatmap"], (100, 100), (120, 110), MIDDLE)
    assert viewer.model.pan[0] < pan[0]
    screens = [viewer.panes[content].screen_map() for content in viewer.model.contents()]
    scales = [screen.scale for screen in screens if screen]
    assert scales == pytest.approx([scales[0]] * 3, rel=0.01)  # panes may differ by a pixel in width


def test_right_click_asks_for_the_menu_and_a_drag_does_not(viewer: Viewer, qtbot: QtBot) -> None:
    with qtbot.waitSignal(viewer.context_menu_requested, timeout=1000):
        drag(viewer.panes["original"], (50, 50), (50, 50), RIGHT)
    with qtbot.assertNotEmitted(viewer.context_menu_requested):
        drag(viewer.panes["original"], (50, 50), (50, 90), RIGHT)


def test_control_drag_fits_the_window_to_the_box(viewer: Viewer) -> None:
    array = np.full((5, 40, 60), -1000, np.int16)
    array[:, 15:25, 20:40] = np.arange(200, 400).reshape(10, 20)
    original = viewer.model.original
    assert original is not None
    viewer.model.set_original(original.with_array(array))
    screen = viewer.panes["original"].screen_map()
    assert screen is not None
    start, end = (tuple(int(v) for v in screen.to_pixel(*at)) for at in ((16.5, 21.5), (23.5, 38.5)))
    drag(viewer.panes["original"], start, end, LEFT, CTRL)  # type: ignore[arg-type]
    assert 220 < viewer.model.window_center < 380
    assert viewer.model.window_width < 220


def test_moving_probes_and_shift_moves_the_crosshair(viewer: Viewer) -> None:
    pane = viewer.panes["heatmap"]
    screen = pane.screen_map()
    assert screen is not None
    at = screen.to_pixel(12.5, 15.5)
    send(pane, QEvent.Type.MouseMove, at, Qt.MouseButton.NoButton, NONE)
    assert viewer.model.probe == (2, 12, 15)
    assert not viewer.model.show_crosshair
    send(pane, QEvent.Type.MouseMove, at, Qt.MouseButton.NoButton, SHIFT)
    assert viewer.model.cursor == (2, 12, 15)
    assert viewer.model.show_crosshair
    QApplication.sendEvent(pane, QEvent(QEvent.Type.Leave))
    assert viewer.model.probe is None


def test_double_click_maximises_and_restores(viewer: Viewer, qtbot: QtBot) -> None:
    pane = viewer.panes["denoised"]
    for expected in ([pane], [viewer.panes[name] for name in ("original", "denoised", "heatmap")]):
        qtbot.mouseDClick(pane.viewport(), LEFT)
        QApplication.processEvents()
        assert [p for p in viewer.panes.values() if p.isVisible()] == expected


def test_h_hides_the_heatmap(viewer: Viewer, qtbot: QtBot) -> None:
    assert pixel(viewer.panes["heatmap"], 15.5, 15.5).saturation() > 50
    qtbot.keyClick(viewer, Qt.Key.Key_H)
    QApplication.processEvents()
    assert pixel(viewer.panes["heatmap"], 15.5, 15.5).saturation() == 0


@pytest.mark.parametrize(
    ("key", "field", "expected"),
    [
        (Qt.Key.Key_Up, "slice_index", 1),
        (Qt.Key.Key_PageDown, "slice_index", 4),
        (Qt.Key.Key_Home, "slice_index", 0),
        (Qt.Key.Key_End, "slice_index", 4),
        (Qt.Key.Key_2, "window_width", 110),
        (Qt.Key.Key_I, "inverted", True),
        (Qt.Key.Key_Escape, "show_overlays", False),
        (Qt.Key.Key_D, "layout", "difference"),
        (Qt.Key.Key_S, "layout", "swipe"),
        (Qt.Key.Key_BracketRight, "heatmap_opacity", 0.7),
        (Qt.Key.Key_Period, "heatmap_threshold", 3.25),
        (Qt.Key.Key_N, "selected_finding", 0),
    ],
)
def test_keys(viewer: Viewer, qtbot: QtBot, key: Qt.Key, field: str, expected: object) -> None:
    qtbot.keyClick(viewer, key)
    assert getattr(viewer.model, field) == expected


def test_holding_b_flickers_to_the_denoised(viewer: Viewer, qtbot: QtBot) -> None:
    qtbot.keyPress(viewer, Qt.Key.Key_B)
    assert viewer.model.flicker == "denoised"
    qtbot.keyRelease(viewer, Qt.Key.Key_B)
    assert viewer.model.flicker == ""


def test_r_resets_the_view(viewer: Viewer, qtbot: QtBot) -> None:
    viewer.model.zoom_by(4)
    viewer.model.drag_window(50, 50)
    qtbot.keyClick(viewer, Qt.Key.Key_R)
    assert (viewer.model.zoom, viewer.model.window_center) == (1.0, 50)


def test_curtain_is_dragged(viewer: Viewer) -> None:
    viewer.model.toggle_layout("swipe")
    QApplication.processEvents()
    pane = viewer.panes["swipe"]
    middle = pane.width() // 2
    drag(pane, (middle, 200), (middle - 100, 200))
    assert viewer.model.swipe < 0.45
    assert viewer.model.window_width == 100


@pytest.mark.parametrize("plane", ["axial", "coronal", "sagittal"])
@pytest.mark.parametrize("layout", ["side-by-side", "difference", "swipe"])
def test_every_plane_and_layout_can_be_drawn(viewer: Viewer, plane: str, layout: str) -> None:
    viewer.model.plane = plane  # type: ignore[assignment]
    viewer.model.layout = layout  # type: ignore[assignment]
    viewer.model.probe = (2, 12, 12)
    viewer.model.show_crosshair = True
    QApplication.processEvents()
    assert len({viewer.grab().toImage().pixel(x, 200) for x in range(0, 900, 7)}) > 3


def test_panes_have_accessible_names(viewer: Viewer) -> None:
    assert viewer.panes["heatmap"].accessibleName() == "Heatmap image"
    assert viewer.panes["heatmap"].accessibleDescription() == "Slice 3 of 5"


def test_accessible_names_say_what_is_shown_now(qtbot: QtBot) -> None:
    """Also where a pane was first shown in another state."""
    model = full_model()
    model.strength = 0.5
    viewer = Viewer(model)
    qtbot.addWidget(viewer)
    assert viewer.panes["denoised"].accessibleName() == "Denoised · 50 % image"
    model.strength = 1.0
    viewer.refresh()
    assert viewer.panes["denoised"].accessibleName() == "Denoised image"


def test_panes_lie_in_the_same_order_whichever_was_shown_first(qtbot: QtBot) -> None:
    model = full_model()
    model.maximized = "denoised"
    viewer = Viewer(model)
    qtbot.addWidget(viewer)
    viewer.resize(900, 400)
    viewer.show()
    model.maximized = ""
    viewer.refresh()
    left = [viewer.panes[content].x() for content in ("original", "denoised", "heatmap")]
    assert left == sorted(set(left))


def test_a_viewer_that_is_gone_no_longer_listens(qtbot: QtBot) -> None:
    model = ViewerModel()
    viewer = Viewer(model)
    before = len(QApplication.topLevelWidgets())
    viewer.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert not isValid(viewer)
    assert len(QApplication.topLevelWidgets()) < before
    model.strength = 0.3
    model.refresh_slice(0)
    QApplication.processEvents()
