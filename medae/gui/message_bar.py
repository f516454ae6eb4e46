"""A bar above the images that says what went wrong, or what to know, without stopping the work."""

from PySide6.QtCore import Qt  # noqa: TID253
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QWidget  # noqa: TID253

from medae.gui import theme

_COLORS = {"error": theme.ERROR, "warning": theme.WARNING, "info": theme.ACCENT, "done": theme.SUCCESS}


class MessageBar(QFrame):
    """One sentence with an icon and a close button; the newest replaces the one before."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("message_bar")
        self._icon = QLabel()
        self._text = theme.label()
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        close = QPushButton(theme.icon("cancel"), "")
        close.setProperty("flat", True)
        close.setToolTip("Close this message")
        close.setAccessibleName("Close this message")
        close.clicked.connect(self.hide)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 6, 8, 6)
        row.setSpacing(10)
        row.addWidget(self._icon)
        row.addWidget(self._text, 1)
        row.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)
        self.hide()

    @property
    def text(self) -> str:
        """The sentence shown, empty while the bar is hidden."""
        return "" if self.isHidden() else self._text.text()

    def say(self, level: str, sentence: str, details: str = "") -> None:
        """Show a sentence; level is ``"error"``, ``"warning"``, ``"info"`` or ``"done"``."""
        self._icon.setPixmap(theme.icon(level).pixmap(18, 18))
        self._text.setText(sentence)
        self._text.setToolTip(details)
        self.setStyleSheet(
            f"#message_bar {{ background: {theme.RAISED}; border: none; border-left: 3px solid {_COLORS[level]}; }}"
        )
        self.show()
