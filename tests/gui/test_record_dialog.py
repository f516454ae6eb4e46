"""A record of settings, entered in a form made from its class."""

from PySide6.QtWidgets import QCheckBox, QComboBox, QLineEdit
from pytestqt.qtbot import QtBot

from medae.gui.record_dialog import RecordDialog
from medae.nodes import DicomNode, DicomwebNode, Listener, Rule


def shown(qtbot: QtBot, dialog: RecordDialog) -> RecordDialog:
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


def field(dialog: RecordDialog, name: str) -> QLineEdit:
    return dialog.form.findChild(QLineEdit, f"option_{name}")


def test_a_new_node(qtbot: QtBot) -> None:
    dialog = shown(qtbot, RecordDialog("Node", DicomNode))
    assert not dialog.password.isVisible()
    field(dialog, "name").setText("pacs")
    field(dialog, "ae_title").setText("PACS")
    field(dialog, "host").setText("10.0.0.1")
    field(dialog, "port").setText("11112")
    dialog.form.findChild(QCheckBox, "option_tls").setChecked(True)
    dialog.form.findChild(QComboBox, "option_retrieve").setCurrentText("move")
    dialog.accept()
    assert dialog.record == DicomNode(
        name="pacs", ae_title="PACS", host="10.0.0.1", port=11112, tls=True, retrieve="move"
    )
    assert not dialog.isVisible()


def test_what_makes_no_sense_is_told_and_can_be_corrected(qtbot: QtBot) -> None:
    dialog = shown(qtbot, RecordDialog("Node", DicomwebNode, with_password=True))
    assert dialog.password.isVisible()
    field(dialog, "name").setText("my pacs")
    dialog.accept()
    assert dialog.isVisible()
    assert "Name: give letters" in dialog.problem.text()
    field(dialog, "name").setText("web")
    dialog.accept()
    assert "URL: give an address that begins with http" in dialog.problem.text()
    field(dialog, "url").setText("https://pacs/dicom-web")
    field(dialog, "timeout").setText("soon")
    dialog.accept()
    assert "Timeout" in dialog.problem.text()
    field(dialog, "timeout").setText("5")
    dialog.accept()
    assert dialog.record == DicomwebNode(name="web", url="https://pacs/dicom-web", timeout=5)


def test_a_known_record_is_changed(qtbot: QtBot) -> None:
    known = Rule(name="mr", destination="b", modality="MR", exports=("derived-series", "parametric-map"), detect=True)
    dialog = shown(qtbot, RecordDialog("Rule", Rule, known.model_dump(mode="json"), {"destination": ("a", "b")}))
    assert field(dialog, "exports").text() == "derived-series, parametric-map"
    field(dialog, "modality").setText("CT")
    field(dialog, "exports").setText("parametric-map")
    dialog.form.findChild(QComboBox, "option_destination").setCurrentText("a")
    dialog.accept()
    assert dialog.record == known.model_copy(
        update={"modality": "CT", "destination": "a", "exports": ("parametric-map",)}
    )


def test_words_are_separated_by_commas(qtbot: QtBot) -> None:
    dialog = shown(qtbot, RecordDialog("Listener", Listener, Listener(accept=("A", "B")).model_dump(mode="json")))
    assert field(dialog, "accept").text() == "A, B"
    field(dialog, "accept").setText("ONE, TWO")
    dialog.accept()
    assert dialog.record.accept == ("ONE", "TWO")
