"""Colours, style sheet and icons of the window: dark and calm, so that the images are what one sees."""

from functools import lru_cache
from string import Template

from PySide6.QtCore import Qt  # noqa: TID253
from PySide6.QtGui import QColor, QIcon, QPalette  # noqa: TID253
from PySide6.QtWidgets import QApplication, QFrame, QLabel, QWidget  # noqa: TID253

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

_STYLE = Template("""
QMainWindow, QDialog { background: $background; }
QMainWindow::separator { background: $background; width: 5px; height: 5px; }
QMainWindow::separator:hover { background: $accent; }
QToolBar { background: $panel; border: none; border-bottom: 1px solid $border; padding: 4px 6px; spacing: 2px; }
QToolBar::separator { background: $border; width: 1px; margin: 6px 6px; }
QToolBar QToolButton { padding: 4px 8px; border-radius: 6px; border: 1px solid transparent; }
QToolBar QToolButton:hover { background: $raised; }
QToolBar QToolButton:checked { background: #20393d; border-color: #2f6467; }
QToolBar QToolButton:focus { border-color: $accent; }
QMenuBar { background: $panel; padding: 2px; }
QMenuBar::item { padding: 4px 10px; border-radius: 4px; background: transparent; }
QMenuBar::item:selected { background: $raised; }
QMenu { background: $panel; border: 1px solid $border; padding: 4px; }
QMenu::item { padding: 5px 24px 5px 26px; border-radius: 4px; }
QMenu::item:selected { background: #20393d; }
QMenu::item:disabled { color: #6a7382; }
QMenu::separator { height: 1px; background: $border; margin: 4px 8px; }
QDockWidget { titlebar-close-icon: none; titlebar-normal-icon: none; }
QDockWidget::title { background: $panel; padding: 7px 10px; border-bottom: 1px solid $border; }
QDockWidget > QWidget { background: $panel; }
QWidget[panel="true"] { background: $panel; }
QStatusBar { background: $panel; border-top: 1px solid $border; }
QStatusBar::item { border: none; }
QToolTip { background: $raised; color: $text; border: 1px solid $border; padding: 5px; }
QListView, QTreeView, QTableView { background: $panel; border: none; outline: none; }
QTableView { gridline-color: transparent; alternate-background-color: #20252d; }
QListView::item { border-radius: 6px; }
QListView::item:selected, QTableView::item:selected { background: #20393d; color: $text; }
QHeaderView::section { background: $panel; color: $dim; border: none; border-bottom: 1px solid $border; padding: 5px 6px; }
QPushButton { background: $raised; border: 1px solid $border; border-radius: 6px; padding: 6px 14px; }
QPushButton:hover { border-color: #4a5463; background: #2d333f; }
QPushButton:focus { border-color: $accent; }
QPushButton:disabled { color: #6a7382; }
QPushButton[primary="true"] { background: #1f5f63; border-color: #2f8387; }
QPushButton[primary="true"]:hover { background: #277478; }
QPushButton[primary="true"]:disabled { background: $raised; border-color: $border; }
QPushButton[flat="true"] { background: transparent; border: none; padding: 4px; }
QPushButton[flat="true"]:hover { background: $raised; }
QLineEdit, QComboBox, QDoubleSpinBox { background: $background; border: 1px solid $border; border-radius: 6px; padding: 4px 8px; }
QLineEdit:focus, QComboBox:focus, QDoubleSpinBox:focus { border-color: $accent; }
QComboBox QAbstractItemView { background: $panel; border: 1px solid $border; }
QProgressBar { background: $background; border: none; border-radius: 3px; max-height: 6px; min-height: 6px; }
QProgressBar::chunk { background: $accent; border-radius: 3px; }
QScrollBar:vertical { background: transparent; width: 10px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 10px; margin: 0; }
QScrollBar::handle { background: #3b4350; border-radius: 4px; min-height: 28px; min-width: 28px; margin: 1px; }
QScrollBar::add-line, QScrollBar::sub-line, QScrollBar::add-page, QScrollBar::sub-page { background: none; border: none; }
QLabel[role="title"] { font-size: 22pt; font-weight: 300; }
QLabel[role="heading"] { color: $dim; font-size: 8pt; font-weight: bold; letter-spacing: 1px; }
QLabel[role="dim"] { color: $dim; }
QFrame[role="card"] { background: $panel; border: 1px solid $border; border-radius: 10px; }
QLabel[role="research"] { color: #1c1605; background: $warning; border-radius: 4px; padding: 2px 8px; font-weight: bold; }
""")


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
        _STYLE.substitute(
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


def line(parent: QWidget | None = None) -> QFrame:
    """Thin horizontal line between groups of controls."""
    made = QFrame(parent)
    made.setFixedHeight(1)
    made.setStyleSheet(f"background: {BORDER};")
    return made
