"""Colours, style sheet and icons of the window: dark and calm, so that the images are what one sees."""

from functools import lru_cache
from string import Template

from PySide6.QtCore import Qt  # noqa: TID253
from PySide6.QtGui import QColor, QIcon, QPalette  # noqa: TID253
from PySide6.QtWidgets import (  # noqa: TID253
    QApplication,
    QFrame,
    QLabel,
    QScrollArea,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from medae.bundle import resources_folder

BACKGROUND = "#14171c"
PANEL = "#1b1f26"
RAISED = "#262b35"
BORDER = "#323945"
TEXT = "#e4e8ef"
DIM_TEXT = "#a3adbd"
ACCENT = "#4fc3c7"
WARNING = "#e8b04b"
ERROR = "#f2777a"
SUCCESS = "#7fd08a"

SPACING = 8
"""Pixels between neighbours; margins are one or two of it."""


def apply(application: QApplication) -> None:
    """Give ``application`` the Fusion style in dark colours."""
    application.setStyle("Fusion")
    application.styleHints().setColorScheme(Qt.ColorScheme.Dark)
    palette = QPalette()
    roles = QPalette.ColorRole
    for role, colour in {
        roles.Window: PANEL,
        roles.Base: BACKGROUND,
        roles.AlternateBase: RAISED,
        roles.Button: RAISED,
        roles.ToolTipBase: RAISED,
        roles.WindowText: TEXT,
        roles.Text: TEXT,
        roles.ButtonText: TEXT,
        roles.ToolTipText: TEXT,
        roles.PlaceholderText: DIM_TEXT,
        roles.Highlight: "#2f8387",
        roles.HighlightedText: "#ffffff",
        roles.Link: ACCENT,
        roles.Accent: ACCENT,
    }.items():
        palette.setColor(role, QColor(colour))
    for role in (roles.WindowText, roles.Text, roles.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor("#6a7382"))
    application.setPalette(palette)
    application.setStyleSheet(
        Template((resources_folder() / "window.qss").read_text("utf-8")).substitute(
            icons=(resources_folder() / "icons").as_posix(),
            background=BACKGROUND,
            panel=PANEL,
            raised=RAISED,
            border=BORDER,
            text=TEXT,
            dim=DIM_TEXT,
            accent=ACCENT,
            warning=WARNING,
        )
    )


@lru_cache(maxsize=64)
def icon(name: str) -> QIcon:
    """Icon ``resources/icons/<name>.svg``; empty where the file is absent."""
    path = resources_folder() / "icons" / f"{name}.svg"
    return QIcon(str(path)) if path.is_file() else QIcon()


def label(text: str = "", role: str = "", parent: QWidget | None = None) -> QLabel:
    """Text in one of the style sheet's roles: title, heading, dim, research; it wraps."""
    made = QLabel(text, parent)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setWordWrap(role != "research")
    if role:
        made.setProperty("role", role)
    return made


def cell(text: str, tip: str = "", colour: str = "") -> QTableWidgetItem:
    """Entry of a table, with a tip where the column may be too narrow."""
    made = QTableWidgetItem(text)
    made.setToolTip(tip or text)
    if colour:
        made.setForeground(QColor(colour))
    return made


def line(parent: QWidget | None = None) -> QFrame:
    """Thin horizontal line between groups of controls."""
    made = QFrame(parent)
    made.setFixedHeight(1)
    made.setStyleSheet(f"background: {BORDER};")
    return made


def scrolled(layout: QVBoxLayout) -> QScrollArea:
    """Give a layout a scroll bar for small screens."""
    inner = QWidget()
    inner.setLayout(layout)
    layout.setContentsMargins(0, 0, SPACING, 0)
    area = QScrollArea()
    area.setWidget(inner)
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.viewport().setAutoFillBackground(False)
    inner.setAutoFillBackground(False)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    return area


def paint_panel(widget: QWidget) -> None:
    """Give ``widget`` the background of a panel."""
    widget.setProperty("panel", True)
    widget.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
