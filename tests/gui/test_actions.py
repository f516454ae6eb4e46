"""Menus, toolbar and shortcuts."""

from collections import Counter

import pytest
from PySide6.QtGui import QAction
from pytestqt.qtbot import QtBot

from medae.gui.main_window import MainWindow


def test_no_shortcut_is_used_twice(window: MainWindow) -> None:
    used = Counter(a.shortcut().toString() for a in window.findChildren(QAction) if not a.shortcut().isEmpty())
    assert {"Ctrl+D", "Ctrl+T", "Ctrl+E", "F1"} <= set(used)
    assert max(used.values()) == 1


def test_every_action_says_what_it_does(window: MainWindow) -> None:
    assert all(action.toolTip() for action in window.findChildren(QAction) if action.text())


@pytest.mark.parametrize(("text", "plane"), [("Coronal", "coronal"), ("Sagittal", "sagittal"), ("Axial", "axial")])
def test_planes(opened: MainWindow, text: str, plane: str) -> None:
    next(a for a in opened.findChildren(QAction) if a.text() == text).trigger()
    assert opened.model.plane == plane


def test_presets_set_the_window(opened: MainWindow) -> None:
    actions = opened.actions_
    opened.model.set_window(1.0, 2.0)
    actions.presets.activated.emit(0)
    assert opened.model.window_width > 2.0


def test_comparing_layouts_need_a_denoised_scan(qtbot: QtBot, opened: MainWindow) -> None:
    difference = next(a for a in opened.findChildren(QAction) if a.text() == "Difference")
    assert not difference.isEnabled()
    assert opened.session.result is not None
    opened.model.set_denoised(opened.session.result.original)
    assert difference.isEnabled()
    difference.trigger()
    assert opened.model.layout == "difference"


def test_recent_menu(window: MainWindow) -> None:
    opened = []
    window.actions_.show_recent([("a", lambda: opened.append("a"))])
    window.actions_.recent.actions()[0].trigger()
    assert opened == ["a"]
