"""Curves."""

import pytest
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from medae.gui.line_chart import Line, LineChart


@pytest.fixture
def chart(qtbot: QtBot) -> LineChart:
    made = LineChart("Nothing yet.")
    qtbot.addWidget(made)
    made.resize(400, 300)
    made.show()
    return made


def pixels_of(chart: LineChart, colour: str) -> int:
    image = chart.grab().toImage()
    wanted = QColor(colour)
    return sum(
        abs(image.pixelColor(x, y).red() - wanted.red()) < 12
        and abs(image.pixelColor(x, y).green() - wanted.green()) < 12
        and abs(image.pixelColor(x, y).blue() - wanted.blue()) < 12
        for x in range(70, image.width())
        for y in range(image.height())
    )


def test_the_hint_gives_way_to_the_lines(chart: LineChart) -> None:
    assert chart.is_empty
    chart.show_lines([Line("total", [1, 2, 3], [3.0, 2.0, 1.5], "#ff0000", width=3)])
    assert not chart.is_empty
    assert pixels_of(chart, "#ff0000") > 100
    assert chart.accessibleDescription() == "total 1.5"
    chart.show_lines([])
    assert chart.is_empty
    assert pixels_of(chart, "#ff0000") == 0


def test_one_value_is_a_dot(chart: LineChart) -> None:
    chart.show_lines([Line("total", [1], [3.0], "#ff0000")])
    assert pixels_of(chart, "#ff0000") > 10


def test_gaps_do_no_harm(chart: LineChart) -> None:
    chart.show_lines([Line("kl", [1, 2, 3], [float("nan"), 0.0, 1.0], "#00ff00")])
    assert not chart.is_empty
    chart.set_log(True)
    assert not chart.is_empty
    chart.show_lines([Line("kl", [1, 2], [0.0, -1.0], "#00ff00")])
    assert chart.is_empty  # nothing of it can stand on a logarithmic axis
    chart.set_log(False)
    assert not chart.is_empty


def test_logarithmic_axis_makes_a_decay_straight(chart: LineChart) -> None:
    decay = Line("total", [0, 1, 2], [1.0, 0.1, 0.01])
    chart.show_lines([decay])
    chart.set_log(True)
    x, y = chart._item.listDataItems()[0].getData()
    assert list(x) == [0, 1, 2]
    assert y == pytest.approx([0, -1, -2])
