"""Nodes, rules and listener: added, changed, removed."""

from collections.abc import Callable

import pytest
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from medae.gui.pacs_setup import PacsSetup
from medae.nodes import DicomNode, DicomwebNode, Rule
from medae.settings import PacsSettings

NODE = DicomNode(name="pacs", ae_title="PACS", host="10.0.0.1")
RULE = Rule(name="mr", modality="MR", destination="pacs")


@pytest.fixture
def widget(qtbot: QtBot) -> PacsSetup:
    made = PacsSetup()
    qtbot.addWidget(made)
    made.show()
    made.show_settings(PacsSettings().with_node(NODE).with_rule(RULE))
    return made


def changed(qtbot: QtBot, widget: PacsSetup, act: Callable[[], None]) -> PacsSettings:
    """Do something, and give the settings that it leads to."""
    with qtbot.waitSignal(widget.change) as wanted:
        act()
    return wanted.args[0](widget._settings)


def enter(widget: PacsSetup, **fields: str) -> None:
    assert widget.dialog is not None
    for name, text in fields.items():
        widget.dialog.form.findChild(QLineEdit, f"option_{name}").setText(text)


def test_what_there_is(widget: PacsSetup) -> None:
    assert widget.nodes.item(0).text() == "pacs\nPACS at 10.0.0.1:104"
    assert widget.rules.item(0).text() == "mr\nMR → auto → pacs"
    assert "MEDAE at 0.0.0.0, port 11112" in widget.listener.text()
    assert not widget.buttons["edit"].isEnabled()


def test_a_node_is_added_with_its_password(qtbot: QtBot, widget: PacsSetup) -> None:
    widget.buttons["dicomweb"].click()
    enter(widget, name="web", url="https://pacs/web", user="anna")
    widget.dialog.password.setText("s3cret")
    with qtbot.waitSignal(widget.password_given) as given:
        settings = changed(qtbot, widget, widget.dialog.accept)
    web = DicomwebNode(name="web", url="https://pacs/web", user="anna")
    assert settings.nodes == (NODE, web)
    assert given.args == [web, "s3cret"]


def test_a_node_gets_another_name_and_its_rules_follow(qtbot: QtBot, widget: PacsSetup) -> None:
    widget.nodes.setCurrentRow(0)
    widget.buttons["edit"].click()
    enter(widget, name="archive")
    settings = changed(qtbot, widget, widget.dialog.accept)
    assert [node.name for node in settings.nodes] == ["archive"]
    assert settings.rules[0].destination == "archive"


def test_rules_are_added_renamed_and_removed(qtbot: QtBot, widget: PacsSetup) -> None:
    widget.buttons["rule"].click()
    enter(widget, name="ct", modality="CT")
    assert [rule.name for rule in changed(qtbot, widget, widget.dialog.accept).rules] == ["mr", "ct"]
    widget.rules.setCurrentRow(0)
    widget.buttons["edit_rule"].click()
    enter(widget, name="mr2")
    assert [rule.name for rule in changed(qtbot, widget, widget.dialog.accept).rules] == ["mr2"]
    assert changed(qtbot, widget, widget.buttons["remove_rule"].click).rules == ()


def test_a_node_is_tried_and_removed(qtbot: QtBot, widget: PacsSetup) -> None:
    widget.nodes.setCurrentRow(0)
    with qtbot.waitSignal(widget.echo) as wanted:
        widget.buttons["echo"].click()
    assert wanted.args == ["pacs"]
    assert changed(qtbot, widget, widget.buttons["remove"].click) == PacsSettings()


def test_the_listener_is_changed(qtbot: QtBot, widget: PacsSetup) -> None:
    widget.buttons["listener"].click()
    enter(widget, port="4000")
    assert changed(qtbot, widget, widget.dialog.accept).listener.port == 4000
