"""Marks over the image."""

import pytest
from PySide6.QtGui import QColor, QImage, QPainter
from pytestqt.qtbot import QtBot

from medae.gui.overlay import finding_box, paint_overlay
from medae.gui.screen import Screen
from medae.gui.viewer_model import Content, ViewerModel
from tests.gui.viewer_scans import full_model, signed_model


def test_finding_box_covers_its_voxels_in_every_plane() -> None:
    model = full_model()
    finding = model.findings[0]
    assert finding_box(model, finding) == (10, 10, 20, 20)
    model.go_to((2, 12, 12))
    model.plane = "coronal"
    assert finding_box(model, finding) == (2, 10, 3, 20)
    model.go_to((2, 30, 12))
    assert finding_box(model, finding) is None


def test_hiding_overlays_leaves_the_image_clean(qtbot: QtBot) -> None:
    model = full_model()
    images = []
    for shown in (True, False):
        model.show_overlays = shown
        image = QImage(400, 300, QImage.Format.Format_RGB32)
        image.fill(QColor("black"))
        painter = QPainter(image)
        paint_overlay(painter, Screen(400, 300, (40, 60), (1.0, 1.0)), (400, 300), model, "heatmap", "")
        painter.end()
        images.append(image)
    blank = QImage(400, 300, QImage.Format.Format_RGB32)
    blank.fill(QColor("black"))
    assert images[0] != blank
    assert images[1] == blank


def test_findings_are_not_drawn_over_an_empty_pane(qtbot: QtBot) -> None:
    model = full_model()
    model.show_overlays = True
    drawn = []
    for findings in (model.findings, ()):
        model.findings = findings
        image = QImage(400, 300, QImage.Format.Format_RGB32)
        image.fill(QColor("black"))
        painter = QPainter(image)
        paint_overlay(painter, Screen(400, 300, (40, 60), (1.0, 1.0)), (400, 300), model, "denoised", "Denoise me")
        painter.end()
        drawn.append(image)
    assert drawn[0] == drawn[1]


def painted(model: ViewerModel, content: Content) -> QImage:
    image = QImage(400, 300, QImage.Format.Format_RGB32)
    image.fill(QColor("black"))
    painter = QPainter(image)
    paint_overlay(painter, Screen(400, 300, (40, 60), (1.0, 1.0)), (400, 300), model, content, "")
    painter.end()
    return image


def test_a_scan_outside_the_domain_is_warned_about_on_the_heatmap_even_without_overlays(qtbot: QtBot) -> None:
    known, strange = signed_model(), signed_model(("its contrast is unlike that of the normal scans",))
    for model in (known, strange):
        model.show_overlays = False
    assert painted(strange, "heatmap") != painted(known, "heatmap")
    assert painted(strange, "original") == painted(known, "original")
    strange.show_heatmap = False
    assert painted(strange, "heatmap") == painted(known, "heatmap")


def test_the_warning_covers_no_part_of_a_colour_bar_that_lies_below(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = signed_model(("it differs 2.8 times as much from the model's normal scans as they do among themselves",))

    def painted() -> list[list[int]]:
        image = QImage(228, 680, QImage.Format.Format_RGB32)
        image.fill(QColor("black"))
        painter = QPainter(image)
        paint_overlay(painter, None, (228, 680), model, "heatmap", "")
        painter.end()
        return [[image.pixel(x, y) for x in range(228)] for y in range(680)]

    warned = painted()
    monkeypatch.setattr("medae.gui.captions.outside", lambda model: "")
    plain = painted()
    rows = [y for y in range(680) if warned[y] != plain[y]]
    assert len(rows) > 40
    drawn = [y for y in range(540, 620) if any(pixel & 0xFFFFFF for pixel in plain[y])]
    assert max(rows) < min(drawn)  # above the threshold's number
