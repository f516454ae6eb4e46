"""Everything the window can be told to do: menus, toolbar and shortcuts, from one table."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from PySide6.QtCore import QSize, Qt  # noqa: TID253
from PySide6.QtGui import QAction, QActionGroup, QKeySequence  # noqa: TID253
from PySide6.QtWidgets import QComboBox, QMainWindow, QMenu, QToolBar, QToolButton  # noqa: TID253

from medae.gui import theme
from medae.gui.model_menu import ModelMenu
from medae.gui.viewer_model import Layout, ViewerModel
from medae.reslice import PlaneName

LAYOUTS: dict[Layout, tuple[str, str, str]] = {
    "side-by-side": ("Side by side", "", "Original, denoised and heatmap"),
    "difference": ("Difference", "D", "What denoising has changed"),
    "swipe": ("Swipe", "S", "Curtain between original and denoised"),
}
PLANES: dict[PlaneName, str] = {
    "acquisition": "As acquired",
    "axial": "Axial",
    "coronal": "Coronal",
    "sagittal": "Sagittal",
}
_ADAPT = "Fine-tune the model on this series, about a minute, then denoise it; what was learnt is kept only if it helps"

_CALIBRATE = "Tell how unusual a place is by normal scans from your own scanner"


@dataclass(frozen=True, slots=True)
class Commands:
    """What the window does; the viewer's own state is in the model."""

    open_files: Callable[[], None]
    open_folder: Callable[[], None]
    start_page: Callable[[], None]
    denoise: Callable[[], None]
    adapt: Callable[[], None]
    detect: Callable[[], None]
    cancel: Callable[[], None]
    export: Callable[[], None]
    pacs: Callable[[], None]
    train: Callable[[], None]
    models: Callable[[], None]
    latent: Callable[[], None]
    calibrate: Callable[[], None]
    use_model: Callable[[str], None]
    shortcuts: Callable[[], None]
    about: Callable[[], None]
    close: Callable[[], object]


@dataclass(slots=True)
class _Choices:
    layouts: dict[Layout, QAction] = field(default_factory=dict)
    planes: dict[PlaneName, QAction] = field(default_factory=dict)


class Actions:
    """All actions of a window, put into its menus and its toolbar."""

    def __init__(self, window: QMainWindow, model: ViewerModel, commands: Commands) -> None:
        self._window, self._model, self._commands = window, model, commands
        self._choices = _Choices()
        add = self._action
        self.open_files = add("Open files…", commands.open_files, "Ctrl+O", "open-file")
        self.open_folder = add("Open folder…", commands.open_folder, "Ctrl+Shift+O", "open-folder")
        self.start_page = add("Start page", commands.start_page)
        self.denoise = add("Denoise", commands.denoise, "Ctrl+D", "denoise", "Denoise this series (Ctrl+D)")
        self.adapt = add("Adapt to this scan", commands.adapt, "", "", _ADAPT)
        self.detect = add("Detect", commands.detect, "Ctrl+T", "detect", "Map anomalies of this series (Ctrl+T)")
        self.cancel = add("Cancel the running job", commands.cancel, "Ctrl+.", "cancel")
        self.export = add("Export…", commands.export, "Ctrl+E", "export", "Write results to files (Ctrl+E)")
        self.pacs = add("PACS…", commands.pacs, "Ctrl+P", "", "Search, fetch, send, listen")
        self.train = add("Train a model…", commands.train, "Ctrl+Shift+T", "", "Learn from your own scans")
        self.models = add("Models…", commands.models, "Ctrl+M", "", "Cards, import, export, comparison")
        self.latent = add("Latent space…", commands.latent, "Ctrl+L", "", "What a model has learnt, as a map")
        self.calibrate = add("Calibrate on own normal scans…", commands.calibrate, "", "", _CALIBRATE)
        self.model_menus = {
            "denoise": ModelMenu("denoise", (self.adapt,), window),
            "anomaly": ModelMenu("anomaly", (), window),
        }
        for menu in self.model_menus.values():
            menu.chosen.connect(commands.use_model)
            menu.more.connect(commands.models)
        self.shortcuts = add("Keyboard and mouse", commands.shortcuts, "F1", "help")
        self.about = add("About MedAE", commands.about)
        self.quit = add("Quit", commands.close, "Ctrl+Q")
        self.heatmap = self._checkable("Heatmap", "heatmap", "Show or hide the heatmap (H)", self._toggle_heatmap)
        self.invert = self._checkable("Invert", "invert", "Invert the grey scale (I)", self._invert)
        self.reset = add("Reset view", self._reset, "", "reset", "Fit the slice, default window (R)")
        self._layouts()
        self._planes()
        self.recent = QMenu("Open recent", window)
        self.presets = QComboBox()
        self._menus()
        self._toolbar()
        self._follow_model()

    def show_recent(self, entries: list[tuple[str, Callable[[], None]]]) -> None:
        """Fill the menu of recent paths."""
        self.recent.clear()
        for text, command in entries:
            self.recent.addAction(text, command)
        self.recent.setEnabled(bool(entries))

    def enable(self, *, has_scan: bool, has_result: bool, is_busy: bool, knows_modality: bool) -> None:
        """Grey what cannot be done now."""
        ready = has_scan and knows_modality and not is_busy
        self.denoise.setEnabled(ready)
        self.adapt.setEnabled(ready)
        self.detect.setEnabled(ready)
        why = "" if not has_scan or knows_modality else " – say first what kind of scan it is"
        self.denoise.setToolTip(f"Denoise this series (Ctrl+D){why}")
        self.detect.setToolTip(f"Map anomalies of this series (Ctrl+T){why}")
        self.cancel.setEnabled(is_busy)
        self.export.setEnabled(has_result and not is_busy)
        for action in (self.heatmap, self.invert, self.reset, *self._choices.planes.values()):
            action.setEnabled(has_scan)
        self.presets.setEnabled(has_scan)
        self._show_layout()

    def _action(
        self, text: str, command: Callable[[], object], shortcut: str = "", icon: str = "", tip: str = ""
    ) -> QAction:
        action = QAction(theme.icon(icon) if icon else theme.icon(""), text, self._window)
        action.triggered.connect(lambda: command())
        if shortcut:
            action.setShortcut(QKeySequence(shortcut))
        action.setToolTip(tip or (f"{text.rstrip('…')} ({shortcut})" if shortcut else text))
        self._window.addAction(action)
        return action

    def _checkable(self, text: str, icon: str, tip: str, command: Callable[[bool], None]) -> QAction:
        action = QAction(theme.icon(icon), text, self._window)
        action.setCheckable(True)
        action.setToolTip(tip)
        action.triggered.connect(command)
        return action

    def _layouts(self) -> None:
        group = QActionGroup(self._window)
        for name, (text, key, tip) in LAYOUTS.items():
            action = self._checkable(
                text,
                f"layout-{name}",
                f"{tip} ({key})" if key else tip,
                partial(self._set_layout, name),
            )
            group.addAction(action)
            self._choices.layouts[name] = action

    def _planes(self) -> None:
        group = QActionGroup(self._window)
        for name, text in PLANES.items():
            icon = "plane-axial" if name == "acquisition" else f"plane-{name}"
            action = self._checkable(text, icon, f"{text} slices", partial(self._set_plane, name))
            group.addAction(action)
            self._choices.planes[name] = action

    def _menus(self) -> None:
        bar = self._window.menuBar()
        file, view = bar.addMenu("&File"), bar.addMenu("&View")
        process, models, about = (bar.addMenu(text) for text in ("&Process", "&Models", "&Help"))
        file.addActions([self.open_files, self.open_folder])
        file.addMenu(self.recent)
        file.addAction(self.start_page)
        file.addSeparator()
        file.addActions([self.export, self.pacs])
        file.addSeparator()
        file.addAction(self.quit)
        for group in (self._choices.layouts, self._choices.planes):
            view.addActions(list(group.values()))
            view.addSeparator()
        view.addActions([self.heatmap, self.invert, self.reset])
        view.addSeparator()
        self.view_menu = view
        process.addActions([self.denoise, self.adapt, self.detect])
        process.addSeparator()
        process.addAction(self.cancel)
        models.addActions([self.train, self.calibrate, self.models, self.latent])
        about.addActions([self.shortcuts, self.about])

    def _toolbar(self) -> None:
        bar = QToolBar("Tools", self._window)
        bar.setObjectName("toolbar")
        bar.setMovable(False)
        bar.setIconSize(QSize(20, 20))
        bar.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        for action in (self.open_files, self.open_folder):
            bar.addAction(action)
            _icon_only(bar, action)
        bar.addSeparator()
        bar.addActions([self.denoise, self.detect, self.export])
        _with_menu(bar, self.denoise, self.model_menus["denoise"])
        _with_menu(bar, self.detect, self.model_menus["anomaly"])
        bar.addSeparator()
        bar.addActions(list(self._choices.layouts.values()))
        bar.addSeparator()
        for action in self._choices.planes.values():
            if action is not self._choices.planes["acquisition"]:
                bar.addAction(action)
                _icon_only(bar, action)
        bar.addSeparator()
        self.presets.setToolTip("Window presets (1…9, 0 automatic)")
        self.presets.setAccessibleName("Window presets")
        self.presets.setMinimumWidth(120)
        self.presets.activated.connect(self._preset_chosen)
        bar.addWidget(self.presets)
        for action in (self.invert, self.heatmap):
            bar.addAction(action)
            _icon_only(bar, action)
        self._window.addToolBar(bar)

    def _follow_model(self) -> None:
        events = self._model.events
        events.layout.connect(self._show_layout)
        events.denoised.connect(self._show_layout)
        events.plane.connect(self._show_plane)
        events.inverted.connect(lambda on: self.invert.setChecked(on))
        events.show_heatmap.connect(lambda on: self.heatmap.setChecked(on))
        events.original.connect(self._show_presets)
        self.heatmap.setChecked(self._model.show_heatmap)
        self._show_layout()
        self._show_plane()
        self._show_presets()

    def _show_layout(self) -> None:
        for name, action in self._choices.layouts.items():
            action.setChecked(name == self._model.layout)
            action.setEnabled(self._model.denoised is not None or name == "side-by-side")

    def _show_plane(self) -> None:
        self._choices.planes[self._model.plane].setChecked(True)

    def _show_presets(self) -> None:
        self.presets.clear()
        self.presets.addItem("Window: auto", 0)
        for number, window in enumerate(self._model.windows(), start=1):
            self.presets.addItem(f"{window.name}  {window.width:g} / {window.center:g}", number)

    def _preset_chosen(self, row: int) -> None:
        self._model.preset(self.presets.itemData(row))

    def _set_layout(self, layout: Layout, _checked: bool = False) -> None:
        if layout != self._model.layout:
            self._model.toggle_layout(layout)

    def _set_plane(self, plane: PlaneName, _checked: bool = False) -> None:
        self._model.plane = plane

    def _toggle_heatmap(self, on: bool) -> None:
        self._model.show_heatmap = on

    def _invert(self, on: bool) -> None:
        self._model.inverted = on

    def _reset(self) -> None:
        self._model.reset_view()
        self._model.auto_window()


def _icon_only(bar: QToolBar, action: QAction) -> None:
    button = bar.widgetForAction(action)
    if isinstance(button, QToolButton):
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)


def _with_menu(bar: QToolBar, action: QAction, menu: QMenu) -> None:
    button = bar.widgetForAction(action)
    if isinstance(button, QToolButton):
        button.setMenu(menu)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)
