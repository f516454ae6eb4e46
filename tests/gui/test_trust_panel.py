"""The panel of the trust report."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from medae.gui.trust_panel import TrustPanel
from tests.quality.test_summary import TRUST


@pytest.fixture
def panel(qtbot: QtBot) -> TrustPanel:
    made = TrustPanel()
    qtbot.addWidget(made)
    made.resize(292, 600)
    made.show()
    return made


def test_without_a_report_it_says_how_to_get_one(panel: TrustPanel) -> None:
    assert "Denoise the scan (Ctrl+D)" in panel.texts()
    assert panel.hint.isVisible()
    assert not panel.save.isEnabled()
    panel.show_trust(None, has_denoised=True)
    assert "not measured yet" in panel.texts()
    assert panel.save.isEnabled()


def test_it_shows_the_figures(panel: TrustPanel) -> None:
    panel.show_trust(TRUST, has_denoised=True)
    assert not panel.hint.isVisible()
    text = panel.texts()
    for figure in ("25 HU → 10 HU", "1.5 mm → 1.62 mm", "0.04", "20 to 31 HU", "looks like noise", "ct-denoise 0.1.0"):
        assert figure in text
    cells = [[panel.tissues.item(n, column).text() for column in range(4)] for n in range(2)]
    assert cells == [["fat", "−101.2", "−101.6", "−0.31 HU"], ["bone", "512.0", "513.5", "+1.5 HU"]]


def test_another_report_leaves_nothing_of_the_first(panel: TrustPanel) -> None:
    panel.show_trust(TRUST, has_denoised=True)
    panel.show_trust(replace(TRUST, noise_before=7.0, edges=None, tissues=TRUST.tissues[:1]), has_denoised=True)
    assert "7 HU → 10 HU" in panel.texts()
    assert "25 HU" not in panel.texts()
    assert "1.62 mm" not in panel.texts()
    assert panel.tissues.rowCount() == 1


def test_a_warning_is_an_icon_and_a_sentence(panel: TrustPanel) -> None:
    panel.show_trust(TRUST, has_denoised=True)
    assert "No figure is outside its limit" in panel.texts()
    panel.show_trust(replace(TRUST, warnings=("Edges are wider.", "Bone moved.")), has_denoised=True)
    assert "No figure is outside its limit" not in panel.texts()
    assert "Edges are wider." in panel.texts()
    icons = [label for label in panel.findChildren(QLabel) if label.accessibleName() == "Warning"]
    assert len(icons) == 2
    assert not icons[0].pixmap().isNull()


def test_a_weaker_picture_is_told(panel: TrustPanel) -> None:
    panel.show_trust(TRUST, has_denoised=True)
    panel.show_strength(1.0)
    assert not panel.weaker.isVisible()
    panel.show_strength(0.6)
    assert panel.weaker.isVisible()
    assert "60 %" in panel.weaker.text()


def test_nothing_is_wider_than_the_panel(qtbot: QtBot, panel: TrustPanel) -> None:
    long = "A sentence that is so long that it has to go over several lines of a narrow panel. " * 2
    panel.show_trust(replace(TRUST, warnings=(long,)), has_denoised=True)

    def labels() -> list[QLabel]:
        return [label for label in panel.findChildren(QLabel) if label.isVisible()]

    qtbot.waitUntil(lambda: len(labels()) > 20)
    assert all(label.mapTo(panel, label.rect().topRight()).x() < panel.width() for label in labels())
    assert not panel.tissues.horizontalScrollBar().isVisible()


def test_a_new_report_waits_for_its_own_noise_map(panel: TrustPanel) -> None:
    panel.show_trust(TRUST, has_denoised=True)
    panel.noise_map.show_pixels(np.zeros((4, 4), np.uint8), np.zeros((256, 3), np.uint8), ("0", "1", "2 HU"))
    assert not panel.noise_map.is_empty
    panel.show_trust(replace(TRUST, noise_before=3.0), has_denoised=True)
    assert panel.noise_map.is_empty


def test_keys_and_names(qtbot: QtBot, panel: TrustPanel) -> None:
    panel.show_trust(TRUST, has_denoised=True)
    assert panel.tissues.accessibleName() == "Bias by tissue"
    assert panel.noise_map.accessibleName() == "Noise map of the middle slice"
    panel.save.setFocus()
    with qtbot.waitSignal(panel.save_wanted):
        qtbot.keyClick(panel.save, Qt.Key.Key_Space)
