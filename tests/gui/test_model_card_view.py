"""What is shown of models: card, figures, pictures, comparison, damage."""

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtGui import QImage, QTextDocument
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from medae import bundle
from medae.bundle import BundleInfo, Damaged
from medae.gui.model_card_view import ModelCardView, read_details

CARD = "# CT denoiser\n\nText with <script>bad()</script> and ![p](preview.png) ![q](http://example.org/a.png)"


@pytest.fixture
def own(tmp_path: Path) -> BundleInfo:
    info = bundle.find("ct-denoise")
    folder = tmp_path / "own"
    (folder / "docs").mkdir(parents=True)
    (folder / "docs" / "README.md").write_text(CARD)
    image = QImage(1200, 30, QImage.Format.Format_RGB32)
    image.fill(0xFF3366)
    image.save(str(folder / "docs" / "preview.png"))
    (folder / "docs" / "broken.png").write_bytes(b"no picture")
    return replace(info, name="own", folder=folder, shipped=False)


@pytest.fixture
def view(qtbot: QtBot) -> ModelCardView:
    made = ModelCardView()
    qtbot.addWidget(made)
    made.resize(900, 600)
    made.show()
    return made


def figures(view: ModelCardView) -> dict[str, list[str]]:
    table = view.figures
    return {
        table.item(row, 0).text(): [table.item(row, column).text() for column in range(1, table.columnCount())]
        for row in range(table.rowCount())
    }


def test_a_shipped_model_is_described(view: ModelCardView) -> None:
    info = bundle.find("ct-denoise")
    view.show_details(read_details([info]))
    assert view.title.text() == "CT denoiser"
    assert "came with MedAE" in view.line.text()
    assert "982,912 parameters" in view.line.text()
    assert "Research use only" in view.card.toPlainText()
    assert "rmse_hu_photons_200000" in view.card.toPlainText()
    shown = figures(view)
    assert shown["rmse hu photons 200000, denoised"] == [f"{info.metrics['rmse_hu_photons_200000']['denoised']:.4g}"]
    assert shown["Weights' SHA-256"] == [info.sha256]
    assert shown["Recipe: learning rate"] == ["0.0004"]
    assert view.figures.horizontalHeader().isHidden()
    assert not view.tabs.isTabVisible(2)


def test_pictures_are_shown_and_broken_ones_left_out(view: ModelCardView, own: BundleInfo) -> None:
    view.show_details(read_details([own]))
    assert view.tabs.isTabVisible(2)
    widths = [label.pixmap().width() for label in view.pictures.findChildren(QLabel) if not label.pixmap().isNull()]
    assert widths == [880]


def test_the_card_of_a_stranger_does_nothing(view: ModelCardView, own: BundleInfo) -> None:
    view.show_details(read_details([own]))
    assert "<script>" in view.card.toPlainText()
    image = QTextDocument.ResourceType.ImageResource.value
    assert view.card.loadResource(image, "preview.png") is not None
    for url in ("http://example.org/a.png", "/etc/passwd", "../configs/metadata.json", "file:///etc/hosts"):
        assert view.card.loadResource(image, url) is None
    assert not view.card.openLinks()


def test_a_missing_card_is_said(view: ModelCardView, own: BundleInfo) -> None:
    own.card.unlink()
    view.show_details(read_details([own]))
    assert "no card" in view.card.toPlainText()


def test_several_are_compared(view: ModelCardView) -> None:
    models = [bundle.find(name) for name in ("ct-denoise", "mr-anomaly")]
    view.show_details(read_details(models))
    assert view.title.text() == "2 models compared"
    assert figures(view)["Task"] == ["denoise", "anomaly"]
    assert not view.tabs.isTabVisible(0)
    assert view.tabs.currentIndex() == 1
    assert [view.figures.horizontalHeaderItem(n).text() for n in (1, 2)] == ["ct-denoise", "mr-anomaly"]


def test_damage_is_explained(view: ModelCardView) -> None:
    view.show_damaged(Damaged("bad", Path("/models/bad"), "its weights are missing", False))
    assert view.title.text() == "bad cannot be used"
    assert view.line.text().startswith("Its weights are missing.")
    assert view.tabs.isHidden()
