"""The map: one point per slice or patch, coloured by what one wants to see."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, Signal  # noqa: TID253
from PySide6.QtGui import QColor, QImage, QPixmap  # noqa: TID253
from PySide6.QtWidgets import (  # noqa: TID253
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from medae.gui import theme
from medae.gui.chart_key import LOWEST, ChartKey
from medae.gui.latent_points import COLOURINGS, Colouring, LatentPoints
from medae.gui.line_chart import COLOURS
from medae.gui.scatter_chart import SYMBOLS, ScatterChart
from medae.jobs.questions import Cluster
from medae.windowing import HEATMAP_COLORMAP, color_table

HINT = (
    "Choose a model and a series or a folder of scans, then Encode.\n\n"
    "Every slice becomes one point; slices that look alike to the model lie close together. "
    "Point at one to see it, click to look at it closely, Shift+click a second one to blend the two."
)
_MAPS = {"Principal directions (PCA)": "pca", "Neighbourhoods (UMAP)": "umap"}
_VALUES_COLORMAP = "bids:viridis"
_NONE = "#5b6472"


class LatentMap(QWidget):
    """Scatter, its key, and the choices around it."""

    chosen = Signal(int, bool)
    activated = Signal(int)
    umap_wanted = Signal()
    clusters_wanted = Signal(object)
    """A `medae.jobs.questions.Cluster`."""
    export_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.points: LatentPoints | None = None
        self.shown_cluster: Cluster | None = None
        """The clustering whose labels the points have."""
        self.chart, self.key, self.hover = ScatterChart(HINT), ChartKey(), _Hover(self)
        self.map, self.colouring = QComboBox(), QComboBox()
        self.map.addItems(list(_MAPS))
        self.map.setAccessibleName("Map")
        for key, title in COLOURINGS.items():
            self.colouring.addItem(title, key)
        self.colouring.setAccessibleName("Colour by")
        self.method, self.count = QComboBox(), QSpinBox()
        self.method.addItem("k-means", "k-means")
        self.method.addItem("HDBSCAN", "hdbscan")
        self.method.setAccessibleName("Clustering method")
        self.method.setToolTip("k-means makes as many groups as you say; HDBSCAN finds dense groups by itself")
        self.count.setRange(2, 100)
        self.count.setValue(4)
        self.count.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
        self.count.setAccessibleName("Number of clusters")
        self.group_button = QPushButton("Find clusters")
        self.export_button = QPushButton(theme.icon("export"), "Export features…")
        self.found = theme.label("", "dim")
        self._lay_out()
        self._connect()
        self.set_points(None)

    @property
    def cluster(self) -> Cluster:
        """The clustering that is chosen."""
        return Cluster(method=self.method.currentData(), count=self.count.value())

    def set_points(self, points: LatentPoints | None) -> None:
        """Show other points, or the hint."""
        self.points, self.shown_cluster = points, None
        self.hover.hide()
        self.found.setText("")
        for widget in (self.map, self.colouring, self.method, self.count, self.group_button, self.export_button):
            widget.setEnabled(points is not None)
        self.map.blockSignals(True)
        self.map.setCurrentIndex(0)
        self.map.blockSignals(False)
        self._draw()

    def show_umap(self, coordinates: NDArray[np.float64]) -> None:
        """Take the UMAP that was asked for."""
        if self.points is not None:
            self.points.umap = coordinates
            self.map.setCurrentText(next(name for name, kind in _MAPS.items() if kind == "umap"))
            self._draw()

    def show_pca(self) -> None:
        """Go back to PCA, where UMAP could not be had."""
        self.map.setCurrentIndex(0)

    def show_clusters(self, asked: Cluster, labels: NDArray[np.intp], count: int, silhouette: float | None) -> None:
        """Colour by the clusters that were asked for."""
        if self.points is None:
            return
        self.points.labels, self.shown_cluster = labels, asked
        text = f"{count} clusters" if count != 1 else "1 cluster"
        if silhouette is not None:
            text += f", silhouette {silhouette:.2f}"
        alone = int((labels < 0).sum())
        self.found.setText(text + (f", {alone} points in none" if alone else ""))
        self.colouring.setCurrentIndex(self.colouring.findData("cluster"))
        self._paint()

    def mark(self, first: int | None, second: int | None) -> None:
        """Ring the chosen points."""
        self.chart.mark(first, second)

    def _lay_out(self) -> None:
        top, middle, bottom = QHBoxLayout(), QHBoxLayout(), QHBoxLayout()
        for row in (top, bottom):
            row.setSpacing(theme.SPACING)
        top.addWidget(self.map, 1)
        top.addWidget(_side("Colour by"))
        top.addWidget(self.colouring, 1)
        middle.setSpacing(0)
        middle.addWidget(self.chart, 1)
        middle.addWidget(self.key)
        bottom.addWidget(self.method)
        bottom.addWidget(self.count)
        bottom.addWidget(self.group_button)
        bottom.addWidget(self.found, 1)
        bottom.addWidget(self.export_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 4, 6, 12)
        column.setSpacing(theme.SPACING)
        column.addLayout(top)
        column.addLayout(middle, 1)
        column.addLayout(bottom)

    def _connect(self) -> None:
        self.map.currentIndexChanged.connect(self._map_changed)
        self.colouring.currentIndexChanged.connect(self._colouring_changed)
        self.method.currentIndexChanged.connect(lambda: self.count.setVisible(self.method.currentIndex() == 0))
        self.group_button.clicked.connect(lambda: self.clusters_wanted.emit(self.cluster))
        self.export_button.clicked.connect(self.export_wanted)
        self.chart.hovered.connect(self._hovered)
        self.chart.chosen.connect(self.chosen)
        self.chart.activated.connect(self.activated)

    def _map_changed(self) -> None:
        wants_umap = _MAPS[self.map.currentText()] == "umap"
        if wants_umap and self.points is not None and self.points.umap is None:
            self.umap_wanted.emit()
        else:
            self._draw()

    def _colouring_changed(self) -> None:
        if self.colouring.currentData() == "cluster" and self.points is not None and self.points.labels is None:
            self.clusters_wanted.emit(self.cluster)
        else:
            self._paint()

    def _draw(self) -> None:
        if self.points is None:
            self.chart.show_points(np.empty((0, 2)), "", "")
        else:
            self.chart.show_points(*self.points.coordinates(_MAPS[self.map.currentText()]))
        self._paint()

    def _paint(self) -> None:
        points = self.points
        if points is None:
            self.key.clear()
            return
        kind: Colouring = self.colouring.currentData()
        groups, values = points.groups(kind), points.values(kind)
        if groups is not None:
            self._paint_groups(COLOURINGS[kind], *groups)
        elif values is not None:
            self._paint_values(*values, HEATMAP_COLORMAP if kind in ("score", "error") else _VALUES_COLORMAP)

    def _paint_groups(self, title: str, group: NDArray[np.intp], names: list[str]) -> None:
        looks = [(COLOURS[n % len(COLOURS)], SYMBOLS[n // len(COLOURS) % len(SYMBOLS)]) for n in range(len(names))]
        rgb = np.array([_rgb(colour) for colour, _ in looks] + [_rgb(_NONE)], np.uint8)
        self.chart.paint(rgb[group], [looks[n][1] if n >= 0 else "o" for n in group])
        key = [(name, *look) for name, look in zip(names, looks, strict=True)]
        if (group < 0).any():
            key.append(("none", _NONE, "o"))
        self.key.show_groups(title, key)

    def _paint_values(self, values: NDArray[np.float64], title: str, colormap: str) -> None:
        low, high = (float(v) for v in np.percentile(values, (0 if title.startswith("Slice") else 1, 99)))
        high = high if high > low else low + 1.0
        index = LOWEST + np.clip((values - low) / (high - low), 0, 1) * (255 - LOWEST)
        self.chart.paint(color_table(colormap)[index.astype(np.intp), :3])
        self.key.show_values(title, low, high, colormap)

    def _hovered(self, point: int) -> None:
        if point < 0 or self.points is None:
            self.hover.hide()
            return
        place = self.chart.mapTo(self, self.chart.place_of(point).toPoint())
        self.hover.show_point(self.points, point, place)


class _Hover(QFrame):
    """Thumbnail and facts beside the mouse."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self.picture, self.text = QLabel(), theme.label()
        self.text.setWordWrap(False)
        row = QHBoxLayout(self)
        row.setContentsMargins(6, 6, 10, 6)
        row.setSpacing(10)
        row.addWidget(self.picture)
        row.addWidget(self.text)
        self.hide()

    def show_point(self, points: LatentPoints, point: int, place: QPoint) -> None:
        """Show a point near a place in the parent, inside of it."""
        pixels = np.ascontiguousarray(points.thumbnails[point])
        rows, columns = pixels.shape
        image = QImage(pixels.data, columns, rows, columns, QImage.Format.Format_Grayscale8)
        self.picture.setPixmap(QPixmap.fromImage(image.scaled(2 * columns, 2 * rows)))
        self.text.setText(f"{points.describe(point)}\n{points.facts(point).replace(' · ', chr(10))}")
        self.adjustSize()
        parent = self.parentWidget()
        assert parent is not None
        left = place.x() + 16 if place.x() + 20 + self.width() < parent.width() else place.x() - 16 - self.width()
        top = min(max(place.y() - self.height() // 2, 4), parent.height() - self.height() - 4)
        self.move(max(left, 4), top)
        self.show()
        self.raise_()


def _rgb(colour: str) -> tuple[int, int, int]:
    made = QColor(colour)
    return made.red(), made.green(), made.blue()


def _side(text: str) -> QLabel:
    made = theme.label(text, "dim")
    made.setWordWrap(False)
    return made
