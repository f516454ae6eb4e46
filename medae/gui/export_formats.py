"""The formats of an export: which, and with which options."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal  # noqa: TID253
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QToolButton, QVBoxLayout, QWidget  # noqa: TID253

from medae.gui import theme
from medae.gui.options_form import OptionsForm
from medae.jobs.export_offer import Choice

_USUAL = ("derived-series", "parametric-map", "secondary-capture")
_INDENT = 26
"""Pixels by which what belongs to a check box stands to the right of it."""


class ExportFormats(QWidget):
    """A check box for each exporter, greyed with the reason where it cannot be used, and its options to unfold.

    Attributes
    ----------
    boxes, unfolders, forms
        The widgets of each exporter, by its key; unfolders and forms only where there are options.
    """

    changed = Signal()
    """Other formats are chosen, or one has other options."""

    def __init__(self, choices: Sequence[Choice], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.boxes: dict[str, QCheckBox] = {}
        self.unfolders: dict[str, QToolButton] = {}
        self.forms: dict[str, OptionsForm] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(theme.SPACING)
        for choice in choices:
            self._add(choice)

    def chosen(self) -> tuple[str, ...]:
        """Keys of the exporters that are ticked."""
        return tuple(key for key, box in self.boxes.items() if box.isChecked())

    def options(self) -> dict[str, dict[str, Any]]:
        """Give the options of the chosen exporters that differ from the defaults.

        Raises
        ------
        ValueError
            With a sentence about the first value that cannot be used.
        """
        given = {}
        for key in self.chosen():
            if key in self.forms:
                try:
                    given[key] = self.forms[key].values()
                except ValueError as error:
                    raise ValueError(f"{self.boxes[key].text()}: {error}") from error
        return {key: values for key, values in given.items() if values}

    def _add(self, choice: Choice) -> None:
        box = QCheckBox(choice.title)
        box.setObjectName(f"export_{choice.key}")
        box.setEnabled(choice.reason is None)
        box.setChecked(choice.reason is None and choice.key in _USUAL)
        box.setToolTip(choice.reason or "")
        box.toggled.connect(self.changed)
        self.boxes[choice.key] = box
        row = QHBoxLayout()
        row.addWidget(box, 1)
        self._column.addLayout(row)
        if choice.reason is not None:
            why = theme.label(choice.reason[:1].upper() + choice.reason[1:], "dim")
            why.setContentsMargins(_INDENT, 0, 0, 4)
            self._column.addWidget(why)
        elif choice.schema.get("properties"):
            row.addWidget(self._options_of(choice))
            self._column.addWidget(self.forms[choice.key])

    def _options_of(self, choice: Choice) -> QToolButton:
        """Make the form of a format, folded, and the button that unfolds it."""
        form = OptionsForm()
        form.set_schema(choice.schema)
        form.setContentsMargins(_INDENT, 0, 0, 4)
        form.setVisible(False)
        form.changed.connect(self.changed)
        unfold = QToolButton()
        unfold.setText("Options")
        unfold.setAccessibleName(f"Options: {choice.title}")
        unfold.setCheckable(True)
        unfold.setAutoRaise(True)
        unfold.setArrowType(Qt.ArrowType.RightArrow)
        unfold.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        unfold.toggled.connect(form.setVisible)
        unfold.toggled.connect(
            lambda is_open: unfold.setArrowType(Qt.ArrowType.DownArrow if is_open else Qt.ArrowType.RightArrow)
        )
        self.forms[choice.key], self.unfolders[choice.key] = form, unfold
        return unfold
