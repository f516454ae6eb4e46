"""The menu that says which model denoises."""

from PySide6.QtGui import QAction
from pytestqt.qtbot import QtBot

from medae import bundle
from medae.gui.model_menu import ModelMenu


def _texts(menu: ModelMenu) -> list[str]:
    return [action.text() for action in menu.actions() if action.text()]


def test_models_that_fit_are_listed_and_the_used_one_is_checked(qtbot: QtBot) -> None:
    menu = ModelMenu("denoise")
    qtbot.addWidget(menu)
    menu.show_models(bundle.bundles(), "MR", "mr-denoise")
    assert [a.text() for a in menu.actions() if a.isChecked()] == [bundle.find("mr-denoise").title]
    assert bundle.find("ct-denoise").title not in _texts(menu)
    with qtbot.waitSignal(menu.chosen) as chosen:
        menu.actions()[0].trigger()
    assert chosen.args == ["mr-denoise"]


def test_without_a_model_there_is_a_hint(qtbot: QtBot) -> None:
    menu = ModelMenu("anomaly")
    qtbot.addWidget(menu)
    assert "Open a scan" in _texts(menu)[0]
    menu.show_models(bundle.bundles(), "NM", "")
    assert _texts(menu) == ["No model for NM yet", "All models…"]
    with qtbot.waitSignal(menu.more):
        menu.actions()[-1].trigger()


def test_what_is_offered_with_a_model_stays_when_the_list_changes(qtbot: QtBot) -> None:
    offered = QAction("Adapt to this scan")
    menu = ModelMenu("denoise", (offered,))
    qtbot.addWidget(menu)
    for _ in range(2):
        menu.show_models(bundle.bundles(), "MR", "mr-denoise")
        assert offered in menu.actions()
    menu.show_models(bundle.bundles(), "NM", "")
    assert offered not in menu.actions()
