"""The mouse scheme as data; the gestures themselves are in test_viewer.py."""

from PySide6.QtCore import Qt

from medae.gui.mouse import RADIOLOGY


def test_radiology_scheme() -> None:
    plain = {button: action for (button, keys), action in RADIOLOGY.items() if keys == Qt.KeyboardModifier.NoModifier}
    buttons = Qt.MouseButton
    assert plain == {buttons.LeftButton: "window", buttons.MiddleButton: "pan", buttons.RightButton: "zoom"}
