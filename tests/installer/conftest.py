"""The modules of ``installer/`` are scripts beside each other, no package."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

INSTALLER = Path(__file__).resolve().parents[2] / "installer"


@pytest.fixture(autouse=True, scope="session")
def _installer_on_path() -> Iterator[None]:
    sys.path.insert(0, str(INSTALLER))
    yield
    sys.path.remove(str(INSTALLER))


@pytest.fixture
def installer() -> Path:
    """Folder of the build scripts."""
    return INSTALLER


@pytest.fixture
def medae():
    """Run ``medae ARGUMENTS``; gives exit_code, stdout and stderr."""
    from typer.testing import CliRunner

    from medae.cli.app import app

    return lambda *arguments: CliRunner().invoke(app, [str(argument) for argument in arguments])
