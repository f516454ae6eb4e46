from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from medae.gui.latent_setup import LatentSetup


@pytest.fixture
def setup(qtbot: QtBot) -> LatentSetup:
    made = LatentSetup()
    qtbot.addWidget(made)
    return made


def test_the_shipped_models_are_offered(setup: LatentSetup) -> None:
    names = [setup.model.itemData(n) for n in range(setup.model.count())]
    assert "mr-denoise" in names
    setup.set_model("mr-denoise")
    setup.refresh_models()
    assert setup.model_name == "mr-denoise"
    setup.set_model("not there")
    assert setup.model_name == "mr-denoise"


def test_encode_needs_scans_and_rest(setup: LatentSetup) -> None:
    assert not setup.encode_button.isEnabled()
    setup.set_paths([Path("/scans/a.nii"), Path("/scans/b.nii")])
    assert setup.encode_button.isEnabled()
    assert setup.paths_label.text() == "a.nii and 1 more"
    setup.show_busy(True)
    setup.show_progress(0.5, "Encoding")
    assert not setup.encode_button.isEnabled()
    assert not setup.cancel_button.isHidden()
    assert setup.bar.value() == 500
    setup.show_busy(False)
    assert setup.cancel_button.isHidden()


def test_modality(setup: LatentSetup) -> None:
    assert setup.chosen_modality is None
    setup.set_modality("DX")
    assert setup.modality.currentText() == "X-ray"
    setup.set_modality(None)
    assert setup.chosen_modality is None
