from pytestqt.qtbot import QtBot

from medae.gui.latent_blend import STEPS, LatentBlend
from medae.gui.latent_points import LatentPoints
from medae.jobs.questions import Between
from tests.gui.latent_answers import images, map_answer


def test_strip_and_slider(qtbot: QtBot) -> None:
    panel = LatentBlend()
    qtbot.addWidget(panel)
    assert not panel.slider.isEnabled()
    with qtbot.waitSignals([panel.strip_wanted, panel.image_wanted]):
        panel.set_ends(LatentPoints.of(map_answer()), 2, 25)
    assert panel.second.text() == "two (2), slice 6 of 10"
    with qtbot.waitSignal(panel.image_wanted) as heard:
        panel.slider.setValue(0.25)
    assert heard.args == [Between(first=2, second=25, shares=(0.25,))]
    panel.show_strip(images(STEPS)["images"])
    panel.show_image(images(1)["images"])
    assert panel.strip.pixels is not None
    assert panel.strip.pixels.shape == (32, STEPS * 34 - 2)
    panel.clear()
    with qtbot.assertNotEmitted(panel.image_wanted, wait=20):
        panel.slider.setValue(0.75)
