from pytestqt.qtbot import QtBot

from medae.gui.latent_samples import LatentSamples
from medae.jobs.questions import Sample
from tests.gui.latent_answers import images


def test_without_a_prior_samples_are_from_the_fitted_distribution(qtbot: QtBot) -> None:
    panel = LatentSamples()
    qtbot.addWidget(panel)
    panel.set_prior("No prior.")
    assert "No prior." in panel.image.hint
    with qtbot.waitSignal(panel.wanted) as heard:
        panel.sample_button.click()
    assert heard.args[0].source == "fitted"
    panel.set_prior("")
    with qtbot.waitSignal(panel.wanted) as heard:
        panel.sample_button.click()
    assert heard.args[0].source == "prior"


def test_grid_and_seed(qtbot: QtBot) -> None:
    panel = LatentSamples()
    qtbot.addWidget(panel)
    panel.side.setCurrentIndex(0)
    with qtbot.waitSignal(panel.wanted) as heard:
        panel.sample_button.click()
    assert heard.args == [Sample(count=9, seed=0)]
    with qtbot.waitSignal(panel.wanted) as heard:
        panel.next_button.click()
    assert heard.args == [Sample(count=9, seed=1)]
    panel.show_images(images(9)["images"])
    assert panel.image.pixels is not None
    assert panel.image.pixels.shape == (3 * 34 - 2, 3 * 34 - 2)
    assert panel.image.pixels[-1, -1] == 80
    panel.clear()
    assert panel.image.pixels is None
