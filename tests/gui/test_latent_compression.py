from pytestqt.qtbot import QtBot

from medae.gui.latent_compression import LatentCompression
from tests.gui.latent_answers import rates


def test_two_lines_and_what_they_are(qtbot: QtBot) -> None:
    panel = LatentCompression()
    qtbot.addWidget(panel)
    assert panel.chart.is_empty
    panel.show_answer(rates())
    assert [line.name for line in panel.chart.lines] == ["Model, 8 numbers", "PCA of the pixels, 8 numbers"]
    assert list(panel.chart.lines[0].y) == [21.0, 22.0, 24.0]
    assert "Model 52.0 dB" in panel.sentence.text()
    assert "1, 2, 4 bits" in panel.sentence.text()
    with qtbot.waitSignal(panel.wanted):
        panel.measure_button.click()
    panel.clear()
    assert panel.chart.is_empty
