"""The library of models: look at them, bring in, give away, verify, compare, remove."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal  # noqa: TID253
from PySide6.QtGui import QKeySequence, QShortcut, QShowEvent  # noqa: TID253
from PySide6.QtWidgets import (  # noqa: TID253
    QFileDialog,
    QHBoxLayout,
    QMessageBox,
    QProgressBar,
    QPushButton,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from medae import bundle
from medae.bundle import BundleInfo, Damaged
from medae.gui import theme
from medae.gui.child_process import call_apart
from medae.gui.import_dialog import ImportDialog, ImportRequest, in_window_words
from medae.gui.message_bar import MessageBar
from medae.gui.model_card_view import Details, ModelCardView, read_details
from medae.gui.model_list import Entry, ModelList
from medae.gui.tasks import Task, Threads

_LIST_WIDTH = 320


class ModelManager(QWidget):
    """A list on the left, what is known about the selected models on the right."""

    use = Signal(str)
    """The user wants the model of this name to be used."""
    calibrate = Signal(str)
    """The user wants to calibrate the model of this name on normal scans."""
    changed = Signal()
    """A model has come or gone."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.setWindowTitle("Models – MedAE")
        self.setMinimumSize(900, 600)
        theme.paint_panel(self)
        self._files, self._reading = Threads(1, self), Threads(1, self)
        self._asked: tuple[str, ...] = ()
        self.list, self.view, self.message_bar = ModelList(), ModelCardView(), MessageBar()
        self.import_dialog = ImportDialog(self)
        self.bar, self.doing = QProgressBar(), theme.label("", "dim")
        self.use_button = _button("Use this model", "check")
        self.use_button.setProperty("primary", True)
        self.import_button = _button("Import…", "open-file")
        self.export_button = _button("Export…", "export")
        self.verify_button = _button("Verify", "done")
        self.remove_button = _button("Remove…", "cancel")
        self.calibrate_button = _button("Calibrate…", "")
        self.calibrate_button.setToolTip("Calibrate an anomaly model on your own normal scans")
        self._lay_out()
        self._connect()
        self._set_busy("")
        self.resize(1280, 800)

    @property
    def is_busy(self) -> bool:
        """Whether something is being imported, exported, verified or removed."""
        return not self.bar.isHidden()

    def refresh(self, *select: str) -> None:
        """Read the list anew; ``select`` names the models to select, else the selection stays."""
        names = select or tuple(one.name for one in self.list.entries())
        self._reading.start(
            lambda _: (*bundle.bundles(), *bundle.damaged()),
            done=lambda entries: self._show_list(entries, names),
            failed=self._fail,
        )

    def select(self, *names: str) -> None:
        """Show these models; one is described, several are compared."""
        self.list.select(names)

    def shut_down(self) -> None:
        """End the threads when MedAE closes."""
        self._files.close()
        self._reading.close()

    def showEvent(self, event: QShowEvent) -> None:
        """Look for models that have come meanwhile."""
        super().showEvent(event)
        self.refresh()

    # what the buttons do

    def start_import(self, request: ImportRequest) -> None:
        """Bring in a bundle, in a process of its own."""
        self._work(
            f"Importing {request.path.name} …",
            lambda _: call_apart(
                bundle.import_bundle,
                request.path,
                name=request.name,
                task=request.task,
                modality=request.modality,
                overwrite=request.overwrite,
            ),
            self._imported,
        )

    def start_export(self, info: BundleInfo, out: Path, overwrite: bool = False) -> None:
        """Write a model as a bundle."""
        self._work(
            f"Exporting {info.name} …",
            lambda task: bundle.export_bundle(info, out, overwrite=overwrite, report=task.report),
            lambda path: self.message_bar.say("done", f"{info.name} was written to {path}."),
        )

    def start_verify(self, info: BundleInfo) -> None:
        """Compare weights and SHA-256."""
        self._work(
            f"Verifying {info.name} …",
            lambda _: bundle.verify(info),
            lambda _: self.message_bar.say("done", f"{info.name} is intact: its weights match their SHA-256."),
        )

    def start_remove(self, name: str) -> None:
        """Delete one of the user's own models."""
        self._work(
            f"Removing {name} …", lambda _: bundle.remove_bundle(name), lambda _: self._changed(f"{name} was deleted.")
        )

    def _ask_import(self) -> None:
        if self.import_dialog.exec() == ImportDialog.DialogCode.Accepted:
            self.start_import(self.import_dialog.request())

    def _ask_export(self) -> None:
        info = self._one()
        if info is None:
            return
        name, _ = QFileDialog.getSaveFileName(
            self, "Export the model as", str(Path.home() / f"{info.name}.zip"), "Bundles (*.zip);;Folders (*)"
        )
        if name:  # the dialog has asked whether to replace
            self.start_export(info, Path(name), overwrite=True)

    def _ask_remove(self) -> None:
        selected = self.list.entries()
        if len(selected) != 1:
            return
        answer = QMessageBox.question(
            self,
            "Remove a model",
            f"Delete model {selected[0].name} for good? Scans and results made with it stay.",
            QMessageBox.StandardButton.Discard | QMessageBox.StandardButton.Cancel,
            QMessageBox.StandardButton.Cancel,
        )
        if answer == QMessageBox.StandardButton.Discard:
            self.start_remove(selected[0].name)

    def _imported(self, done: bundle.Imported) -> None:
        self.import_dialog = ImportDialog(self)
        notes = [f"{done.info.title} is in the library as {done.info.name}.", *done.notes]
        if done.left_out:
            some = ", ".join(done.left_out[:6]) + (" and others" if len(done.left_out) > 6 else "")
            notes.append(f"Left out, because only data is taken over: {some}.")
        self._changed("\n".join(notes), "warning" if done.notes else "done", done.info.name)

    # threads

    def _work(self, title: str, work: Callable[[Task], object], done: Callable[[Any], None]) -> None:
        """Do something with files in a thread; one at a time."""
        if self.is_busy:
            return
        self.message_bar.hide()
        self._set_busy(title)

        def finished(answer: object) -> None:
            self._set_busy("")
            done(answer)

        def failed(sentence: str, details: str) -> None:
            self._set_busy("")
            self._fail(sentence, details)

        self._files.start(work, done=finished, failed=failed)

    def _fail(self, sentence: str, details: str) -> None:
        sentence = in_window_words(sentence)
        self.message_bar.say("error", f"{sentence[:1].upper()}{sentence[1:]}.", details)

    def _changed(self, sentence: str, level: str = "done", *select: str) -> None:
        self.message_bar.say(level, sentence)
        self.refresh(*select)
        self.changed.emit()

    # what is shown

    def _show_list(self, entries: tuple[Entry, ...], select: tuple[str, ...]) -> None:
        self.list.show_entries(entries, select)
        if not entries:
            self.view.show_hint("No models yet", "Import one that somebody gave you, or train one on your scans.")

    def _show_chosen(self, chosen: tuple[Entry, ...]) -> None:
        usable = [one for one in chosen if isinstance(one, BundleInfo)]
        self._asked = tuple(one.name for one in chosen)
        asked = self._asked
        self._show_buttons()
        if usable:
            self._reading.start(
                lambda _: read_details(usable),
                done=lambda details: self._show_details(asked, details),
                failed=self._fail,
            )
        elif chosen and isinstance(chosen[0], Damaged):
            self.view.show_damaged(chosen[0])
        else:
            self.view.show_hint("No model selected", "Select a model on the left; several, to compare them.")

    def _show_details(self, asked: tuple[str, ...], details: Details) -> None:
        if asked == self._asked:
            self.view.show_details(details)

    def _one(self) -> BundleInfo | None:
        selected = self.list.entries()
        return selected[0] if len(selected) == 1 and isinstance(selected[0], BundleInfo) else None

    def _show_buttons(self) -> None:
        selected, one, is_free = self.list.entries(), self._one(), not self.is_busy
        self.import_button.setEnabled(is_free)
        self.export_button.setEnabled(is_free and one is not None)
        self.verify_button.setEnabled(is_free and one is not None)
        self.remove_button.setEnabled(is_free and len(selected) == 1 and not selected[0].shipped)
        self.remove_button.setToolTip(
            "Models that came with MedAE stay" if any(entry.shipped for entry in selected) else "Delete it for good"
        )
        self.calibrate_button.setEnabled(is_free and one is not None and one.task == "anomaly")
        is_tool = one is not None and one.task != "reconstruct"
        self.use_button.setEnabled(is_tool)
        self.use_button.setToolTip(
            "Denoise or detect with it from now on, where the scan fits"
            if is_tool or one is None
            else "It reconstructs images for features and compression; open it in the latent explorer"
        )

    def _set_busy(self, title: str) -> None:
        self.doing.setText(title)
        self.bar.setRange(0, 0)
        self.bar.setVisible(bool(title))
        self._show_buttons()

    # putting together

    def _lay_out(self) -> None:
        left = QVBoxLayout()
        left.setContentsMargins(8, 10, 4, 8)
        left.addWidget(self.list, 1)
        left.addWidget(theme.label("Select several (Ctrl or Shift) to compare them.", "dim"))
        side = QWidget()
        side.setLayout(left)
        split = QSplitter()
        split.setChildrenCollapsible(False)
        split.setHandleWidth(6)
        split.addWidget(side)
        split.addWidget(self.view)
        split.setSizes([_LIST_WIDTH, 960])
        split.setStretchFactor(1, 1)
        buttons = QHBoxLayout()
        buttons.setContentsMargins(12, 8, 12, 10)
        buttons.setSpacing(theme.SPACING)
        buttons.addWidget(self.import_button)
        buttons.addWidget(self.export_button)
        buttons.addWidget(self.verify_button)
        buttons.addWidget(self.calibrate_button)
        buttons.addWidget(self.remove_button)
        buttons.addSpacing(12)
        self.bar.setFixedWidth(120)
        buttons.addWidget(self.bar)
        buttons.addWidget(self.doing, 1)
        buttons.addWidget(self.use_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.message_bar)
        column.addWidget(split, 1)
        column.addWidget(theme.line())
        column.addLayout(buttons)

    def _connect(self) -> None:
        self.list.chosen.connect(self._show_chosen)
        self.use_button.clicked.connect(self._use)
        self.import_button.clicked.connect(self._ask_import)
        self.export_button.clicked.connect(self._ask_export)
        self.verify_button.clicked.connect(self._verify)
        self.calibrate_button.clicked.connect(self._calibrate)
        self.remove_button.clicked.connect(self._ask_remove)
        QShortcut(QKeySequence.StandardKey.Refresh, self, self.refresh)
        QShortcut(QKeySequence.StandardKey.Close, self, self.close)

    def _use(self) -> None:
        if (info := self._one()) is not None:
            self.use.emit(info.name)
            self.message_bar.say("done", f"{info.title} is used for {', '.join(info.modalities)} from now on.")

    def _calibrate(self) -> None:
        if (info := self._one()) is not None:
            self.calibrate.emit(info.name)

    def _verify(self) -> None:
        if (info := self._one()) is not None:
            self.start_verify(info)


def _button(text: str, icon: str) -> QPushButton:
    made = QPushButton(theme.icon(icon), text)
    made.setObjectName(text.strip("…").lower().replace(" ", "_"))
    return made
