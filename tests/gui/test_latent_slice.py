from pytestqt.qtbot import QtBot

from medae.gui.latent_points import LatentPoints
from medae.gui.latent_slice import LatentSlice
from tests.gui.latent_answers import images, map_answer


def test_a_slice_beside_its_reconstruction(qtbot: QtBot) -> None:
    panel = LatentSlice()
    qtbot.addWidget(panel)
    assert not panel.show_button.isEnabled()
    panel.show_point(LatentPoints.of(map_answer()), 3)
    panel.show_images(images(2)["images"])
    assert panel.title.text() == "one_T1, slice 4 of 20"
    assert panel.original.pixels is not None
    assert panel.reconstruction.pixels is not None
    assert (panel.original.pixels.max(), panel.reconstruction.pixels.max()) == (0, 10)
    with qtbot.waitSignal(panel.show_wanted):
        panel.show_button.click()
    panel.clear()
    assert panel.original.pixels is None
    assert not panel.show_button.isEnabled()
