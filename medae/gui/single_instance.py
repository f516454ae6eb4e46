"""One window for each user and screen: a second start hands its files to the running one.

A file manager starts the program once for every double click. The first start listens on a local socket that only
this user may use; later ones send their paths there and leave.
"""

import getpass
import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal  # noqa: TID253
from PySide6.QtNetwork import QLocalServer, QLocalSocket  # noqa: TID253

from medae.settings import config_folder

WAIT_MS = 2000
"""A running window that has not answered by then is busy or dead: the second start opens its own."""

_ACCEPTED = b"ok\n"
_LONGEST = 4 << 20
"""Bytes of a message; more is no list of paths."""


def address() -> str:
    """Name of the socket: one for each user, settings folder and screen."""
    parts = (
        getpass.getuser(),
        str(config_folder()),
        *(os.environ.get(name, "") for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")),
    )
    name = f"medae-{hashlib.sha256('|'.join(parts).encode()).hexdigest()[:16]}"
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    return str(Path(runtime) / name) if runtime and Path(runtime).is_dir() else name


def hand_over(paths: Sequence[Path], to: str | None = None) -> bool:
    """Send paths to the running window, if there is one.

    Parameters
    ----------
    paths
        Files and folders; none brings the window to the front.
    to
        Address; this user's and screen's by default.

    Returns
    -------
    bool
        Whether a running window has taken them.
    """
    socket = QLocalSocket()
    socket.connectToServer(to or address())
    if not socket.waitForConnected(WAIT_MS):
        return False
    message = json.dumps([str(Path(path).absolute()) for path in paths])
    socket.write(message.encode() + b"\n")
    taken = socket.waitForReadyRead(WAIT_MS) and socket.readAll().data() == _ACCEPTED
    socket.disconnectFromServer()
    return taken


class SingleInstance(QObject):
    """Takes the paths of later starts.

    Signals
    -------
    received
        Tuple of `Path`, possibly empty: bring the window to the front and open them.
    """

    received = Signal(object)

    def __init__(self, at: str | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._greet)
        self._address = at or address()

    def listen(self) -> bool:
        """Begin to listen; a socket left behind by a crash is replaced. False where that is impossible."""
        if self._server.listen(self._address):
            return True
        QLocalServer.removeServer(self._address)
        return self._server.listen(self._address)

    def close(self) -> None:
        """Stop listening and remove the socket."""
        self._server.close()

    def _greet(self) -> None:
        while (socket := self._server.nextPendingConnection()) is not None:
            socket.readyRead.connect(lambda socket=socket: self._read(socket))
            socket.disconnected.connect(socket.deleteLater)
            if socket.bytesAvailable():
                self._read(socket)

    def _read(self, socket: QLocalSocket) -> None:
        if not socket.canReadLine():
            if socket.bytesAvailable() > _LONGEST:
                socket.abort()
            return
        try:
            named = json.loads(bytes(socket.readLine().data()))
        except ValueError:
            named = None
        if not isinstance(named, list) or not all(isinstance(path, str) for path in named):
            socket.abort()
            return
        socket.write(_ACCEPTED)
        socket.flush()
        self.received.emit(tuple(Path(path) for path in named))
