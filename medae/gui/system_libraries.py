"""What the window needs from the operating system, checked before Qt ends the program by itself.

Qt's wheels bring Qt, but not the system's X11, EGL and font libraries; without them Python stops with a
linker error, or Qt aborts the process. This module knows the names (from ``readelf -d`` on the
libraries and the xcb plug-in of PySide6-Essentials) and says which package to install. It imports no Qt.
"""

import ctypes
import os
import sys

PACKAGES: dict[str, str] = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libX11.so.6": "libx11-6",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libdbus-1.so.3": "libdbus-1-3",
}
"""Library and Debian/Ubuntu package that QtWidgets is linked to."""

X11_PACKAGES: dict[str, str] = {
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-util.so.1": "libxcb-util1",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libX11-xcb.so.1": "libx11-xcb1",
}
"""Library and Debian/Ubuntu package that Qt's X11 platform is linked to."""


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def platform() -> str:
    """Name Qt's platform plug-in that will be used on Linux, such as ``"xcb"`` or ``"offscreen"``.

    Empty where there is no display at all.
    """
    chosen = os.environ.get("QT_QPA_PLATFORM", "").split(";")[0].split(":")[0]
    if chosen:
        return chosen
    if os.environ.get("WAYLAND_DISPLAY"):
        return "wayland"
    return "xcb" if os.environ.get("DISPLAY") else ""


def missing_packages() -> tuple[str, ...]:
    """Debian/Ubuntu packages that Qt needs here and that are absent, in alphabetical order.

    Empty outside Linux, where Qt's wheels need nothing more.
    """
    if not sys.platform.startswith("linux"):
        return ()
    wanted = dict(PACKAGES)
    if platform() in ("", "xcb"):
        wanted |= X11_PACKAGES
    return tuple(sorted(package for library, package in wanted.items() if not _loads(library)))


def install_command(packages: tuple[str, ...]) -> str:
    """Command that installs ``packages`` on Debian or Ubuntu."""
    return f"sudo apt-get install -y {' '.join(packages)}"


def _x_server_answers() -> bool:
    """Tell whether the X server named by DISPLAY accepts a connection (Qt aborts where it does not)."""
    try:
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError:
        return False
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connect.argtypes = [ctypes.c_char_p, ctypes.c_void_p]
    xcb.xcb_connection_has_error.argtypes = [ctypes.c_void_p]
    xcb.xcb_disconnect.argtypes = [ctypes.c_void_p]
    connection = xcb.xcb_connect(None, None)
    answers = xcb.xcb_connection_has_error(connection) == 0
    xcb.xcb_disconnect(connection)
    return answers


def window_problem() -> str | None:
    """One or two sentences on why no window can open here and what to do, or None when it can."""
    packages = missing_packages()
    if packages:
        return (
            "The window needs system libraries that are not installed. On Debian or Ubuntu, run:\n"
            f"  {install_command(packages)}"
        )
    if not sys.platform.startswith("linux"):
        return None
    used = platform()
    if not used:
        return (
            "There is no display (neither DISPLAY nor WAYLAND_DISPLAY is set), so no window can open. "
            "Without one, use the command line: medae --help"
        )
    if used == "xcb" and not _x_server_answers():
        return (
            f"The display {os.environ.get('DISPLAY', '')} does not accept a connection, so no window can open. "
            "Check DISPLAY (over ssh: use ssh -X), or use the command line: medae --help"
        )
    return None
