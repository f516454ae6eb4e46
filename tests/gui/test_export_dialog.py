"""What can be exported, what will be written, and what stands in the way."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from PySide6.QtWidgets import QCheckBox, QLineEdit
from pytestqt.qtbot import QtBot

from medae.confidentiality import Deidentify
from medae.exporters.exporter import Output
from medae.gui.export_dialog import ExportDialog
from medae.jobs.export_offer import Choice, Offer

PICTURE = np.zeros((6, 4, 3), np.uint8)
SCHEMA = {
    "properties": {
        "side_car": {"type": "boolean", "default": True, "description": "a JSON file beside it"},
        "level": {"type": "integer", "default": 1, "minimum": 1},
    }
}
OFFERED = Offer(
    (
        Choice("nifti", "NIfTI", None, (Output("{name}_denoised.nii.gz", 1),), PICTURE, SCHEMA),
        Choice("derived-series", "Denoised DICOM series", "the scan is no DICOM"),
    ),
    ("A face can be drawn.",),
)


def dialog_in(qtbot: QtBot, folder: Path) -> ExportDialog:
    dialog = ExportDialog(OFFERED, folder, "mr-series-1", 0.5, 4.0)
    qtbot.addWidget(dialog)
    return dialog


def test_greyed_with_its_reason(qtbot: QtBot, tmp_path: Path) -> None:
    dialog = dialog_in(qtbot, tmp_path)
    assert not dialog.formats.boxes["derived-series"].isEnabled()
    assert dialog.formats.boxes["derived-series"].toolTip() == "the scan is no DICOM"
    assert not dialog.export_button.isEnabled()  # nothing is chosen yet
    assert "at least one format" in dialog.preview.message.text()


def test_preview_and_job(qtbot: QtBot, tmp_path: Path) -> None:
    dialog = dialog_in(qtbot, tmp_path)
    dialog.formats.boxes["nifti"].setChecked(True)
    assert dialog.outputs() == (tmp_path / "mr-series-1_denoised.nii.gz",)
    shown = dialog.preview.table.item(0, 0)
    assert shown is not None
    assert shown.text() == "mr-series-1_denoised.nii.gz"
    job = dialog.job()
    assert (job.exports, job.out, job.strength, job.threshold) == (("nifti",), tmp_path, 0.5, 4.0)
    assert (job.deidentify, job.compression, job.deterministic_uids) == (None, "none", False)


def test_how_it_is_written_is_part_of_the_job(qtbot: QtBot, tmp_path: Path) -> None:
    dialog = dialog_in(qtbot, tmp_path)
    dialog.formats.boxes["nifti"].setChecked(True)
    assert "face" not in dialog.preview.message.text()
    dialog.how.deidentify.setChecked(True)
    assert "face" in dialog.preview.message.text()
    dialog.how.deterministic.setChecked(True)
    job = dialog.job()
    assert job.deidentify == Deidentify()
    assert job.deterministic_uids


def test_existing_files_are_replaced_only_when_allowed(qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "mr-series-1_denoised.nii.gz").touch()
    dialog = dialog_in(qtbot, tmp_path)
    dialog.formats.boxes["nifti"].setChecked(True)
    assert "allow replacing" in dialog.preview.message.text()
    assert not dialog.export_button.isEnabled()
    dialog.overwrite.setChecked(True)
    assert dialog.export_button.isEnabled()
    assert dialog.job().overwrite


def test_impossible_names_are_refused(qtbot: QtBot, tmp_path: Path) -> None:
    dialog = dialog_in(qtbot, tmp_path)
    dialog.formats.boxes["nifti"].setChecked(True)
    for name in ("", "a/b", ".hidden"):
        dialog.name.setText(name)
        assert not dialog.export_button.isEnabled()


def test_to_whom_it_is_sent_afterwards(qtbot: QtBot, tmp_path: Path) -> None:
    assert dialog_in(qtbot, tmp_path).send_to.currentData() == ""
    dialog = ExportDialog(OFFERED, tmp_path, "mr-series-1", 0.5, 4.0, nodes=("archive", "web"))
    qtbot.addWidget(dialog)
    assert dialog.send_to.currentData() == ""
    dialog.send_to.setCurrentText("web")
    assert dialog.send_to.currentData() == "web"


def test_other_options_are_asked_about_and_shown(qtbot: QtBot, tmp_path: Path) -> None:
    dialog = dialog_in(qtbot, tmp_path)
    asked: list[object] = []
    dialog.options_changed.connect(asked.append)
    side_car = dialog.formats.forms["nifti"].findChild(QCheckBox, "option_side_car")
    side_car.setChecked(False)
    assert asked == []  # the format is not chosen
    dialog.formats.boxes["nifti"].setChecked(True)
    assert asked == [{"nifti": {"side_car": False}}]
    assert not dialog.export_button.isEnabled()  # until it is known what that would write
    choice = replace(OFFERED.choices[0], outputs=(Output("{name}_alone.nii.gz", 1),))
    dialog.show_offer(Offer((choice,)), {"nifti": {"side_car": False}})
    assert dialog.outputs() == (tmp_path / "mr-series-1_alone.nii.gz",)
    assert dialog.export_button.isEnabled()
    assert dialog.job().options == {"nifti": {"side_car": False}}


def test_an_option_that_cannot_be_used_is_said(qtbot: QtBot, tmp_path: Path) -> None:
    dialog = dialog_in(qtbot, tmp_path)
    dialog.formats.boxes["nifti"].setChecked(True)
    level = dialog.formats.forms["nifti"].findChild(QLineEdit, "option_level")
    level.setText("0")
    assert dialog.preview.message.text() == "NIfTI: Level must be at least 1."
    assert not dialog.export_button.isEnabled()
    level.setText("2")
    problem = replace(OFFERED.choices[0], problem="nifti: option level: no.")
    dialog.show_offer(Offer((problem,)), {"nifti": {"level": 2}})
    assert dialog.preview.message.text() == "nifti: option level: no."
    assert not dialog.export_button.isEnabled()
