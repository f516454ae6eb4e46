"""One pane."""

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from medae.gui.image_pane import ImagePane
from medae.gui.viewer_model import ViewerModel
from medae.volume import Volume, Window
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


@pytest.mark.parametrize("degrees", [-20, 20])
def test_slices_across_a_gantry_tilt_are_drawn_with_true_lengths_and_angles(qtbot: QtBot, degrees: float) -> None:
    angle = np.deg2rad(degrees)
    affine = np.array(
        [[0, 0, 1.0, 0], [0, np.cos(angle), 0, 0], [6.0, np.sin(angle), 0, 0], [0, 0, 0, 1]]
    )  # slices along z, their columns leaning towards it
    array = np.zeros((10, 60, 40), np.int16)
    array[3, 20, 15] = array[7, 45, 15] = 100
    model = ViewerModel()
    model.set_original(Volume(array, affine, "CT", windows=(Window(50, 100),)))
    model.plane = "sagittal"
    model.go_to((3, 20, 15))
    model.show_overlays = False
    pane = ImagePane(model, "original")
    qtbot.addWidget(pane)
    pane.resize(500, 500)
    pane.show()
    pane.refresh()
    screen = pane.screen_map()
    assert screen is not None
    places = []
    image = pane.grab().toImage()
    for index in ((3, 20, 15), (7, 45, 15)):
        _, row, column = model.current_plane.to_screen(index)
        x, y = screen.to_pixel(row + 0.5, column + 0.5)
        assert image.pixelColor(int(x), int(y)).value() > 200
        places.append((x, y))
    apart = affine[:3, :3] @ (4.0, 25.0, 0.0)
    assert np.hypot(*np.subtract(*places)) / screen.scale == pytest.approx(np.linalg.norm(apart))
    right, down = screen.row_step
    assert abs(right / np.hypot(right, down)) == pytest.approx(abs(np.sin(angle)))


def test_an_empty_pane_says_what_to_do(qtbot: QtBot) -> None:
    pane = ImagePane(ViewerModel(), "original")
    qtbot.addWidget(pane)
    pane.refresh()
    assert "Open a scan" in pane.accessibleDescription()
