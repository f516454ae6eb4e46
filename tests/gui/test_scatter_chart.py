import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from medae.gui.scatter_chart import ScatterChart

POINTS = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])


@pytest.fixture
def chart(qtbot: QtBot) -> ScatterChart:
    made = ScatterChart("Nothing yet")
    qtbot.addWidget(made)
    made.resize(400, 300)
    made.show()
    made.show_points(POINTS, "x", "y")
    qtbot.waitExposed(made)
    qtbot.wait(20)  # pyqtgraph sets its range when it paints
    return made


def viewport(chart: ScatterChart) -> QWidget:
    return chart._plot.viewport()


def place(chart: ScatterChart, point: int) -> QPoint:
    return viewport(chart).mapFrom(chart, chart.place_of(point).toPoint())


def test_a_hint_until_there_are_points(qtbot: QtBot) -> None:
    made = ScatterChart("Nothing yet")
    qtbot.addWidget(made)
    assert made.is_empty
    made.show_points(POINTS, "x", "y")
    assert not made.is_empty
    made.show_points(np.empty((0, 2)), "", "")
    assert made.is_empty


@pytest.mark.parametrize("point", range(4))
def test_a_click_chooses_the_point_under_it(qtbot: QtBot, chart: ScatterChart, point: int) -> None:
    with qtbot.waitSignal(chart.chosen) as heard:
        qtbot.mouseClick(viewport(chart), Qt.MouseButton.LeftButton, pos=place(chart, point) + QPoint(2, 2))
    assert heard.args == [point, False]


def test_shift_chooses_the_second(qtbot: QtBot, chart: ScatterChart) -> None:
    with qtbot.waitSignal(chart.chosen) as heard:
        qtbot.mouseClick(
            viewport(chart), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ShiftModifier, pos=place(chart, 2)
        )
    assert heard.args == [2, True]


def test_a_double_click_activates(qtbot: QtBot, chart: ScatterChart) -> None:
    with qtbot.waitSignal(chart.activated) as heard:
        qtbot.mouseDClick(viewport(chart), Qt.MouseButton.LeftButton, pos=place(chart, 1))
    assert heard.args == [1]


def test_nothing_is_chosen_between_points(qtbot: QtBot, chart: ScatterChart) -> None:
    middle = (chart.place_of(0) + chart.place_of(2)) / 2
    with qtbot.assertNotEmitted(chart.chosen, wait=30):
        qtbot.mouseClick(
            viewport(chart), Qt.MouseButton.LeftButton, pos=viewport(chart).mapFrom(chart, middle.toPoint())
        )


def test_the_point_under_the_mouse_is_told_once(qtbot: QtBot, chart: ScatterChart) -> None:
    heard: list[int] = []
    chart.hovered.connect(heard.append)
    scene = chart._plot.mapToScene(place(chart, 3))
    chart._moved(scene)
    chart._moved(scene + QPointF(1, 1))
    chart._moved(scene + QPointF(60, 60))
    assert heard == [3, -1]


def test_colours_and_marks(chart: ScatterChart) -> None:
    chart.paint(np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 0, 0]], np.uint8), ["o", "s", "o", "o"])
    brushes = [spot.brush().color().name() for spot in chart._dots.points()]
    assert brushes == ["#ff0000", "#00ff00", "#0000ff", "#ff0000"]
    chart.mark(1, None)
    assert len(chart._rings.points()) == 1
    chart.mark(1, 2)
    assert len(chart._rings.points()) == 2
    chart.mark(None, None)
    assert len(chart._rings.points()) == 0
