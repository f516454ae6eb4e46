"""Colour bars."""

import pytest
from PySide6.QtGui import QColor, QImage, QPainter
from pytestqt.qtbot import QtBot

from medae.gui.color_bar import paint_color_bar
from medae.gui.viewer_model import Content, ViewerModel
from medae.windowing import HEATMAP_COLORMAP, color_table
from tests.gui.viewer_scans import full_model, signed_model


def bar(model: ViewerModel, content: Content) -> QImage:
    image = QImage(300, 400, QImage.Format.Format_RGB32)
    image.fill(QColor("black"))
    painter = QPainter(image)
    paint_color_bar(painter, 300, 400, model, content)
    painter.end()
    return image


def test_heatmap_bar_ends_in_the_last_colour_and_is_dim_below_the_threshold(qtbot: QtBot) -> None:
    image = bar(full_model(), "heatmap")
    top, bottom = image.pixelColor(264, 111), image.pixelColor(264, 288)
    last = color_table(HEATMAP_COLORMAP)[-1]
    assert abs(top.red() - int(last[0])) < 12
    assert bottom.value() < 60


@pytest.mark.parametrize("content", ["original", "denoised", "swipe"])
def test_grey_panes_have_no_bar(qtbot: QtBot, content: Content) -> None:
    blank = QImage(300, 400, QImage.Format.Format_RGB32)
    blank.fill(QColor("black"))
    assert bar(full_model(), content) == blank


def test_difference_bar_is_drawn(qtbot: QtBot) -> None:
    image = bar(full_model(), "difference")
    assert image.pixelColor(264, 115).red() > image.pixelColor(264, 115).blue()
    assert image.pixelColor(264, 285).blue() > image.pixelColor(264, 285).red()


def test_signed_bar_is_blue_below_and_red_above_and_dim_between_the_thresholds(qtbot: QtBot) -> None:
    model = signed_model()
    model.heatmap_signed = True
    image = bar(model, "heatmap")
    top, middle, bottom = (image.pixelColor(264, y) for y in (115, 205, 285))
    assert top.red() > top.blue()
    assert bottom.blue() > bottom.red()
    assert middle.value() < 40


def test_outside_the_domain_the_bar_is_grey(qtbot: QtBot) -> None:
    model = signed_model(("its contrast is unlike",))
    model.heatmap_signed = True
    image = bar(model, "heatmap")
    assert image.pixelColor(264, 115).saturation() == 0
    assert image.pixelColor(264, 115).value() > 200


@pytest.mark.parametrize("content", ["heatmap", "difference"])
def test_in_a_tall_pane_the_bar_lies_below_the_image(qtbot: QtBot, content: Content) -> None:
    image = QImage(230, 680, QImage.Format.Format_RGB32)
    image.fill(QColor("black"))
    painter = QPainter(image)
    paint_color_bar(painter, 230, 680, full_model(), content)
    painter.end()
    drawn = [(x, y) for x in range(230) for y in range(680) if image.pixelColor(x, y).value() > 90]
    assert min(y for _, y in drawn) > 560
    assert max(x for x, _ in drawn) - min(x for x, _ in drawn) > 150
