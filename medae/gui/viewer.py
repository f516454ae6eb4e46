"""The viewer: linked panes that show one `ViewerModel`."""

from PySide6.QtCore import QPoint, Signal
from PySide6.QtWidgets import QWidget

from medae.gui.viewer_model import ViewerModel


class Viewer(QWidget):
    """Panes side by side, linked through the model."""

    context_menu_requested = Signal(QPoint)
    """Right click without dragging, at this place on the screen."""

    def __init__(self, model: ViewerModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = model
