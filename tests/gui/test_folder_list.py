"""The list of folders."""

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from medae.gui.folder_list import FolderList


@pytest.fixture
def folders(qtbot: QtBot) -> FolderList:
    made = FolderList()
    qtbot.addWidget(made)
    made.show()
    return made


def test_dropped_folders_are_listed_once(qtbot: QtBot, folders: FolderList, tmp_path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path)), QUrl("https://example.org/scan")])
    event = QDropEvent(
        QPointF(5, 5), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    with qtbot.waitSignal(folders.changed):
        folders.dropEvent(event)
    with qtbot.assertNotEmitted(folders.changed):
        folders.dropEvent(event)
    assert folders.paths() == (tmp_path,)


def test_add_by_the_button_and_remove(
    qtbot: QtBot, folders: FolderList, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not folders.remove_button.isEnabled()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path))
    qtbot.mouseClick(folders.add_button, Qt.MouseButton.LeftButton)
    assert folders.paths() == (tmp_path,)
    with qtbot.waitSignal(folders.changed):
        qtbot.mouseClick(folders.remove_button, Qt.MouseButton.LeftButton)
    assert folders.paths() == ()


def test_several_are_removed_by_selection(qtbot: QtBot, folders: FolderList) -> None:
    folders.add([Path("/a"), Path("/b"), Path("/c"), Path("/a")])
    assert not folders.remove_button.isEnabled()
    folders.list.setCurrentRow(1)
    qtbot.mouseClick(folders.remove_button, Qt.MouseButton.LeftButton)
    assert folders.paths() == (Path("/a"), Path("/c"))
