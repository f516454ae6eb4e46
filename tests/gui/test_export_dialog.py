"""What can be exported, what will be written, and what stands in the way."""

from pathlib import Path

import numpy as np
from pytestqt.qtbot import QtBot

from medae.gui.export_dialog import Choice, ExportDialog, choices
from medae.results import AnomalyMap, Result
from medae.volume import Volume

SCAN = Volume(np.zeros((2, 8, 8), np.int16), np.eye(4), "MR")
OFFERED = (
    Choice("nifti", "NIfTI", None, ("{name}_denoised.nii.gz",)),
    Choice("derived-series", "Denoised DICOM series", "the scan is no DICOM", ()),
)


def dialog_in(qtbot: QtBot, folder: Path) -> ExportDialog:
    dialog = ExportDialog(OFFERED, folder, "mr-series-1", 0.5, 4.0)
    qtbot.addWidget(dialog)
    return dialog


def test_every_exporter_is_offered_or_says_why() -> None:
    offered = {choice.key: choice for choice in choices(Result(SCAN, SCAN))}
    assert offered["nifti"].reason is None
    assert offered["nifti"].outputs == ("{name}_denoised.nii.gz",)
    assert offered["derived-series"].reason
    assert offered["parametric-map"].reason


def test_the_threshold_counts() -> None:
    scores = np.zeros(SCAN.shape, np.float32)
    scores[0, 2:6, 2:6] = scores[1, 2:6, 2:6] = 5.0
    result = Result(SCAN, None, AnomalyMap(Volume(scores, np.eye(4)), 9.0, ""))
    low = {choice.key: choice.reason for choice in choices(result, 3.0)}
    high = {choice.key: choice.reason for choice in choices(result, 8.0)}
    assert low["nifti"] == high["nifti"] is None


def test_greyed_with_its_reason(qtbot: QtBot, tmp_path: Path) -> None:
    dialog = dialog_in(qtbot, tmp_path)
    assert not dialog.boxes["derived-series"].isEnabled()
    assert dialog.boxes["derived-series"].toolTip() == "the scan is no DICOM"
    assert not dialog.export_button.isEnabled()  # nothing is chosen yet


def test_preview_and_job(qtbot: QtBot, tmp_path: Path) -> None:
    dialog = dialog_in(qtbot, tmp_path)
    dialog.boxes["nifti"].setChecked(True)
    assert dialog.outputs() == (tmp_path / "mr-series-1_denoised.nii.gz",)
    assert "mr-series-1_denoised.nii.gz" in dialog.preview.text()
    job = dialog.job()
    assert (job.exports, job.out, job.strength, job.threshold) == (("nifti",), tmp_path, 0.5, 4.0)


def test_existing_files_are_replaced_only_when_allowed(qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "mr-series-1_denoised.nii.gz").touch()
    dialog = dialog_in(qtbot, tmp_path)
    dialog.boxes["nifti"].setChecked(True)
    assert "exists already" in dialog.preview.text()
    assert not dialog.export_button.isEnabled()
    dialog.overwrite.setChecked(True)
    assert dialog.export_button.isEnabled()
    assert dialog.job().overwrite


def test_impossible_names_are_refused(qtbot: QtBot, tmp_path: Path) -> None:
    dialog = dialog_in(qtbot, tmp_path)
    dialog.boxes["nifti"].setChecked(True)
    for name in ("", "a/b", ".hidden"):
        dialog.name.setText(name)
        assert not dialog.export_button.isEnabled()
