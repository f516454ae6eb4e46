"""The script for Windows compiles; it was never run there."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest


def test_the_script_compiles_and_takes_back_what_it_registers(installer: Path, tmp_path: Path) -> None:
    script = installer / "windows" / "medae.nsi"
    text = script.read_text("utf-8")
    given, taken = (re.findall(rf"insertmacro {macro} (\S+)", text) for macro in ("OpenWith", "NoOpenWith"))
    assert given == taken != []
    if shutil.which("makensis") is None:
        pytest.skip("makensis is not installed")
    payload = tmp_path / "payload"
    (payload / "_internal").mkdir(parents=True)
    for name in ("medae.exe", "medae-window.exe", "_internal/data"):
        (payload / name).write_text("stand-in")
    made = tmp_path / "medae-1.2.3-windows-x64.exe"
    command = ["makensis", "-V2", "-WX", "-DVERSION=1.2.3", f"-DPAYLOAD={payload}", f"-DOUT={made}", str(script)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=script.parent)
    assert done.returncode == 0, done.stdout + done.stderr
    assert made.stat().st_size > 10_000
