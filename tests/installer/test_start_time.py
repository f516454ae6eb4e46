import shutil
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(
    not (shutil.which("Xvfb") and shutil.which("xwininfo")), reason="Xvfb or xwininfo is not installed"
)


def program(path: Path, code: str) -> Path:
    path.write_text(f"#!{sys.executable}\n{code}")
    path.chmod(0o755)
    return path


def test_it_is_the_time_until_the_window_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import start_time

    monkeypatch.setattr(start_time, "CACHES", tmp_path / "nothing")  # the test leaves the machine's cache alone
    code = """
import time
from PySide6.QtWidgets import QApplication, QWidget
time.sleep(1)
app = QApplication([])
window = QWidget()
window.setWindowTitle("MedAE")
window.show()
app.exec()
"""
    found = start_time.measure(program(tmp_path / "shows", code), warm=1)
    assert list(found) == ["warm"]
    assert 1.0 < found["warm"][0] < 20.0


def test_a_program_without_a_window_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import start_time

    monkeypatch.setattr(start_time, "CACHES", tmp_path / "nothing")
    monkeypatch.setattr(start_time, "LIMIT", 0.5)
    with pytest.raises(TimeoutError, match="no window"):
        start_time.measure(program(tmp_path / "sleeps", "import time; time.sleep(60)"))


def test_a_program_that_ends_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import start_time

    monkeypatch.setattr(start_time, "CACHES", tmp_path / "nothing")
    with pytest.raises(TimeoutError, match="no window"):
        start_time.measure(program(tmp_path / "ends", "raise SystemExit(1)"))
