"""The list of series."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from medae.gui.series_browser import MOST_SKIPPED, SeriesBrowser
from medae.readers import Skipped
from medae.volume import Source


def test_a_series_says_what_it_is_and_what_to_beware_of(qtbot: QtBot) -> None:
    browser = SeriesBrowser()
    qtbot.addWidget(browser)
    browser.add(Source(modality="CT", description="Thorax", shape=(60, 512, 512), warnings=("Slice 7 is missing.",)))
    item = browser.list.item(0)
    assert "Slice 7 is missing." in item.toolTip()
    spoken = item.data(Qt.ItemDataRole.AccessibleTextRole)
    assert "Thorax" in spoken
    assert "512 × 512 × 60" in spoken
    browser.set_thumbnail(0, QImage(10, 10, QImage.Format.Format_Grayscale8))
    browser.show()
    assert not browser.grab().isNull()


def test_choosing_a_series(qtbot: QtBot) -> None:
    browser = SeriesBrowser()
    qtbot.addWidget(browser)
    for name in ("one", "two"):
        browser.add(Source(description=name, shape=(1, 2, 3)))
    with qtbot.assertNotEmitted(browser.chosen):
        browser.set_current(0)
    with qtbot.waitSignal(browser.chosen) as caught:
        browser.list.setCurrentRow(1)
    assert caught.args == [1]


def test_a_growing_series_says_so(qtbot: QtBot) -> None:
    browser = SeriesBrowser()
    qtbot.addWidget(browser)
    browser.add(Source(modality="CT", shape=(3, 512, 512)))
    browser.describe(0, Source(modality="CT", shape=(4, 512, 512)), growing=True)
    spoken = browser.list.item(0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert spoken.endswith("512 × 512 × 4 …")


def test_skipped_files_give_their_reason(qtbot: QtBot) -> None:
    browser = SeriesBrowser()
    qtbot.addWidget(browser)
    browser.add_skipped([Skipped(Path("notes.txt"), "it is no image")])
    assert browser.skipped.item(0).text() == "notes.txt: it is no image"


def test_very_many_skipped_files_are_counted(qtbot: QtBot) -> None:
    browser = SeriesBrowser()
    qtbot.addWidget(browser)
    for _ in range(2):
        browser.add_skipped([Skipped(Path(f"{n}.txt"), "it is no image") for n in range(150)])
    assert browser.skipped.count() == MOST_SKIPPED
    assert any(label.text() == "300 FILES NOT READ, 200 SHOWN" for label in browser.findChildren(QLabel))


def test_what_can_be_made_of_the_selected_series(qtbot: QtBot) -> None:
    browser = SeriesBrowser()
    qtbot.addWidget(browser)
    browser.add(Source(shape=(4, 2, 3), warnings=("Gap of 7.50 mm between a and b …",)))
    browser.add(Source(shape=(1, 2, 3), warnings=("Gantry tilt of 3°",)))

    def offered() -> list[str]:
        return [action.text() for action in browser.menu().actions() if action.isEnabled()]

    browser.list.setCurrentRow(1)
    assert offered() == []
    browser.list.setCurrentRow(0)
    assert offered() == ["Take the largest even block of slices", "Take every slice by itself"]
    with qtbot.waitSignal(browser.rearranged) as caught:
        browser.menu().actions()[1].trigger()
    assert caught.args == ["single", [0]]
    browser.list.selectAll()
    assert offered() == ["Put the selected series together"]
    with qtbot.waitSignal(browser.rearranged) as caught:
        browser.menu().actions()[2].trigger()
    assert caught.args == ["merged", [0, 1]]
