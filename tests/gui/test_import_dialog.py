"""What is asked before an import."""

from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from medae.gui.import_dialog import ImportDialog, ImportRequest, in_window_words


@pytest.fixture
def dialog(qtbot: QtBot) -> ImportDialog:
    made = ImportDialog()
    qtbot.addWidget(made)
    return made


def test_a_path_is_enough(dialog: ImportDialog) -> None:
    assert not dialog.import_button.isEnabled()
    dialog.path.setText(" /data/model.zip ")
    assert dialog.import_button.isEnabled()
    assert dialog.request() == ImportRequest(Path("/data/model.zip"), None, None, None, False)


def test_what_the_bundle_does_not_say_can_be_said(dialog: ImportDialog) -> None:
    dialog.path.setText("/data/model")
    dialog.name.setText("mine")
    dialog.task.setCurrentText("Denoise")
    dialog.modality.setCurrentText("X-ray")
    dialog.overwrite.setChecked(True)
    assert dialog.request() == ImportRequest(Path("/data/model"), "mine", "denoise", "DX", True)


@pytest.mark.parametrize(
    ("function", "button", "answer"),
    [("getOpenFileName", "_browse_zip", ("/a.zip", "")), ("getExistingDirectory", "_browse_folder", "/a")],
)
def test_browsing_fills_in_the_path(
    dialog: ImportDialog, monkeypatch: pytest.MonkeyPatch, function: str, button: str, answer: object
) -> None:
    monkeypatch.setattr(QFileDialog, function, lambda *_: answer)
    getattr(dialog, button)()
    assert dialog.path.text() == (answer if isinstance(answer, str) else answer[0])
    monkeypatch.setattr(QFileDialog, function, lambda *_: "" if isinstance(answer, str) else ("", ""))
    getattr(dialog, button)()
    assert dialog.path.text()


def test_options_of_the_command_line_get_the_names_of_the_fields() -> None:
    assert in_window_words("say it with --task denoise or --task reconstruct") == "say it with 'Used to'"
    assert in_window_words("give --name, or replace it with --overwrite") == "give 'Name', or replace it with 'Replace'"
    assert in_window_words("say it with --modality CT, MR or XR") == "say it with 'Scans'"
