"""The line at the bottom: what is being loaded, what computes, and what MedAE is not for."""

from PySide6.QtCore import Signal  # noqa: TID253
from PySide6.QtWidgets import QLabel, QProgressBar, QPushButton, QStatusBar, QWidget  # noqa: TID253

from medae.gui import theme
from medae.gui.about import RESEARCH_USE


class StatusLine(QStatusBar):
    """Loading progress on the left; device and the notice on the right."""

    stop = Signal()
    """The user wants loading to stop."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizeGripEnabled(False)
        self._text = QLabel("Ready")
        self._bar = QProgressBar()
        self._bar.setRange(0, 1000)
        self._bar.setTextVisible(False)
        self._bar.setFixedWidth(160)
        self._bar.setAccessibleName("Loading")
        self._bar.hide()
        self._stop = QPushButton("Stop")
        self._stop.setProperty("flat", True)
        self._stop.setToolTip("Look for no more series; those that were found stay")
        self._stop.clicked.connect(self.stop)
        self._stop.hide()
        self._device = QLabel()
        self._device.setProperty("role", "dim")
        notice = theme.label(RESEARCH_USE, "research")
        notice.setObjectName("research_use")
        self.addWidget(self._bar)
        self.addWidget(self._stop)
        self.addWidget(self._text, 1)
        self.addPermanentWidget(self._device)
        self.addPermanentWidget(notice)
        self.setContentsMargins(6, 0, 6, 0)

    def show_loading(self, fraction: float, message: str) -> None:
        """Show how far reading is; a fraction of 0 means that it is not known."""
        self._bar.setRange(0, 1000 if fraction > 0 else 0)
        self._bar.setValue(round(1000 * fraction))
        self._bar.show()
        self._stop.show()
        if message:
            self._text.setText(message)

    def show_ready(self, text: str = "Ready") -> None:
        """Take the progress away."""
        self._bar.setRange(0, 1000)
        self._bar.hide()
        self._stop.hide()
        self._text.setText(text)

    def show_device(self, device: str) -> None:
        """Say what computed last, and why."""
        self._device.setText(device)
