"""Sliders on the principal latent directions, and the image that the model makes there."""

from functools import partial

from PySide6.QtCore import Qt, Signal  # noqa: TID253
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget  # noqa: TID253
from superqt import QLabeledDoubleSlider

from medae.gui import theme
from medae.gui.grey_image import GreyImage
from medae.gui.latent_points import LatentPoints
from medae.jobs.questions import Move

SLIDERS = 6
REACH = 3.0
"""Standard deviations to either side."""


class LatentDirections(QWidget):
    """Moves a code and shows what it decodes to."""

    moved = Signal(object)
    """A `medae.jobs.questions.Move`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.image = GreyImage("Decoded")
        self.start, self.reset_button = QComboBox(), QPushButton("Reset")
        self.start.addItems(["From the mean of all slices", "From the chosen slice"])
        self.start.setAccessibleName("Start from")
        self.sliders = [QLabeledDoubleSlider(Qt.Orientation.Horizontal) for _ in range(SLIDERS)]
        self.names = [QLabel() for _ in range(SLIDERS)]
        self._point: int | None = None
        side, bottom = QVBoxLayout(), QHBoxLayout()
        side.setSpacing(3)
        side.addWidget(self.start)
        side.addSpacing(theme.SPACING)
        for n, (slider, name) in enumerate(zip(self.sliders, self.names, strict=True)):
            slider.setRange(-REACH, REACH)
            slider.setDecimals(1)
            slider.setSingleStep(0.1)  # type: ignore[arg-type]
            slider.setAccessibleName(f"Direction {n + 1}")
            slider.setToolTip("Standard deviations of the slices along this direction")
            slider.valueChanged.connect(self._moved)
            name.setProperty("role", "dim")
            side.addWidget(name)
            side.addWidget(slider)
        side.addStretch(1)
        bottom.addStretch(1)
        bottom.addWidget(self.reset_button)
        side.addLayout(bottom)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 8, 0, 0)
        row.setSpacing(12)
        row.addWidget(self.image, 1)
        row.addLayout(side, 1)
        self.start.currentIndexChanged.connect(self._moved)
        self.reset_button.clicked.connect(partial(self.reset))

    @property
    def move_(self) -> Move:
        """Where the sliders are."""
        start = self._point if self.start.currentIndex() == 1 else None
        deviations = [slider.value() for slider in self.sliders if not slider.isHidden()]
        return Move(start=start, deviations=tuple(float(value) for value in deviations))

    def set_points(self, points: LatentPoints) -> None:
        """Begin with other points: as many sliders as there are directions, all in the middle."""
        self._point = None
        for n, (slider, name) in enumerate(zip(self.sliders, self.names, strict=True)):
            there = n < len(points.explained)
            slider.setVisible(there)
            name.setVisible(there)
            if there:
                name.setText(f"Direction {n + 1} · {100 * points.explained[n]:.1f} % of the variance")
        self.start.blockSignals(True)
        self.start.setCurrentIndex(0)
        self.start.model().item(1).setEnabled(False)  # type: ignore[attr-defined]
        self.start.blockSignals(False)
        self.reset()

    def set_point(self, point: int) -> None:
        """Start from a chosen slice; the sliders go back to the middle."""
        self._point = point
        self.start.blockSignals(True)
        self.start.model().item(1).setEnabled(True)  # type: ignore[attr-defined]
        self.start.setCurrentIndex(1)
        self.start.blockSignals(False)
        self.reset()

    def reset(self, *_: object) -> None:
        """Put all sliders into the middle."""
        for slider in self.sliders:
            slider.blockSignals(True)
            slider.setValue(0.0)
            slider.blockSignals(False)
        self._moved()

    def _moved(self) -> None:
        self.moved.emit(self.move_)
