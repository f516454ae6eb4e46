"""Controls of the results (strength, heatmap) and the list of findings one can step through."""

from PySide6.QtCore import Qt, QTimer, Signal  # noqa: TID253
from PySide6.QtWidgets import (  # noqa: TID253
    QCheckBox,
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)
from superqt import QLabeledDoubleSlider

from medae.gui import captions, theme
from medae.gui.findings_table import FindingsTable
from medae.gui.viewer_model import THRESHOLD_MAXIMUM, ViewerModel
from medae.results import Finding

_THRESHOLD_PAUSE = 150
"""Milliseconds after the last move of the threshold until findings are looked for again."""
_LEVELS = (0.05, 0.1, 0.2)
"""Shares of normal scans that may show any finding, where there are enough normal scans to guarantee them."""


class FindingsPanel(QWidget):
    """Strength, opacity, threshold, and the table of findings."""

    threshold_settled = Signal(float)

    def __init__(self, model: ViewerModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        theme.paint_panel(self)
        self.model = model
        self.strength = _slider(0.0, 1.0, 2, "How much of the denoising is shown and exported")
        self.opacity = _slider(0.0, 1.0, 2, "Opacity of the heatmap  ( [ and ] )")
        self.threshold = _slider(0.0, THRESHOLD_MAXIMUM, 1, "|z| above which the heatmap shows  ( , and . )")
        self.level = QComboBox()
        self.level.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.level.setAccessibleName("Level of the threshold")
        self.level.setToolTip("Explore by the slider, or take the threshold that so few normal scans exceed anywhere")
        self.expected = theme.label("", "dim")
        self.show_heatmap = QCheckBox("Show heatmap")
        self.signed = QCheckBox("Signed")
        self.signed.setToolTip("Blue where the scan is darker than expected, red where it is brighter")
        self.outside = theme.label("", "dim")
        self.outside.setStyleSheet(f"color: {theme.WARNING};")
        self.scan = theme.label("")
        self.table = FindingsTable()
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_THRESHOLD_PAUSE)
        self._hint = theme.label("", "dim")
        self._next, self._previous = QPushButton("Next"), QPushButton("Previous")
        self._lay_out()
        self._connect()
        self._map_changed()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(5)
        form = QFormLayout()
        form.setVerticalSpacing(4)
        for title, slider in (
            ("Denoising strength", self.strength),
            ("Heatmap opacity", self.opacity),
            ("Threshold of |z|", self.threshold),
        ):
            label = theme.label(title, "dim")
            label.setMinimumHeight(slider.sizeHint().height())
            label.setWordWrap(False)
            form.addRow(label, slider)
        column.addLayout(form)
        level = QHBoxLayout()
        level.addWidget(self.expected, 1)
        level.addWidget(self.level)
        column.addLayout(level)
        switches = QHBoxLayout()
        switches.addWidget(self.show_heatmap)
        switches.addSpacing(theme.SPACING)
        switches.addWidget(self.signed)
        switches.addStretch(1)
        column.addLayout(switches)
        column.addSpacing(4)
        column.addWidget(theme.line())
        column.addLayout(self._heading())
        column.addWidget(self.outside)
        column.addWidget(self.scan)
        column.addWidget(self._hint)
        column.addWidget(self.table, 1)
        column.addStretch(0)

    def _heading(self) -> QHBoxLayout:
        head = QHBoxLayout()
        head.addWidget(theme.label("FINDINGS", "heading"), 1)
        for button, icon, tip in (
            (self._previous, "previous", "Previous finding (P)"),
            (self._next, "next", "Next finding (N)"),
        ):
            button.setText("")
            button.setIcon(theme.icon(icon))
            button.setProperty("flat", True)
            button.setToolTip(tip)
            button.setAccessibleName(tip)
            head.addWidget(button)
        return head

    def _connect(self) -> None:
        model, events = self.model, self.model.events
        self.strength.valueChanged.connect(lambda value: setattr(model, "strength", value))
        self.opacity.valueChanged.connect(lambda value: setattr(model, "heatmap_opacity", value))
        self.threshold.valueChanged.connect(lambda value: setattr(model, "heatmap_threshold", value))
        self.level.activated.connect(self._take_level)
        self.show_heatmap.toggled.connect(lambda on: setattr(model, "show_heatmap", on))
        self.signed.toggled.connect(lambda on: setattr(model, "heatmap_signed", on))
        self._next.clicked.connect(lambda: model.next_finding(1))
        self._previous.clicked.connect(lambda: model.next_finding(-1))
        self.table.jumped.connect(model.go_to_finding)
        self.table.ordered.connect(self._reorder)
        self._pause.timeout.connect(lambda: self.threshold_settled.emit(model.heatmap_threshold))
        for changed in (
            events.strength,
            events.heatmap_opacity,
            events.heatmap_signed,
            events.show_heatmap,
            events.denoised,
            events.scan_p,
        ):
            changed.connect(self._show_state)
        events.heatmap_threshold.connect(self._threshold_changed)
        events.anomaly_map.connect(self._map_changed)
        events.findings.connect(self._findings_changed)
        events.selected_finding.connect(self.table.select)

    # what the user does

    def _take_level(self, row: int) -> None:
        threshold = self.level.itemData(row)
        if threshold is not None:
            self.model.heatmap_threshold = threshold

    def _reorder(self, findings: tuple[Finding, ...]) -> None:
        """Step through the findings in the order of the table."""
        model = self.model
        chosen = model.findings[model.selected_finding] if model.selected_finding >= 0 else None
        model.findings = findings
        model.selected_finding = -1 if chosen is None else findings.index(chosen)

    # what is shown

    def _threshold_changed(self) -> None:
        self._show_state()
        if self.model.anomaly_map is not None:
            self._pause.start()

    def _map_changed(self) -> None:
        """Offer the levels that the map's normal scans suffice for."""
        anomaly_map = self.model.anomaly_map
        self.level.clear()
        self.level.addItem("Explore", None)
        for alpha in _LEVELS:
            threshold = None if anomaly_map is None else anomaly_map.normals.level(alpha)
            if threshold is not None:
                self.level.addItem(f"{alpha:.0%} of normals".replace("%", " %"), threshold)
        self._show_state()

    def _findings_changed(self) -> None:
        anomaly_map = self.model.anomaly_map
        self.table.set_findings(self.model.findings, 0 if anomaly_map is None else anomaly_map.normals.scans)
        self.table.select(self.model.selected_finding)
        self._show_state()

    def _show_state(self) -> None:
        """Show the model's values, and grey what has no effect yet."""
        model = self.model
        for slider, value in (
            (self.strength, model.strength),
            (self.opacity, model.heatmap_opacity),
            (self.threshold, model.heatmap_threshold),
        ):
            slider.blockSignals(True)
            slider.setValue(value)
            slider.blockSignals(False)
        self.show_heatmap.setChecked(model.show_heatmap)
        self.signed.setChecked(model.heatmap_signed)
        outside, has_map = captions.outside(model), model.anomaly_map is not None
        self.strength.setEnabled(model.denoised is not None)
        for widget in (self.opacity, self.threshold, self.level, self.show_heatmap):
            widget.setEnabled(has_map)
        self.signed.setEnabled(has_map and not outside)
        self.level.setCurrentIndex(max(0, self.level.findData(model.heatmap_threshold)))
        self.expected.setText(captions.expected(model) if has_map else "")
        self._say(self.outside, f"{outside}. The scores are not to be trusted." if outside else "")
        self._say(self.scan, captions.scan_line(model))
        count = len(model.findings)
        self.table.setVisible(count > 0)
        for button in (self._next, self._previous):
            button.setEnabled(count > 0)
        self._say(self._hint, "" if count else self._hint_text())

    def _hint_text(self) -> str:
        if self.model.anomaly_map is None:
            return "Detect (Ctrl+T) lists regions here that look unusual to the model. Places to look at, no diagnosis."
        return f"No region above |z| = {self.model.heatmap_threshold:.1f}. Lower the threshold to see more."

    @staticmethod
    def _say(label: QLabel, text: str) -> None:
        label.setText(text)
        label.setVisible(bool(text))


def _slider(low: float, high: float, decimals: int, tip: str) -> QLabeledDoubleSlider:
    slider = QLabeledDoubleSlider(Qt.Orientation.Horizontal)
    slider.setRange(low, high)
    slider.setDecimals(decimals)
    slider.setSingleStep(10.0**-decimals)  # type: ignore[arg-type]
    slider.setToolTip(tip)
    slider.setAccessibleName(tip)
    return slider
