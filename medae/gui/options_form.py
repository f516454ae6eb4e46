"""A form made from the JSON schema of an options class: one row per field, with its bounds and its description."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import Signal  # noqa: TID253
from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QLineEdit, QWidget  # noqa: TID253

from medae.gui import theme

TITLE_WIDTH = 96
"""Pixels for the names of the fields."""


ACRONYMS = {"ae": "AE", "tls": "TLS", "ca": "CA", "url": "URL"}
"""Words of field names that are written in capitals."""


def title_of(name: str) -> str:
    """Give the name of a field for people: ``"calling_ae_title"`` is "Calling AE title"."""
    words = " ".join(ACRONYMS.get(word, word) for word in name.split("_"))
    return words[:1].upper() + words[1:]


@dataclass(frozen=True, slots=True)
class Field:
    """One option as its schema describes it.

    Attributes
    ----------
    kind
        ``"integer"``, ``"number"``, ``"boolean"``, ``"choice"``, ``"list"`` (of numbers), ``"words"`` or ``"text"``.
    choices
        Values of a ``"choice"``.
    whole
        Whether the numbers of a ``"list"`` are integers.
    optional
        Whether it may be left empty, which means None.
    fewest, most
        How many numbers a ``"list"`` has.
    label
        Name for people that the options class gives; empty where it follows from ``name``.
    """

    name: str
    kind: str
    default: Any
    description: str = ""
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[Any, ...] = ()
    whole: bool = False
    optional: bool = False
    above: float | None = None
    below: float | None = None
    fewest: int = 0
    most: int | None = None
    label: str = ""

    @property
    def title(self) -> str:
        """Name for people."""
        return self.label or title_of(self.name)

    @property
    def hint(self) -> str:
        """Description, bounds and default."""
        bounds = [
            f"{word} {value:g}"
            for word, value in (
                ("at least", self.minimum),
                ("above", self.above),
                ("at most", self.maximum),
                ("below", self.below),
            )
            if value is not None
        ]
        default = f"Default: {as_text(self.default)}"
        return "\n".join(line for line in (self.description, ", ".join(bounds).capitalize(), default) if line)

    def parse(self, text: str) -> Any:
        """Give the value that a text stands for.

        Raises
        ------
        ValueError
            With a sentence for the user, if it stands for none or is out of bounds.
        """
        text = text.strip()
        if not text and self.optional:
            return None
        if self.kind == "text":
            return text
        if self.kind == "words":
            return [word.strip() for word in text.split(",") if word.strip()]
        if self.kind == "list":
            parts = [part for part in text.replace(",", " ").split() if part]
            if len(parts) < self.fewest or (self.most is not None and len(parts) > self.most):
                most = "" if self.most is None else f" and at most {self.most}"
                raise ValueError(f"{self.title}: give numbers separated by commas, at least {self.fewest}{most}.")
            return [self._number(part, self.whole) for part in parts]
        return self._number(text, self.kind == "integer")

    def _number(self, text: str, whole: bool) -> float:
        try:
            value = int(text) if whole else float(text)
        except ValueError:
            what = "a whole number" if whole else "a number"
            raise ValueError(f"{self.title}: {text or 'nothing'!r} is not {what}.") from None
        self._check_bounds(value)
        return value

    def _check_bounds(self, value: float) -> None:
        for holds, word, bound in (
            (self.minimum is None or value >= self.minimum, "at least", self.minimum),
            (self.maximum is None or value <= self.maximum, "at most", self.maximum),
            (self.above is None or value > self.above, "above", self.above),
            (self.below is None or value < self.below, "below", self.below),
        ):
            if not holds:
                raise ValueError(f"{self.title} must be {word} {bound:g}.")


def as_text(value: Any) -> str:
    """Write a value as `Field.parse` reads it."""
    if value is None:
        return ""
    if isinstance(value, (list, tuple)):
        return ", ".join(as_text(item) for item in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def fields(schema: Mapping[str, Any]) -> tuple[Field, ...]:
    """Read the fields of a JSON schema of an object, in its order."""
    return tuple(_field(name, schema, entry) for name, entry in schema.get("properties", {}).items())


def _field(name: str, schema: Mapping[str, Any], entry: Mapping[str, Any]) -> Field:
    described = {**_resolved(schema, entry), **entry}
    optional = False
    for part in entry.get("anyOf", ()):
        if part.get("type") == "null":
            optional = True
        else:
            described = {**_resolved(schema, part), **described}
    items: Mapping[str, Any] = described.get("items") or (described.get("prefixItems") or [{}])[0]
    kind = described.get("type", "string")
    is_list = kind == "array"
    if is_list and items.get("type") == "string":
        kind = "words"
    bounds = items if is_list else described
    choices = tuple(described.get("enum", (described["const"],) if "const" in described else ()))
    return Field(
        name=name,
        kind="choice" if choices else {"array": "list", "string": "text"}.get(kind, kind),
        default=described.get("default"),
        description=described.get("description", ""),
        minimum=bounds.get("minimum"),
        maximum=bounds.get("maximum"),
        above=bounds.get("exclusiveMinimum"),
        below=bounds.get("exclusiveMaximum"),
        choices=choices,
        whole=is_list and items.get("type") == "integer",
        optional=optional,
        fewest=described.get("minItems", 0),
        most=described.get("maxItems"),
        label="" if (label := entry.get("title", "")) == name.title().replace("_", " ") else label,
    )


def _resolved(schema: Mapping[str, Any], entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """Follow a reference into the schema's definitions."""
    reference = entry.get("$ref", "")
    return schema.get("$defs", {}).get(reference.rsplit("/", 1)[-1], {}) if reference else entry


class OptionsForm(QWidget):
    """Shows the fields of a schema; `values` gives what differs from the defaults."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._form = QFormLayout(self)
        self._form.setContentsMargins(0, 0, 0, 0)
        self._form.setSpacing(theme.SPACING)
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._readers: dict[str, Callable[[], Any]] = {}
        self._fields: tuple[Field, ...] = ()

    def set_schema(self, schema: Mapping[str, Any]) -> None:
        """Show the fields of another schema, at their defaults."""
        while self._form.rowCount():
            self._form.removeRow(0)
        self._fields, self._readers = fields(schema), {}
        for field in self._fields:
            widget, self._readers[field.name] = self._editor(field)
            widget.setObjectName(f"option_{field.name}")
            widget.setToolTip(field.hint)
            widget.setAccessibleName(field.title)
            widget.setAccessibleDescription(field.description)
            title = theme.label(field.title)
            title.setToolTip(field.hint)
            title.setFixedWidth(TITLE_WIDTH)
            title.setMinimumHeight(widget.sizeHint().height())
            self._form.addRow(title, widget)

    def values(self) -> dict[str, Any]:
        """Give the values that differ from their defaults.

        Raises
        ------
        ValueError
            With a sentence about the first value that cannot be used.
        """
        read = {field.name: (field.default, self._readers[field.name]()) for field in self._fields}
        return {name: value for name, (default, value) in read.items() if value != default}

    def _editor(self, field: Field) -> tuple[QWidget, Callable[[], Any]]:
        """Make the widget of a field, and what reads it."""
        if field.kind == "boolean":
            box = QCheckBox()
            box.setChecked(bool(field.default))
            box.toggled.connect(self.changed)
            return box, box.isChecked
        if field.kind == "choice":
            combo = QComboBox()
            for choice in field.choices:
                combo.addItem(as_text(choice), choice)
            combo.setCurrentIndex(max(0, combo.findData(field.default)))
            combo.currentIndexChanged.connect(self.changed)
            return combo, combo.currentData
        line = QLineEdit(as_text(field.default))
        line.setPlaceholderText("automatic" if field.optional else "")
        line.textChanged.connect(self.changed)
        return line, lambda: field.parse(line.text())
