"""What is known about the selected models: card, figures, pictures; several side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Qt, QUrl  # noqa: TID253
from PySide6.QtGui import QImage, QPixmap, QTextDocument  # noqa: TID253
from PySide6.QtWidgets import (  # noqa: TID253
    QAbstractItemView,
    QHeaderView,
    QLabel,
    QScrollArea,
    QSizePolicy,
    QTableWidget,
    QTabWidget,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from medae.bundle import BundleInfo, Damaged, compare
from medae.bundle.info import printable
from medae.bundle.library import metrics, origin, size_text
from medae.gui import theme

_PICTURE_WIDTH = 880
_DOES = {
    "denoise": "denoises",
    "anomaly": "maps anomalies",
    "reconstruct": "reconstructs images, for features and compression",
}


@dataclass(frozen=True, slots=True)
class Details:
    """What `ModelCardView` shows; read from files in a thread by `read_details`."""

    models: tuple[BundleInfo, ...]
    card: str
    facts: tuple[tuple[str, tuple[str, ...]], ...]
    pictures: tuple[tuple[str, QImage], ...]


def read_details(models: Sequence[BundleInfo]) -> Details:
    """Read card and pictures of one model, and the figures of all. Reads files: call it in a thread."""
    first = models[0]
    try:
        card = printable(first.card.read_text("utf-8"))
    except (OSError, UnicodeDecodeError):
        card = f"# {first.title}\n\n{first.description}\n\nThis model has no card."
    card = card.strip().removeprefix(f"# {first.title}\n")  # it stands above the card already
    facts = list(compare(models))
    if len(models) == 1:
        recipe = {
            key: first.recipe[key]
            for key in ("options", "pixel_spacing", "patch_size", "batch_size", "learning_rate", "seed")
            if first.recipe.get(key) is not None
        }
        facts += [(f"Recipe: {title}", (value,)) for title, value in metrics(recipe)]
        facts += [("Weights' SHA-256", (first.sha256,)), ("Folder", (str(first.folder),))]
    pictures = [(path.name, QImage(str(path))) for path in first.previews] if len(models) == 1 else []
    return Details(tuple(models), card, tuple(facts), tuple((n, image) for n, image in pictures if not image.isNull()))


class ModelCardView(QWidget):
    """A heading, and tabs below it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        theme.paint_panel(self)
        self.title = theme.label("", "title")
        self.line = theme.label("", "dim")
        self.card = _Card()
        self.figures = _figures()
        self.pictures = QWidget()
        self._column = QVBoxLayout(self.pictures)
        self._column.setContentsMargins(16, 12, 16, 12)
        self._column.setSpacing(theme.SPACING)
        scroll = QScrollArea()
        scroll.setWidget(self.pictures)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        theme.paint_panel(self.pictures)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.tabBar().setDrawBase(False)
        self.tabs.addTab(self.card, "Model card")
        self.tabs.addTab(self.figures, "Figures")
        self.tabs.addTab(scroll, "Pictures")
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 14, 12, 8)
        column.setSpacing(4)
        column.addWidget(self.title)
        column.addWidget(self.line)
        column.addSpacing(6)
        column.addWidget(self.tabs, 1)
        self._rest = QWidget()
        self._rest.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        column.addWidget(self._rest, 1)
        self._show_tabs(False)

    def show_details(self, details: Details) -> None:
        """Show one model, or several beside each other."""
        models = details.models
        if len(models) == 1:
            info = models[0]
            self.title.setText(info.title)
            self.line.setText(_line(info))
        else:
            self.title.setText(f"{len(models)} models compared")
            self.line.setText(" · ".join(info.name for info in models))
        self.card.show_card(details.card, models[0].folder / "docs")
        self._show_figures(details)
        self._show_pictures(details)
        self.tabs.setTabVisible(0, len(models) == 1)
        self.tabs.setTabVisible(2, bool(details.pictures))
        self._show_tabs(True)
        if len(models) > 1:
            self.tabs.setCurrentIndex(1)

    def show_damaged(self, one: Damaged) -> None:
        """Say why a folder cannot be used."""
        self.title.setText(f"{one.name} cannot be used")
        self.line.setText(f"{one.reason[:1].upper()}{one.reason[1:]}.\n\n{one.folder}")
        self._show_tabs(False)

    def show_hint(self, title: str, hint: str) -> None:
        """Say what to do where nothing is selected."""
        self.title.setText(title)
        self.line.setText(hint)
        self._show_tabs(False)

    def _show_tabs(self, shown: bool) -> None:
        self.tabs.setVisible(shown)
        self._rest.setVisible(not shown)

    def _show_figures(self, details: Details) -> None:
        table = self.figures
        names = [info.name for info in details.models]
        table.clear()
        table.setRowCount(len(details.facts))
        table.setColumnCount(1 + len(names))
        table.setHorizontalHeaderLabels(["", *names])
        table.horizontalHeader().setVisible(len(names) > 1)
        for row, (title, values) in enumerate(details.facts):
            table.setItem(row, 0, theme.cell(title, colour=theme.DIM_TEXT))
            for column, value in enumerate(values):
                table.setItem(row, column + 1, theme.cell(value))
        header = table.horizontalHeader()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        for column in range(1, table.columnCount()):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)

    def _show_pictures(self, details: Details) -> None:
        while (item := self._column.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        for name, image in details.pictures:
            picture = QLabel()
            pixels = QPixmap.fromImage(image)
            if pixels.width() > _PICTURE_WIDTH:
                pixels = pixels.scaledToWidth(_PICTURE_WIDTH, Qt.TransformationMode.SmoothTransformation)
            picture.setPixmap(pixels)
            picture.setAccessibleName(name)
            self._column.addWidget(theme.label(Path(name).stem.replace("-", " ").replace("_", " "), "dim"))
            self._column.addWidget(picture)
        self._column.addStretch(1)


class _Card(QTextBrowser):
    """Markdown of strangers: no HTML, no links that open, no pictures from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.setOpenLinks(False)
        self.setAccessibleName("Model card")
        self.setFrameShape(QTextBrowser.Shape.NoFrame)
        self.document().setDocumentMargin(12)
        self._folder = Path()

    def show_card(self, text: str, folder: Path) -> None:
        """Render Markdown; pictures come from ``folder`` only."""
        self._folder = folder
        document = self.document()
        document.setMarkdown(
            text, QTextDocument.MarkdownFeature.MarkdownDialectGitHub | QTextDocument.MarkdownFeature.MarkdownNoHTML
        )

    def loadResource(self, kind: int, url: QUrl | str) -> object:
        """Give a picture that lies beside the card, and nothing else."""
        name = Path(QUrl(url).path()).name
        path = self._folder / name
        is_inside = name and path.suffix == ".png" and path.is_file() and not path.is_symlink()
        return QImage(str(path)) if is_inside and kind == QTextDocument.ResourceType.ImageResource.value else None


def _figures() -> QTableWidget:
    table = QTableWidget()
    table.setAccessibleName("Figures")
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
    table.setAlternatingRowColors(True)
    table.setShowGrid(False)
    table.setWordWrap(True)
    table.verticalHeader().hide()
    table.verticalHeader().setDefaultSectionSize(26)
    table.horizontalHeader().setHighlightSections(False)
    table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    table.setStyleSheet("QTableView { font-size: 9pt; }")
    return table


def _line(info: BundleInfo) -> str:
    where = {"MedAE": "came with MedAE", "you": "trained by you"}.get(origin(info), origin(info))
    parts = (
        f"{info.name} {info.version}",
        _DOES[info.task],
        f"family {info.family}",
        ", ".join(info.modalities),
        f"{info.parameters:,} parameters" if info.parameters else "",
        size_text(info.size),
        info.created,
        where,
    )
    return " · ".join(part for part in parts if part)
