"""The man page."""

import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.main import get_command

from medae.cli.app import app


@pytest.fixture
def page() -> str:
    from man_page import man_page

    return man_page("1.2.3", datetime(2026, 1, 2, tzinfo=UTC))


def test_every_command_and_option_is_there(page: str) -> None:
    root = get_command(app)
    assert page.startswith('.TH MEDAE 1 "2026-01-02" "MedAE 1.2.3"')
    for name, command in root.commands.items():
        assert f'.SS "medae {name}' in page
        for option in getattr(command, "params", ()):
            for flag in option.opts if option.name != "help" and option.param_type_name == "option" else ():
                assert flag.replace("-", r"\-") in page


def test_troff_takes_it_without_a_warning(page: str, tmp_path: Path) -> None:
    if shutil.which("groff") is None:
        pytest.skip("groff is not installed")
    file = tmp_path / "medae.1"
    file.write_text(page, "utf-8")
    command = ["groff", "-man", "-Tutf8", "-Kutf8", "-ww", "-z", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert done.stderr == ""
