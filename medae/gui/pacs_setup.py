"""Nodes, rules and the listener: lists with buttons to add, change, remove and try."""

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal  # noqa: TID253
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QListWidgetItem, QPushButton, QVBoxLayout, QWidget  # noqa: TID253

from medae.gui import theme
from medae.gui.record_dialog import RecordDialog
from medae.nodes import DicomNode, DicomwebNode, Listener, Rule
from medae.settings import PacsSettings

_RECORD = Qt.ItemDataRole.UserRole


class PacsSetup(QWidget):
    """Nodes on the left, rules and the listener on the right."""

    change = Signal(object)
    """A callable that takes `PacsSettings` and gives changed ones."""
    password_given = Signal(object, str)
    """A DICOMweb node, and the password of its user."""
    echo = Signal(str)
    """Name of the node to try."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._settings = PacsSettings()
        self.nodes, self.rules = QListWidget(), QListWidget()
        self.nodes.setAccessibleName("Nodes")
        self.rules.setAccessibleName("Rules")
        for records in (self.nodes, self.rules):
            records.setStyleSheet("QListWidget::item { padding: 6px 8px; }")
        self.listener = theme.label("", "dim")
        self.buttons = {
            "dicom": _button("Add DICOM node…", partial(self._edit_node, DicomNode, None)),
            "dicomweb": _button("Add DICOMweb…", partial(self._edit_node, DicomwebNode, None)),
            "edit": _button("Change…", self._change_node),
            "remove": _button("Remove", lambda: self._remove(self.nodes)),
            "echo": _button("Try", self._echo),
            "rule": _button("Add rule…", partial(self._edit_rule, None)),
            "edit_rule": _button("Change…", self._change_rule),
            "remove_rule": _button("Remove", lambda: self._remove(self.rules)),
            "listener": _button("Change…", self._edit_listener),
        }
        self._lay_out()
        self.nodes.itemSelectionChanged.connect(self._update)
        self.rules.itemSelectionChanged.connect(self._update)
        self.nodes.itemDoubleClicked.connect(lambda _: self._change_node())
        self.rules.itemDoubleClicked.connect(lambda _: self._change_rule())
        self.dialog: RecordDialog | None = None
        self.show_settings(self._settings)

    def show_settings(self, settings: PacsSettings) -> None:
        """Show nodes, rules and listener."""
        self._settings = settings
        _fill(self.nodes, [(node, _about_node(node)) for node in settings.nodes])
        _fill(self.rules, [(rule, _about_rule(rule)) for rule in settings.rules])
        own = settings.listener
        tls = ", TLS" if own.tls else ""
        who = f"from {', '.join(own.accept)}" if own.accept else "from everybody"
        self.listener.setText(
            f"{own.ae_title} at {own.address}, port {own.port}{tls}; takes images {who}; a series is complete after "
            f"{own.quiet_seconds:g} s of silence. Changes hold when the listener is started next."
        )
        self._update()

    def _update(self) -> None:
        has_node, has_rule = bool(self.nodes.selectedItems()), bool(self.rules.selectedItems())
        for name in ("edit", "remove", "echo"):
            self.buttons[name].setEnabled(has_node)
        for name in ("edit_rule", "remove_rule"):
            self.buttons[name].setEnabled(has_rule)
        self.buttons["rule"].setEnabled(bool(self._settings.nodes))

    def _change_node(self) -> None:
        node = _selected(self.nodes)
        if isinstance(node, DicomNode | DicomwebNode):
            self._edit_node(type(node), node)

    def _change_rule(self) -> None:
        rule = _selected(self.rules)
        if isinstance(rule, Rule):
            self._edit_rule(rule)

    def _edit_node(self, kind: type[DicomNode | DicomwebNode], node: DicomNode | DicomwebNode | None) -> None:
        title = "DICOM node" if kind is DicomNode else "DICOMweb server"
        known = None if node is None else node.model_dump(mode="json")
        self.dialog = RecordDialog(title, kind, known, parent=self, with_password=kind is DicomwebNode)
        self.dialog.accepted.connect(lambda: self._node_given(node))
        self.dialog.open()

    def _node_given(self, before: DicomNode | DicomwebNode | None) -> None:
        assert self.dialog is not None
        node, password = self.dialog.record, self.dialog.password.text()

        def edit(settings: PacsSettings) -> PacsSettings:
            return _renamed(settings, "" if before is None else before.name, node.name).with_node(node)

        self.change.emit(edit)
        if password and isinstance(node, DicomwebNode):
            self.password_given.emit(node, password)

    def _edit_rule(self, rule: Rule | None) -> None:
        names = tuple(node.name for node in self._settings.nodes)
        known = {"destination": names[0]} if rule is None else rule.model_dump(mode="json")
        self.dialog = RecordDialog("Rule for pushed series", Rule, known, {"destination": names}, self)
        self.dialog.accepted.connect(lambda: self._rule_given(rule))
        self.dialog.open()

    def _rule_given(self, before: Rule | None) -> None:
        assert self.dialog is not None
        rule = self.dialog.record

        def edit(settings: PacsSettings) -> PacsSettings:
            if before is not None and before.name != rule.name:
                settings = settings.without_rule(before.name)
            return settings.with_rule(rule)

        self.change.emit(edit)

    def _edit_listener(self) -> None:
        known = self._settings.listener.model_dump(mode="json")
        self.dialog = RecordDialog("MedAE's listener", Listener, known, parent=self)
        self.dialog.accepted.connect(self._listener_given)
        self.dialog.open()

    def _listener_given(self) -> None:
        assert self.dialog is not None
        listener = self.dialog.record
        self.change.emit(lambda settings: settings.changed(listener=listener))

    def _remove(self, where: QListWidget) -> None:
        record = _selected(where)
        if isinstance(record, Rule):
            self.change.emit(lambda settings: settings.without_rule(record.name))
        elif record is not None:
            self.change.emit(lambda settings: settings.without(record.name))

    def _echo(self) -> None:
        node = _selected(self.nodes)
        if node is not None:
            self.echo.emit(node.name)

    def _lay_out(self) -> None:
        left, right = QVBoxLayout(), QVBoxLayout()
        for column in (left, right):
            column.setSpacing(theme.SPACING)
        left.addWidget(theme.label("NODES", "heading"))
        left.addWidget(self.nodes, 1)
        left.addLayout(self._row("dicom", "dicomweb", "edit", "remove", "echo"))
        right.addWidget(theme.label("RULES FOR PUSHED SERIES", "heading"))
        right.addWidget(self.rules, 1)
        right.addLayout(self._row("rule", "edit_rule", "remove_rule"))
        right.addSpacing(6)
        right.addWidget(theme.label("LISTENER", "heading"))
        right.addWidget(self.listener)
        right.addLayout(self._row("listener"))
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 14, 14, 12)
        row.setSpacing(2 * theme.SPACING)
        row.addLayout(left, 1)
        row.addLayout(right, 1)

    def _row(self, *names: str) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(theme.SPACING)
        for name in names:
            row.addWidget(self.buttons[name])
        row.addStretch(1)
        return row


def _button(text: str, command: Callable[[], None]) -> QPushButton:
    made = QPushButton(text)
    made.clicked.connect(lambda: command())
    return made


def _fill(where: QListWidget, records: Sequence[tuple[DicomNode | DicomwebNode | Rule, str]]) -> None:
    chosen = _selected(where)
    where.clear()
    for record, text in records:
        item = QListWidgetItem(f"{record.name}\n{text}")
        item.setData(_RECORD, record)
        item.setToolTip(text)
        where.addItem(item)
        if chosen is not None and chosen.name == record.name:
            where.setCurrentItem(item)


def _selected(where: QListWidget) -> "DicomNode | DicomwebNode | Rule | None":
    items = where.selectedItems()
    return items[0].data(_RECORD) if items else None


def _renamed(settings: PacsSettings, before: str, now: str) -> PacsSettings:
    """Give settings in which a node and the rules that send to it have another name."""
    if not before or before == now:
        return settings
    rules = [
        rule.model_copy(update={"destination": now}) if rule.destination == before else rule for rule in settings.rules
    ]
    nodes = [node.model_copy(update={"name": now}) if node.name == before else node for node in settings.nodes]
    return settings.changed(nodes=nodes, rules=rules)


def _about_node(node: DicomNode | DicomwebNode) -> str:
    if isinstance(node, DicomwebNode):
        return f"{node.url}{f', user {node.user}' if node.user else ''}"
    return f"{node.ae_title} at {node.host}:{node.port}{', TLS' if node.tls else ''}"


def _about_rule(rule: Rule) -> str:
    patterns = (rule.calling_ae_title, rule.modality, rule.series_description, rule.study_description)
    which = " · ".join(pattern for pattern in patterns if pattern) or "all series"
    return f"{which} → {rule.denoise} → {rule.destination}"
