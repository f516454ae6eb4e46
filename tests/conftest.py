"""Fixtures shared by all tests: no display, a private home, real scans where they are present."""

import os
import signal
from pathlib import Path

import pytest

from tests.orthanc import _orthanc, orthanc  # noqa: F401 - fixtures

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_NUM_THREADS", "1")  # the networks of the tests are tiny; several processes share the cores

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in a background job; the programs under test inherit it
    signal.signal(signal.SIGINT, signal.default_int_handler)

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(autouse=True)
def _private_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep settings, models and caches of the person who runs the tests out of them."""
    monkeypatch.setenv("MEDAE_HOME", str(tmp_path_factory.mktemp("medae-home")))


@pytest.fixture
def shared_data() -> Path:
    """Folder of real scans; the test is skipped where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("../shared/data is not here")
    return SHARED
