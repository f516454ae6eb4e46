from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from medae.gui.chart_key import ChartKey


def colours(key: ChartKey) -> set[str]:
    image = key.grab().toImage()
    return {QColor(image.pixel(x, y)).name() for x in range(0, image.width(), 2) for y in range(40, image.height(), 2)}


def test_groups_are_listed_with_their_colours(qtbot: QtBot) -> None:
    key = ChartKey()
    qtbot.addWidget(key)
    key.resize(180, 300)
    key.show_groups("Series", [("one", "#ff0000", "o"), ("two", "#00ff00", "s"), ("three", "#0000ff", "t1")])
    assert {"#ff0000", "#00ff00", "#0000ff"} <= colours(key)
    assert key.accessibleName() == "Series: one, two, three"


def test_more_groups_than_there_is_room_for(qtbot: QtBot) -> None:
    key = ChartKey()
    qtbot.addWidget(key)
    key.resize(180, 120)
    key.show_groups("Series", [(str(n), "#ff0000", "d") for n in range(50)])
    assert "#ff0000" in colours(key)
    assert len(key.toolTip().splitlines()) == 50


def test_a_bar_has_the_colours_of_its_map(qtbot: QtBot) -> None:
    key = ChartKey()
    qtbot.addWidget(key)
    key.resize(128, 300)
    key.show_values("Score", -1.0, 4.0, "bids:plasma")
    assert len(colours(key)) > 40
    key.clear()
    assert not key.isVisible()
