"""The list of models."""

from pathlib import Path

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from medae import bundle
from medae.bundle import Damaged
from medae.gui.model_list import ModelList

BROKEN = Damaged("broken", Path("/models/broken"), "its weights are missing", False)


def made(qtbot: QtBot) -> ModelList:
    listed = ModelList()
    qtbot.addWidget(listed)
    return listed


def test_groups_facts_and_damage_are_shown(qtbot: QtBot) -> None:
    listed = made(qtbot)
    listed.show_entries((*bundle.bundles(), BROKEN))
    texts = [listed.item(row).text() for row in range(listed.count())]
    assert texts[0] == "CAME WITH MEDAE"
    assert "CT denoiser\nct-denoise\ndenoise · denoising · CT" in texts
    assert texts[-2] == "CANNOT BE USED"
    assert texts[-1].startswith("broken\nDamaged")
    assert listed.item(listed.count() - 1).toolTip() == "its weights are missing"
    assert listed.item(0).flags() == Qt.ItemFlag.NoItemFlags


def test_the_first_usable_one_is_chosen_where_none_is_named(qtbot: QtBot) -> None:
    listed = made(qtbot)
    with qtbot.waitSignal(listed.chosen) as caught:
        listed.show_entries((BROKEN, *bundle.bundles()))
    assert [one.name for one in caught.args[0]] == [bundle.bundles()[0].name]


def test_several_can_be_chosen(qtbot: QtBot) -> None:
    listed = made(qtbot)
    listed.show_entries((*bundle.bundles(), BROKEN), ("mr-denoise", "broken"))
    assert [one.name for one in listed.entries()] == ["mr-denoise", "broken"]
    listed.select(("nothing",))
    assert len(listed.entries()) == 1


def test_an_empty_list_chooses_nothing(qtbot: QtBot) -> None:
    listed = made(qtbot)
    with qtbot.waitSignal(listed.chosen) as caught:
        listed.show_entries(())
    assert caught.args[0] == ()
