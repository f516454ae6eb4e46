import sys
import types

import pytest
import typer

from medae.cli import window
from medae.errors import SettingsError

PROBLEM = "medae.gui.system_libraries.window_problem"


def test_what_keeps_the_window_shut_is_said_before_qt_is_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PROBLEM, lambda: "Install libegl1.")
    monkeypatch.setitem(sys.modules, "medae.gui.app", None)
    assert not window.can_open_window()
    with pytest.raises(SettingsError, match="Install libegl1"):
        window.open_window(())


def test_the_window_gets_the_paths_and_gives_its_exit_code(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    seen = []
    app = types.ModuleType("medae.gui.app")
    app.run = lambda paths, result, *, new_window: seen.append((paths, result, new_window)) or 3
    monkeypatch.setattr(PROBLEM, lambda: None)
    monkeypatch.setitem(sys.modules, "medae.gui.app", app)
    with pytest.raises(typer.Exit) as end:
        window.open_window([tmp_path])
    assert seen == [((tmp_path,), None, False)]
    assert end.value.exit_code == 3
