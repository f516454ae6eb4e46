"""The PACS window: search and fetch, send queue and listener, nodes and rules."""

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal  # noqa: TID253
from PySide6.QtGui import QKeySequence, QShortcut  # noqa: TID253
from PySide6.QtWidgets import QFileDialog, QInputDialog, QMessageBox, QTabWidget, QVBoxLayout, QWidget  # noqa: TID253

from medae.gui import theme
from medae.gui.message_bar import MessageBar
from medae.gui.pacs_queue import PacsQueue
from medae.gui.pacs_search import PacsSearch
from medae.gui.pacs_setup import PacsSetup
from medae.gui.pacs_work import PacsWork
from medae.gui.tasks import Task, Threads
from medae.nodes import DicomNode, DicomwebNode, Listener
from medae.pacs import client, places
from medae.pacs.query import Match, Query
from medae.pacs.send_queue import Batch
from medae.pacs.spool import Arrival


class PacsWindow(QWidget):
    """Three tabs; everything that takes time is done in threads.

    Parameters
    ----------
    work
        The send queue, the listener and the settings, which go on when this window is closed.
    """

    open_paths = Signal(object)
    """Folders of series that were fetched, to be shown in the main window."""

    def __init__(self, work: PacsWork, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.setWindowTitle("PACS – MedAE")
        self.setMinimumSize(900, 560)
        theme.paint_panel(self)
        self.work = work
        self._threads = Threads(1, self)
        self._task: Task | None = None
        self.search, self.queue, self.setup = PacsSearch(), PacsQueue(), PacsSetup()
        self.message_bar, self.tabs = MessageBar(), QTabWidget()
        for widget, title in ((self.search, "Search"), (self.queue, "Queue"), (self.setup, "Nodes and rules")):
            self.tabs.addTab(widget, title)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.message_bar)
        column.addWidget(self.tabs, 1)
        self._connect()
        self._show_settings()
        self.queue.show_state(*work.seen)
        self.resize(1280, 800)

    def shut_down(self) -> None:
        """End the threads when MedAE closes."""
        self._threads.close()

    def _connect(self) -> None:
        work, search, queue, setup = self.work, self.search, self.queue, self.setup
        work.settings_changed.connect(self._show_settings)
        work.state_changed.connect(queue.show_state)
        work.listener_changed.connect(queue.show_listener)
        work.problem.connect(self._say_problem)
        search.search.connect(self._search)
        search.expand.connect(self._expand)
        search.fetch.connect(self._fetch)
        search.cancel.connect(self._cancel)
        search.problem.connect(lambda sentence: self._say_problem(sentence, ""))
        queue.retry.connect(work.retry)
        queue.remove.connect(self._ask_remove)
        queue.listen.connect(work.listen)
        queue.open_series.connect(lambda folder: self.open_paths.emit([folder]))
        queue.send_files.connect(self._send_files)
        queue.send_folder.connect(self._send_folder)
        setup.change.connect(work.change)
        setup.password_given.connect(self._keep_password)
        setup.echo.connect(self._echo)
        QShortcut(QKeySequence.StandardKey.Close, self, self.close)

    def _show_settings(self) -> None:
        settings = self.work.settings
        self.search.show_nodes([node.name for node in settings.nodes])
        self.setup.show_settings(settings)
        if not settings.nodes:
            self.tabs.setCurrentWidget(self.setup)

    def _say_problem(self, sentence: str, details: str) -> None:
        self.message_bar.say("error", sentence, details)

    # search

    def _search(self, name: str, query: Query) -> None:
        self._ask(
            f"Asking {name}…",
            lambda task: client.find_studies(self._node(name), query, self._listener(), task.report),
            self.search.show_studies,
        )

    def _expand(self, name: str, study: str) -> None:
        self._ask(
            f"Asking {name}…",
            lambda task: client.find_series(self._node(name), study, self._listener(), task.report),
            lambda found: self.search.show_series(study, found),
        )

    def _fetch(self, name: str, one: Match) -> None:
        folder = places.retrieved_folder(one.series_instance_uid)

        def work(task: Task) -> Sequence[Path]:
            study, series = one.study_instance_uid, one.series_instance_uid
            return client.retrieve(self._node(name), study, series, folder, self._listener(), task.report)

        def done(paths: Sequence[Path]) -> None:
            self.message_bar.say("done", f"{len(paths)} images came from {name}; they are opened in the main window.")
            self.open_paths.emit([folder])

        self._ask(f"Fetching from {name}…", work, done)

    def _echo(self, name: str) -> None:
        def done(seconds: float) -> None:
            self.message_bar.say("done", f"{name} answered in {1000 * seconds:.0f} ms.")

        self._ask(f"Trying {name}…", lambda task: client.echo(self._node(name), self._listener(), task.report), done)

    def _ask(self, title: str, work: Callable[[Task], object], done: Callable[..., None]) -> None:
        """Do one thing with a node in a thread; another one that was still going on is given up."""
        if self._task is not None:
            self._task.cancel()
        self.message_bar.hide()
        self.search.show_progress(0.0, title)

        def finished(answer: object) -> None:
            self._task = None
            self.search.show_progress(None)
            done(answer)

        def failed(sentence: str, details: str) -> None:
            self._task = None
            self.search.show_progress(None)
            self._say_problem(sentence, details)

        self._task = self._threads.start(work, done=finished, failed=failed, progressed=self.search.show_progress)

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()
            self._task = None
        self.search.show_progress(None, "")

    def _node(self, name: str) -> DicomNode | DicomwebNode:
        return self.work.settings.node(name)

    def _listener(self) -> Listener:
        return self.work.settings.listener

    # sending and passwords

    def _send_files(self) -> None:
        paths, _ = QFileDialog.getOpenFileNames(self, "Send files", str(Path.home()), "DICOM (*.dcm);;All files (*)")
        self.send([Path(path) for path in paths])

    def _send_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Send folder", str(Path.home()))
        self.send([Path(folder)] if folder else [])

    def send(self, paths: Sequence[Path]) -> None:
        """Ask for a node and queue files for it."""
        names = [node.name for node in self.work.settings.nodes]
        if not paths:
            return
        if not names:
            self._say_problem("Add a node first, in the tab “Nodes and rules”.", "")
            return
        name, is_chosen = QInputDialog.getItem(self, "Send", "To which node?", names, 0, False)
        if is_chosen:
            self.work.send(name, paths, "Sent from the window")

    def _ask_remove(self, one: Batch | Arrival) -> None:
        """Remove at once what was sent; ask before something is lost."""
        if isinstance(one, Arrival):
            question = f"Delete the {one.calling} series that was pushed to MedAE? It may be nowhere else."
        else:
            question = f"{one.waiting} files of this batch wait to be sent. Remove it all the same?"
        if isinstance(one, Arrival) or one.waiting:
            buttons = QMessageBox.StandardButton.Discard | QMessageBox.StandardButton.Cancel
            answer = QMessageBox.question(self, "Remove", question, buttons, QMessageBox.StandardButton.Cancel)
            if answer != QMessageBox.StandardButton.Discard:
                return
        self.work.remove(one)

    def _keep_password(self, node: DicomwebNode, password: str) -> None:
        def work(_task: Task) -> None:
            from medae.pacs.passwords import set_password

            set_password(node, password)

        self._threads.start(
            work,
            done=lambda _: self.message_bar.say("done", "The password is in the system's keyring."),
            failed=self._say_problem,
        )
