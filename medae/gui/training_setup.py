"""What is to be trained on what: data folders, family, task, size, name, and the family's options."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal  # noqa: TID253
from PySide6.QtWidgets import (  # noqa: TID253
    QComboBox,
    QFormLayout,
    QFrame,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from medae.gui import theme
from medae.gui.folder_list import FolderList
from medae.gui.options_form import TITLE_WIDTH, Field, OptionsForm
from medae.gui.training_families import FamilyInfo
from medae.jobs.job import PlanJob

TASKS = {
    "denoise": "Remove noise",
    "anomaly": "Find anomalies",
    "reconstruct": "Compress and explore",
}
SIZES = {"small": "Small", "medium": "Medium", "large": "Large"}
DEVICES = {"auto": "Automatic", "cpu": "CPU", "cuda": "GPU (CUDA)"}
NAME = re.compile(r"[a-z0-9][a-z0-9-]*")
_STEPS = Field("steps", "integer", None, minimum=1, optional=True)

PAUSE = 700
"""Milliseconds after the last change until the data are checked again."""


class TrainingSetup(QWidget):
    """The form on the left; `settled` says that the data should be checked anew."""

    settled = Signal()
    name_changed = Signal()
    start = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        theme.paint_panel(self)
        self.folders = FolderList()
        self.modality = _combo({"": "Automatic"}, "Modality of the scans; automatic: the one of most slices")
        self.family = QComboBox()
        self.family.setAccessibleName("Family")
        self.purpose = theme.label("", "dim")
        self.task = _combo({}, "What the model is for")
        self.model_size = _combo(SIZES, "Larger models need more scans, memory and time")
        self.name = QLineEdit()
        self.name.setPlaceholderText("automatic")
        self.name.setToolTip("Of the model: small letters, digits and hyphens")
        self.steps = QLineEdit()
        self.steps.setPlaceholderText("automatic")
        self.steps.setToolTip("Most optimiser steps; empty: as many as suit family and size")
        self.device = _combo(DEVICES, "What computes")
        self.options = OptionsForm()
        self.advanced = QPushButton("Advanced options")
        self.advanced.setCheckable(True)
        self._advanced_part = QWidget()
        self.start_button = QPushButton("Start training")
        self.start_button.setProperty("primary", True)
        self.start_button.setEnabled(False)
        self.reason = theme.label("", "dim")
        self._families: tuple[FamilyInfo, ...] = ()
        self._proposed_task = ""
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE)
        self._lay_out()
        self._connect()

    def set_families(self, families: Sequence[FamilyInfo]) -> None:
        """Offer families; the choice stays where it can."""
        if tuple(families) == self._families:
            return
        chosen = self.family.currentData() or "denoising"
        self._families = tuple(families)
        self.family.blockSignals(True)
        self.family.clear()
        for n, family in enumerate(self._families):
            self.family.addItem(family.title, family.key)
            self.family.setItemData(n, family.purpose, Qt.ItemDataRole.ToolTipRole)
        self.family.setCurrentIndex(max(0, self.family.findData(chosen)))
        self.family.blockSignals(False)
        self._show_family()

    def propose(self, paths: Sequence[Path], task: str, modality: str) -> None:
        """Fill in scans, purpose and modality; the purpose as soon as the families are known."""
        if modality and self.modality.findData(modality) < 0:
            self.modality.addItem(modality, modality)
        self.modality.setCurrentIndex(max(0, self.modality.findData(modality)))
        self._proposed_task = task
        self._show_family()
        self.folders.add(paths)

    def set_modalities(self, modalities: Sequence[str]) -> None:
        """Offer the modalities that were found."""
        chosen = self.modality.currentData()
        self.modality.blockSignals(True)
        self.modality.clear()
        self.modality.addItem("Automatic", "")
        for modality in modalities:
            self.modality.addItem(modality, modality)
        self.modality.setCurrentIndex(max(0, self.modality.findData(chosen)))
        self.modality.blockSignals(False)

    def propose_name(self, name: str) -> None:
        """Show the name that the model gets if none is given."""
        self.name.setPlaceholderText(name)

    def chosen_name(self) -> str:
        """Name that was typed, or the one proposed; empty before any."""
        proposed = self.name.placeholderText()
        return self.name.text().strip() or ("" if proposed == "automatic" else proposed)

    def job(self) -> PlanJob | None:
        """Give the question for a plan; None without data.

        Raises
        ------
        ValueError
            With a sentence about what cannot be used.
        """
        if not self.folders.paths():
            return None
        name = self.name.text().strip()
        if name and not NAME.fullmatch(name):
            raise ValueError("Name: use small letters, digits and hyphens, e.g. my-model.")
        fields: dict[str, Any] = {
            "data": self.folders.paths(),
            "family": self.family.currentData() or "denoising",
            "task": self.task.currentData(),
            "modality": self.modality.currentData() or None,
            "size": self.model_size.currentData(),
            "name": name or None,
            "options": self.options.values(),
            "max_steps": _STEPS.parse(self.steps.text()),
            "device": self.device.currentData(),
        }
        return PlanJob.model_validate(fields)

    def show_ready(self, reason: str) -> None:
        """Let the training start, or say why it cannot."""
        self.start_button.setEnabled(not reason)
        self.reason.setText(reason)
        self.reason.setVisible(bool(reason))

    def _lay_out(self) -> None:
        inner = QWidget()
        theme.paint_panel(inner)
        column = QVBoxLayout(inner)
        column.setContentsMargins(14, 12, 14, 8)
        column.setSpacing(theme.SPACING)
        column.addWidget(theme.label("DATA", "heading"))
        column.addWidget(self.folders)
        column.addSpacing(4)
        column.addWidget(theme.label("MODEL", "heading"))
        column.addLayout(_form(("Family", self.family)))
        column.addWidget(self.purpose)
        rows = (("Purpose", self.task), ("Modality", self.modality), ("Size", self.model_size), ("Name", self.name))
        column.addLayout(_form(*rows))
        column.addWidget(self.advanced, 0, Qt.AlignmentFlag.AlignLeft)
        inside = QVBoxLayout(self._advanced_part)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(theme.SPACING)
        inside.addLayout(_form(("Steps", self.steps), ("Device", self.device)))
        inside.addWidget(self.options)
        column.addWidget(self._advanced_part)
        column.addStretch(1)
        self._advanced_part.hide()
        scroll = QScrollArea()
        scroll.setWidget(inner)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(scroll, 1)
        outer.addWidget(theme.line())
        foot = QVBoxLayout()
        foot.setContentsMargins(14, 10, 14, 12)
        foot.setSpacing(theme.SPACING)
        foot.addWidget(self.reason)
        foot.addWidget(self.start_button)
        outer.addLayout(foot)

    def _connect(self) -> None:
        self._pause.timeout.connect(self.settled)
        self.folders.changed.connect(self._settle_soon)
        self.family.currentIndexChanged.connect(self._show_family)
        for combo in (self.task, self.modality, self.model_size, self.device):
            combo.currentIndexChanged.connect(self._settle_soon)
        self.steps.textChanged.connect(self._settle_soon)
        self.options.changed.connect(self._settle_soon)
        self.name.textChanged.connect(self.name_changed)
        self.advanced.toggled.connect(self._advanced_part.setVisible)
        self.start_button.clicked.connect(self.start)

    def _settle_soon(self, *_: object) -> None:
        self._pause.start()

    def _show_family(self) -> None:
        """Follow the choice of a family: its purpose, tasks and options."""
        index = self.family.currentIndex()
        if not 0 <= index < len(self._families):
            return
        family = self._families[index]
        self.purpose.setText(family.purpose)
        self.task.blockSignals(True)
        self.task.clear()
        for task in family.tasks:
            self.task.addItem(TASKS.get(task, task), task)
        self.task.setCurrentIndex(max(0, self.task.findData(self._proposed_task)))
        self.task.blockSignals(False)
        self.options.set_schema(family.schema)
        self._settle_soon()


def _combo(items: dict[str, str], tip: str) -> QComboBox:
    combo = QComboBox()
    combo.setToolTip(tip)
    for key, title in items.items():
        combo.addItem(title, key)
    return combo


def _form(*rows: tuple[str, QWidget]) -> QFormLayout:
    form = QFormLayout()
    form.setSpacing(theme.SPACING)
    form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
    for title, widget in rows:
        label = theme.label(title)
        label.setFixedWidth(TITLE_WIDTH)
        label.setMinimumHeight(widget.sizeHint().height())
        label.setBuddy(widget)
        widget.setAccessibleName(title)
        form.addRow(label, widget)
    return form
