"""One pane."""

from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from medae.gui.image_pane import ImagePane
from medae.gui.viewer_model import ViewerModel
from tests.gui.viewer_scans import full_model


def test_the_slice_lies_where_the_screen_map_says(qtbot: QtBot) -> None:
    model = full_model()
    model.show_overlays = False
    pane = ImagePane(model, "denoised")
    qtbot.addWidget(pane)
    pane.resize(300, 300)
    pane.show()
    pane.refresh()
    QApplication.processEvents()
    image = pane.grab().toImage()
    assert image.pixelColor(150, 52).value() > 80
    assert image.pixelColor(150, 46).value() == 0
    assert image.pixelColor(3, 150).value() > 80


def test_an_empty_pane_says_what_to_do(qtbot: QtBot) -> None:
    pane = ImagePane(ViewerModel(), "original")
    qtbot.addWidget(pane)
    pane.refresh()
    assert "Open a scan" in pane.accessibleDescription()
