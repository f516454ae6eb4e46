"""A second start hands its files to the running window."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtNetwork import QLocalSocket
from pytestqt.qtbot import QtBot

from medae.gui import single_instance
from medae.gui.single_instance import SingleInstance, address, hand_over

SEND = (
    "import sys; from PySide6.QtCore import QCoreApplication; application = QCoreApplication([])\n"
    "from medae.gui.single_instance import hand_over; print(hand_over(sys.argv[2:], sys.argv[1]))"
)


@pytest.fixture
def instance(qtbot: QtBot, tmp_path: Path) -> Iterator[SingleInstance]:
    made = SingleInstance(str(tmp_path / "socket"))
    assert made.listen()
    yield made
    made.close()
    made.deleteLater()


def test_the_running_one_gets_absolute_paths(qtbot: QtBot, instance: SingleInstance, tmp_path: Path) -> None:
    command = [sys.executable, "-c", SEND, str(tmp_path / "socket"), "köpf e.nii.gz", str(tmp_path)]
    sender = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    with qtbot.waitSignal(instance.received, timeout=20_000) as seen:
        pass
    assert seen.args == [(tmp_path / "köpf e.nii.gz", tmp_path)]
    assert sender.communicate(timeout=20)[0].strip() == "True"


def test_only_this_user_may_write_to_it(instance: SingleInstance, tmp_path: Path) -> None:
    assert (tmp_path / "socket").stat().st_mode & 0o077 == 0


def test_without_a_running_one_nothing_is_handed_over(tmp_path: Path, qapp: object) -> None:
    assert not hand_over([tmp_path], str(tmp_path / "nobody"))


def test_a_socket_left_by_a_crash_is_replaced(qtbot: QtBot, tmp_path: Path) -> None:
    place = tmp_path / "socket"
    code = f"import os, socket; socket.socket(socket.AF_UNIX).bind({str(place)!r}); os._exit(0)"
    subprocess.run([sys.executable, "-c", code], check=True)
    assert not hand_over([], str(place))
    made = SingleInstance(str(place))
    assert made.listen()
    made.close()
    made.deleteLater()


@pytest.mark.parametrize("junk", [b"no json\n", b'{"a": 1}\n', b"[1, 2]\n"])
def test_junk_is_refused(qtbot: QtBot, instance: SingleInstance, tmp_path: Path, junk: bytes) -> None:
    socket = QLocalSocket()
    socket.connectToServer(str(tmp_path / "socket"))
    with qtbot.assertNotEmitted(instance.received):
        socket.write(junk)
        qtbot.waitUntil(lambda: socket.state() == QLocalSocket.LocalSocketState.UnconnectedState, timeout=5000)


def test_a_window_that_does_not_answer_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qapp) -> None:
    monkeypatch.setattr(single_instance, "WAIT_MS", 100)
    hung = SingleInstance(str(tmp_path / "socket"))  # nothing runs its event loop
    assert hung.listen()
    started = time.monotonic()
    assert not hand_over([tmp_path], str(tmp_path / "socket"))
    assert time.monotonic() - started < 5
    hung.close()
    hung.deleteLater()


def test_each_screen_and_settings_folder_has_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("DISPLAY", ":1")
    first = address()
    assert os.path.dirname(first) == str(tmp_path)  # noqa: PTH120
    assert first == address()
    monkeypatch.setenv("DISPLAY", ":2")
    second = address()
    monkeypatch.setenv("MEDAE_HOME", str(tmp_path))
    assert len({first, second, address()}) == 3
