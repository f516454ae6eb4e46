"""The latent explorer: what a model sees in series, and what it makes of codes."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal  # noqa: TID253
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QShowEvent  # noqa: TID253
from PySide6.QtWidgets import QFileDialog, QLabel, QSplitter, QStackedWidget, QTabWidget, QVBoxLayout, QWidget  # noqa: TID253

from medae.gui import theme
from medae.gui.latent_blend import LatentBlend
from medae.gui.latent_compression import LatentCompression
from medae.gui.latent_directions import LatentDirections
from medae.gui.latent_map import LatentMap
from medae.gui.latent_points import LatentPoints
from medae.gui.latent_questions import LatentQuestions
from medae.gui.latent_samples import LatentSamples
from medae.gui.latent_setup import LatentSetup
from medae.gui.latent_slice import LatentSlice
from medae.gui.message_bar import MessageBar
from medae.gui.training_jobs import MakeWorker
from medae.jobs.job import LatentJob
from medae.jobs.questions import Compress, Encode, ExportFeatures, Look, Umap

_FIRST_HINT = "Encode scans first: choose a model and a series or a folder above."


class LatentWindow(QWidget):
    """Map on the left; the chosen slice and what can be made of codes on the right.

    Parameters
    ----------
    make_worker
        Makes a `medae.jobs.worker.Worker`; it gets what to call with each message.
    """

    slice_wanted = Signal(object, int, int)
    """First file of a series, which volume in it, index of a slice: the user wants to see it in the viewer."""

    def __init__(self, make_worker: MakeWorker, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.setWindowTitle("Latent explorer – MedAE")
        self.setMinimumSize(1000, 680)
        self.setAcceptDrops(True)
        theme.paint_panel(self)
        self.questions = LatentQuestions(make_worker, self)
        self.setup, self.message_bar, self.map = LatentSetup(), MessageBar(), LatentMap()
        self.slice, self.directions, self.samples = LatentSlice(), LatentDirections(), LatentSamples()
        self.blend, self.compression = LatentBlend(), LatentCompression()
        self.points: LatentPoints | None = None
        self.first: int | None = None
        self.second: int | None = None
        self.tabs = QTabWidget()
        self._pages: dict[QWidget, _Page] = {}
        self._lay_out()
        self._connect()
        self._clear()
        self.resize(1280, 800)

    def explore(self, paths: Sequence[Path], model: str = "", modality: str | None = None) -> None:
        """Choose scans and, where named, a model; encodes at once if both are there."""
        self.setup.refresh_models()
        self.setup.set_paths(paths)
        self.setup.set_modality(modality)
        if model:
            self.setup.set_model(model)
            self.encode()

    def encode(self) -> None:
        """Encode the chosen scans by the chosen model."""
        if not self.setup.paths or not self.setup.model_name or self.questions.is_busy:
            return
        self.message_bar.hide()
        self._clear()
        self.questions.change_space(
            LatentJob(paths=self.setup.paths, model=self.setup.model_name, modality=self.setup.chosen_modality)
        )
        self.questions.ask(Encode(), self._show_map)

    def choose(self, point: int, second: bool = False) -> None:
        """Look at a point; ``second`` makes it the other end of a blend."""
        if self.points is None:
            return
        if second and self.first is not None and point != self.first:
            self.second = point
        else:
            self.first, self.second = point, None
        self.map.mark(self.first, self.second)
        self.slice.show_point(self.points, point)
        self.questions.ask_live("look", Look(point=point), lambda answer: self.slice.show_images(answer["images"]))
        if self.points.why_not_decoded:
            return
        if self.second is None:
            self.directions.set_point(point)
        elif self.first is not None:
            self.blend.set_ends(self.points, self.first, self.second)
            self.tabs.setCurrentWidget(self._pages[self.blend])

    def show_in_viewer(self, point: int | None = None) -> None:
        """Ask for a slice in the main window; the chosen one where none is named."""
        point = self.first if point is None else point
        if self.points is None or point is None:
            return
        source = self.points.sources[self.points.series[point]]
        self.slice_wanted.emit(source.path, source.part, int(self.points.slices[point]))

    def shut_down(self) -> None:
        """End the worker when MedAE closes."""
        self.questions.close()

    # putting together

    def _lay_out(self) -> None:
        for title, page in (
            ("Directions", self.directions),
            ("Samples", self.samples),
            ("Between two slices", self.blend),
            ("Compression", self.compression),
        ):
            self._pages[page] = _Page(page)
            self.tabs.addTab(self._pages[page], title)
        self.tabs.setDocumentMode(True)
        self.tabs.tabBar().setDrawBase(False)
        right = QSplitter(Qt.Orientation.Vertical)
        lower = QWidget()
        inside = QVBoxLayout(lower)
        inside.setContentsMargins(6, 0, 12, 10)
        inside.addWidget(self.tabs)
        right.addWidget(self.slice)
        right.addWidget(lower)
        right.setSizes([300, 400])
        split = QSplitter(Qt.Orientation.Horizontal)
        split.addWidget(self.map)
        split.addWidget(right)
        split.setSizes([690, 590])
        for each in (right, split):
            each.setChildrenCollapsible(False)
            each.setHandleWidth(6)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.setup)
        column.addWidget(self.message_bar)
        column.addWidget(split, 1)

    def _connect(self) -> None:
        questions = self.questions
        self.setup.encode.connect(self.encode)
        self.setup.cancel.connect(questions.cancel)
        questions.busy.connect(self.setup.show_busy)
        questions.progress.connect(self.setup.show_progress)
        questions.failed.connect(lambda sentence, details: self.message_bar.say("error", sentence, details))
        self.map.chosen.connect(self.choose)
        self.map.activated.connect(self.show_in_viewer)
        self.map.umap_wanted.connect(self._ask_umap)
        self.map.clusters_wanted.connect(self._ask_clusters)
        self.map.export_wanted.connect(self._choose_table)
        self.slice.show_wanted.connect(self.show_in_viewer)
        self.directions.moved.connect(self._live("move", lambda images: self.directions.image.show_pixels(images[0])))
        self.samples.wanted.connect(self._live("sample", self.samples.show_images))
        self.blend.strip_wanted.connect(self._live("strip", self.blend.show_strip))
        self.blend.image_wanted.connect(self._live("blend", self.blend.show_image))
        self.compression.wanted.connect(lambda: questions.ask(Compress(), self.compression.show_answer))

    def _live(self, slot: str, show: Callable[[Any], None]) -> Callable[[Any], None]:
        def ask(question: Any) -> None:
            if self.points is not None:
                self.questions.ask_live(slot, question, lambda answer: show(answer["images"]))

        return ask

    # answers

    def _clear(self) -> None:
        self.points, self.first, self.second = None, None, None
        self.map.set_points(None)
        for panel in (self.slice, self.samples, self.blend, self.compression):
            panel.clear()
        self.directions.image.show_pixels(None)
        for page in self._pages.values():
            page.say(_FIRST_HINT)

    def _show_map(self, answer: Any) -> None:
        self.points = points = LatentPoints.of(answer)
        self.map.set_points(points)
        for page in self._pages.values():
            page.say(points.why_not_decoded)
        if not points.why_not_decoded:
            self.directions.set_points(points)
            self.samples.set_prior(points.why_not_sampled)
        if points.notes:
            more = f" (and {len(points.notes) - 1} more notes)" if len(points.notes) > 1 else ""
            self.message_bar.say("info", points.notes[0] + more, "\n".join(points.notes))

    def _ask_umap(self) -> None:
        if self.points is not None and not self.points.has_umap:
            self.message_bar.say("info", "UMAP is not installed. Install it with: pip install 'medae[latent]'")
            self.map.show_pca()
        elif self.questions.is_busy:
            self.map.show_pca()
        else:
            self.questions.ask(Umap(), lambda answer: self.map.show_umap(answer["points"]), self._after_umap)

    def _after_umap(self) -> None:
        if self.points is not None and self.points.umap is None:
            self.map.show_pca()

    def _ask_clusters(self, cluster: Any) -> None:
        self.questions.ask(cluster, lambda found: self.map.show_clusters(cluster, **found))

    def _choose_table(self) -> None:
        name, _ = QFileDialog.getSaveFileName(
            self, "Export features", "features.csv", "Table (*.csv);;Parquet (*.parquet)"
        )
        if name:
            self.export_features(Path(name))

    def export_features(self, path: Path) -> None:
        """Write the features as a table; the file dialog has asked about replacing already."""
        if path.suffix.lower() not in (".csv", ".parquet"):
            path = path.with_name(path.name + ".csv")
        question = ExportFeatures(out=path, cluster=self.map.shown_cluster, overwrite=True)
        self.questions.ask(
            question,
            lambda found: self.message_bar.say("done", f"{found['rows']} rows written to {path}"),
        )

    # events

    def showEvent(self, event: QShowEvent) -> None:
        """List models that were trained meanwhile."""
        super().showEvent(event)
        self.setup.refresh_models()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Only hide; what is being computed goes on."""
        event.accept()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Accept files and folders."""
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Choose what was dropped."""
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            event.acceptProposedAction()
            self.setup.set_paths(paths)


class _Page(QStackedWidget):
    """A panel, or the reason why it has nothing to offer."""

    def __init__(self, panel: QWidget) -> None:
        super().__init__()
        self.reason = QLabel()
        self.reason.setProperty("role", "dim")
        self.reason.setWordWrap(True)
        self.reason.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.reason.setContentsMargins(40, 20, 40, 20)
        self.addWidget(panel)
        self.addWidget(self.reason)

    def say(self, reason: str) -> None:
        """Show the reason; without one, the panel."""
        self.reason.setText(reason)
        self.setCurrentIndex(1 if reason else 0)
