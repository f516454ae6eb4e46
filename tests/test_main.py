"""The program's start, as a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

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
def test_ctrl_c_ends_with_130(tmp_path: Path, end: str) -> None:
    (tmp_path / "program.py").write_text(
        "import medae.__main__ as start, medae.cli.app as cli\n"
        "def app(prog_name):\n"
        "    try:\n        exec('raise KeyboardInterrupt')  # as in an import\n"
        "    except KeyboardInterrupt:\n        pass\n"
        f"    {end}\n"
        "cli.app = app\n"
        "start.main()\n"
    )
    path = os.pathsep.join([str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-m", "program"], check=False, cwd=tmp_path, env={**os.environ, "PYTHONPATH": path}
    )
    assert done.returncode == 130
