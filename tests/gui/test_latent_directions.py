import pytest
from pytestqt.qtbot import QtBot

from medae.gui.latent_directions import LatentDirections
from medae.gui.latent_points import LatentPoints
from medae.jobs.questions import Move
from tests.gui.latent_answers import map_answer


@pytest.fixture
def panel(qtbot: QtBot) -> LatentDirections:
    made = LatentDirections()
    qtbot.addWidget(made)
    return made


def test_as_many_sliders_as_directions(panel: LatentDirections, qtbot: QtBot) -> None:
    with qtbot.waitSignal(panel.moved) as heard:
        panel.set_points(LatentPoints.of(map_answer()))
    assert heard.args == [Move(deviations=(0.0,) * 4)]
    assert "50.0 %" in panel.names[0].text()


def test_a_slider_moves_the_code(panel: LatentDirections, qtbot: QtBot) -> None:
    panel.set_points(LatentPoints.of(map_answer()))
    with qtbot.waitSignal(panel.moved) as heard:
        panel.sliders[1].setValue(-1.5)
    assert heard.args == [Move(deviations=(0.0, -1.5, 0.0, 0.0))]
    with qtbot.waitSignal(panel.moved) as heard:
        panel.reset_button.click()
    assert heard.args == [Move(deviations=(0.0,) * 4)]


def test_a_chosen_slice_is_the_start(panel: LatentDirections, qtbot: QtBot) -> None:
    panel.set_points(LatentPoints.of(map_answer()))
    panel.sliders[0].setValue(2.0)
    with qtbot.waitSignal(panel.moved) as heard:
        panel.set_point(7)
    assert heard.args == [Move(start=7, deviations=(0.0,) * 4)]
    with qtbot.waitSignal(panel.moved) as heard:
        panel.start.setCurrentIndex(0)
    assert heard.args[0].start is None
