"""Asking what kind of scan it is."""

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from medae.gui.modality_bar import ModalityBar


@pytest.mark.parametrize("modality", ["CT", "MR", "DX"])
def test_each_button_names_its_modality(qtbot: QtBot, modality: str) -> None:
    bar = ModalityBar()
    qtbot.addWidget(bar)
    bar.show()
    with qtbot.waitSignal(bar.chosen) as caught:
        qtbot.mouseClick(bar.buttons[modality], Qt.MouseButton.LeftButton)
    assert caught.args == [modality]
