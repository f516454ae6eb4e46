"""How an export is written, as fields of the job."""

import pytest
from pytestqt.qtbot import QtBot

from medae.confidentiality import Deidentify
from medae.gui.export_settings import ExportSettings


def test_nothing_is_done_unless_asked_for(qtbot: QtBot) -> None:
    settings = ExportSettings()
    qtbot.addWidget(settings)
    assert settings.values() == {"compression": "none", "deterministic_uids": False, "deidentify": None}
    assert not settings.form.isVisibleTo(settings)


def test_what_was_chosen(qtbot: QtBot) -> None:
    settings = ExportSettings()
    qtbot.addWidget(settings)
    with qtbot.waitSignal(settings.changed):
        settings.compression.setCurrentIndex(settings.compression.findData("jpeg-2000"))
    with qtbot.waitSignal(settings.changed):
        settings.deidentify.setChecked(True)
    assert settings.form.isVisibleTo(settings)
    settings.form.findChild(object, "option_patient_id").setText("S 7")
    dates = settings.form.findChild(object, "option_dates")
    dates.setCurrentIndex(dates.findData("shift"))
    settings.form.findChild(object, "option_keep_device").setChecked(True)
    values = settings.values()
    assert values["compression"] == "jpeg-2000"
    assert values["deidentify"] == Deidentify(patient_id="S 7", dates="shift", keep_device=True)


def test_an_impossible_patient_id_is_said(qtbot: QtBot) -> None:
    settings = ExportSettings()
    qtbot.addWidget(settings)
    settings.deidentify.setChecked(True)
    settings.form.findChild(object, "option_patient_id").setText("a\\b")
    with pytest.raises(ValueError, match="backslash"):
        settings.values()
