"""A dialog that makes or changes one record of settings, by a form made from its class."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLineEdit, QVBoxLayout, QWidget  # noqa: TID253

from medae.gui import theme
from medae.gui.options_form import OptionsForm, title_of
from medae.nodes import Certificates, first_reason


class RecordDialog(QDialog):
    """Asks for the fields of a class; `record` gives what was entered.

    Parameters
    ----------
    title
        Of the dialog.
    kind
        Class of the record; a field ``kind`` of it is not asked for.
    known
        Values to begin with, instead of the defaults.
    choices
        Fields that are one of some values, which the class cannot know.
    with_password
        Whether to ask for a password as well.
    """

    def __init__(
        self,
        title: str,
        kind: type[BaseModel],
        known: Mapping[str, Any] | None = None,
        choices: Mapping[str, tuple[str, ...]] | None = None,
        parent: QWidget | None = None,
        *,
        with_password: bool = False,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setMinimumSize(520, 320)
        self._kind, self._known = kind, dict(known or {})
        self.record: Any = None
        self.form, self.problem = OptionsForm(), theme.label("", "dim")
        self.form.set_schema(_schema(kind, self._known, choices or {}))
        for line in self.form.findChildren(QLineEdit):
            line.setPlaceholderText(line.accessibleDescription())
        self.password = QLineEdit()
        self.password.setEchoMode(QLineEdit.EchoMode.Password)
        self.password.setPlaceholderText("kept in the system's keyring; empty: as it is")
        self.password.setAccessibleName("Password")
        self.problem.setStyleSheet(f"color: {theme.WARNING};")
        self.problem.hide()
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Save | QDialogButtonBox.StandardButton.Cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 16, 18, 14)
        column.setSpacing(theme.SPACING)
        form = QVBoxLayout()
        form.addWidget(self.form)
        form.addStretch(1)
        column.addWidget(theme.scrolled(form), 1)
        if with_password:
            column.addWidget(theme.label("PASSWORD", "heading"))
            column.addWidget(self.password)
        column.addWidget(self.problem)
        column.addWidget(buttons)
        self.resize(600, min(680, 130 + 36 * len(kind.model_fields)))

    def accept(self) -> None:
        """Close if what was entered makes sense; else say what does not."""
        try:
            self.record = self._kind.model_validate({**self._known, **self.form.values()})
        except ValidationError as error:
            field, reason = first_reason(error)
            self._say(f"{title_of(field)}: {reason}.")
        except ValueError as error:
            self._say(str(error))
        else:
            super().accept()

    def _say(self, sentence: str) -> None:
        self.problem.setText(sentence)
        self.problem.show()


def _schema(kind: type[BaseModel], known: Mapping[str, Any], choices: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
    """Give the JSON schema of a class, with its values as defaults and what is asked for first at the top."""
    schema = kind.model_json_schema()
    properties = {name: dict(entry) for name, entry in schema["properties"].items() if name != "kind"}
    for name, entry in properties.items():
        if name in known:
            entry["default"] = known[name]
        if name in choices:
            entry["enum"] = list(choices[name])
    required = schema.get("required", ())
    order = sorted(properties, key=lambda n: (n != "name", n not in required, n in Certificates.model_fields))
    return {**schema, "properties": {name: properties[name] for name in order}}
