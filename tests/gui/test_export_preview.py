"""The list of what will be written."""

from pathlib import Path

import numpy as np
from pytestqt.qtbot import QtBot

from medae.exporters.exporter import Output
from medae.gui.export_preview import ExportPreview
from medae.jobs.export_offer import Choice

RED = np.zeros((8, 4, 3), np.uint8)
RED[..., 0] = 200
CHOICES = (
    Choice("a", "Series", None, (Output("{name}_denoised", 20, 2_000_000, "MedAE denoised: Brain of X"),), RED),
    Choice("b", "Tables", None, (Output("{name}.json", 1), Output("{name}.csv", 1))),
)


def texts(preview: ExportPreview) -> list[list[str]]:
    table = preview.table
    return [[table.item(row, column).text() for column in range(4)] for row in range(table.rowCount())]


def test_rows_totals_and_paths(qtbot: QtBot, tmp_path: Path) -> None:
    preview = ExportPreview()
    qtbot.addWidget(preview)
    paths = preview.show_outputs(CHOICES, tmp_path, "x", anonymous=False)
    assert paths == (tmp_path / "x_denoised", tmp_path / "x.json", tmp_path / "x.csv")
    assert texts(preview) == [
        ["x_denoised/", "20", "2.0 MB", "MedAE denoised: Brain of X"],
        ["x.json", "1", "", ""],
        ["x.csv", "1", "", ""],
    ]
    assert preview.total.text() == "22 files, about 2.0 MB and more before compression"
    preview.show_outputs(CHOICES, tmp_path, "x", anonymous=True)
    assert texts(preview)[0][3] == "MedAE denoised"
    preview.show_outputs((), tmp_path, "x", anonymous=True)
    assert (texts(preview), preview.total.text()) == ([], "")


def test_the_picture_is_that_of_the_row(qtbot: QtBot, tmp_path: Path) -> None:
    preview = ExportPreview()
    qtbot.addWidget(preview)
    preview.show_outputs(CHOICES, tmp_path, "x", anonymous=False)
    shown = preview.picture.pixmap().toImage()
    assert (shown.width() * 2, shown.pixelColor(20, 20).red()) == (shown.height(), 200)
    preview.table.selectRow(1)
    assert preview.picture.pixmap().isNull()
    assert preview.picture.text() == "no picture"


def test_what_exists_is_marked_and_problems_are_said(qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "x.csv").touch()
    preview = ExportPreview()
    qtbot.addWidget(preview)
    preview.show_outputs(CHOICES, tmp_path, "x", anonymous=False)
    tips = [preview.table.item(row, 0).toolTip() for row in range(3)]
    assert ["exists already" in tip for tip in tips] == [False, False, True]
    preview.say("Choose a folder.", ["Text may be burnt in."])
    assert preview.message.text() == "Choose a folder.\n\nText may be burnt in."
    preview.say("")
    assert preview.message.text() == ""
