"""The hint that replaces a linker error."""

import sys

import pytest

from medae.gui import system_libraries

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux needs them")


def test_nothing_is_missing_where_the_tests_run() -> None:
    assert system_libraries.window_problem() is None


def test_missing_library_gives_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    monkeypatch.setitem(system_libraries.PACKAGES, "libdoes-not-exist.so.9", "libabsent9")
    problem = system_libraries.window_problem()
    assert problem is not None
    assert "apt-get install -y libabsent9" in problem


def test_x11_libraries_count_only_under_x11(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(system_libraries.X11_PACKAGES, "libdoes-not-exist.so.9", "libxabsent9")
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    assert "libxabsent9" not in system_libraries.missing_packages()
    monkeypatch.setenv("QT_QPA_PLATFORM", "xcb")
    assert "libxabsent9" in system_libraries.missing_packages()


def test_no_display_is_said_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("QT_QPA_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(system_libraries, "X11_PACKAGES", {})
    problem = system_libraries.window_problem()
    assert problem is not None
    assert "no display" in problem


def test_a_display_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system_libraries, "X11_PACKAGES", {})
    monkeypatch.delenv("QT_QPA_PLATFORM", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setenv("DISPLAY", ":4711")
    problem = system_libraries.window_problem()
    assert problem is not None
    assert ":4711" in problem
