"""The program's start, as a process of its own."""

import os
import subprocess
import sys

import pytest


def medae(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "medae", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, **environment},
        check=False,
    )


def test_version() -> None:
    done = medae("--version")
    assert done.returncode == 0
    assert done.stdout.startswith("medae ")


def test_warnings_of_libraries_are_not_shown() -> None:
    code = "import warnings; from medae.__main__ import _quieten; _quieten(); warnings.warn('odd header')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == ""


def test_without_a_display_the_window_says_so_in_a_sentence() -> None:
    done = medae(DISPLAY="", WAYLAND_DISPLAY="", QT_QPA_PLATFORM="")
    if sys.platform.startswith("linux"):
        assert done.returncode == 1
        assert done.stderr.startswith("Error: ")
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize("end", ["exec('raise KeyboardInterrupt')", "raise SystemExit(130)"])
def test_ctrl_c_ends_with_130(end: str) -> None:
    inside_import = "try: exec('raise KeyboardInterrupt')\n except KeyboardInterrupt: pass"
    program = (
        "import medae.__main__ as start, medae.cli.app as cli\n"
        f"def app(prog_name):\n {inside_import}\n {end}\n"
        "cli.app = app\n"
        "start.main()\n"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False, capture_output=True).returncode == 130
