"""The sheet of shortcuts and the About box."""

from PySide6.QtCore import QSize, Qt  # noqa: TID253
from PySide6.QtWidgets import (  # noqa: TID253
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QVBoxLayout,
    QWidget,
)

from medae.build import this_build
from medae.gui import theme

RESEARCH_USE = "Research use only – not for diagnosis"

_MOUSE = (
    ("Left drag", "Window: right wider, up brighter"),
    ("Wheel", "Slice"),
    ("Ctrl + wheel, right drag", "Zoom"),
    ("Middle drag", "Pan"),
    ("Shift + move", "Crosshair"),
    ("Ctrl + left drag", "Automatic window of a box"),
    ("Double click", "One pane fills the viewer"),
)
_KEYS = (
    ("↑ ↓ PgUp PgDn Home End", "Slices"),
    ("1 … 9, 0", "Window presets, automatic"),
    ("A, B (hold)", "Only original, only denoised"),
    ("D, S", "Difference, swipe"),
    ("H, [ ], , .", "Heatmap: on/off, opacity, threshold"),
    ("N, P", "Next, previous finding"),
    ("I, R, Esc", "Invert, reset, hide overlays"),
)
_COMMANDS = (
    ("Ctrl+O, Ctrl+Shift+O", "Open files, open a folder"),
    ("Ctrl+D, Ctrl+T", "Denoise, detect"),
    ("Ctrl+.", "Cancel the running job"),
    ("Ctrl+E", "Export"),
    ("F1", "This sheet"),
)


class ShortcutsSheet(QDialog):
    """What mouse and keyboard do."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keyboard and mouse")
        row = QHBoxLayout(self)
        row.setContentsMargins(22, 18, 22, 18)
        row.setSpacing(32)
        left, right = QVBoxLayout(), QVBoxLayout()
        left.addLayout(_table("MOUSE", _MOUSE))
        left.addStretch(1)
        right.addLayout(_table("KEYS", _KEYS))
        right.addSpacing(14)
        right.addLayout(_table("COMMANDS", _COMMANDS))
        right.addStretch(1)
        row.addLayout(left)
        row.addLayout(right)


class AboutBox(QDialog):
    """Version, licence, and what MedAE is not for."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("About MedAE")
        self.setFixedWidth(520)
        picture = QLabel()
        picture.setPixmap(theme.icon("medae").pixmap(QSize(72, 72)))
        words = QVBoxLayout()
        words.setSpacing(theme.SPACING)
        build = this_build()
        words.addWidget(theme.label(f"MedAE {build.version}", "title"))
        words.addWidget(theme.label(str(build).removeprefix(build.version).strip(" ()"), "dim"))
        words.addWidget(theme.label("Autoencoders for medical images."))
        words.addWidget(theme.label(RESEARCH_USE, "research"), 0, Qt.AlignmentFlag.AlignLeft)
        words.addWidget(
            theme.label(
                "MedAE is no medical device. Denoised images may lack or invent detail, and heatmaps show what is "
                "unusual to a model, not disease. Always look at the original.",
            )
        )
        words.addWidget(
            theme.label(
                "Copyright the MedAE authors. Licensed under the Apache License, Version 2.0. Built on Qt (LGPL), "
                "PyTorch, MONAI, pydicom, highdicom, SimpleITK, pyqtgraph and others, each under its own licence.",
                "dim",
            )
        )
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        words.addWidget(buttons)
        row = QHBoxLayout(self)
        row.setContentsMargins(20, 20, 20, 16)
        row.setSpacing(20)
        row.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(words, 1)


def _table(title: str, rows: tuple[tuple[str, str], ...]) -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(18)
    grid.setVerticalSpacing(7)
    grid.addWidget(theme.label(title, "heading"), 0, 0, 1, 2)
    for number, (keys, meaning) in enumerate(rows, start=1):
        what = theme.label(keys)
        what.setStyleSheet(f"color: {theme.ACCENT};")
        for column, words in ((0, what), (1, theme.label(meaning))):
            words.setWordWrap(False)
            grid.addWidget(words, number, column)
    return grid
