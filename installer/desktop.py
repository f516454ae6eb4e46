"""What a Linux desktop must know of MedAE: menu entry, icons, file types, description, man page."""

import gzip
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from string import Template

LINUX = Path(__file__).with_name("linux")
ICON = Path(__file__).parents[1] / "resources" / "icons" / "medae.svg"
PNG_SIZES = (48, 64, 128, 256)
"""Pixels; smaller ones are drawn from the SVG."""

_DRAW = """
import sys
from PySide6.QtGui import QGuiApplication, QIcon
application = QGuiApplication(["draw", "-platform", "offscreen"])
size = int(sys.argv[3])
pixmap = QIcon(sys.argv[1]).pixmap(size, size)
assert pixmap.width() == size and pixmap.save(sys.argv[2]), "the icon cannot be drawn"
"""


def write_png(python: Path, size: int, path: Path) -> None:
    """Draw the icon in ``size`` pixels, by a Python that has PySide6."""
    path.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run([python, "-c", _DRAW, ICON, path, str(size)], check=True, capture_output=True)


def write_share(share: Path, python: Path, version: str) -> None:
    """Fill a ``share`` folder, such as ``usr/share`` of a package.

    Parameters
    ----------
    share
        Made if absent.
    python
        Of an environment with MedAE, which draws the icons and writes the man page.
    version
        Of MedAE.
    """
    day = f"{datetime.now(UTC):%Y-%m-%d}"
    icons = share / "icons" / "hicolor"
    _write(icons / "scalable" / "apps" / "medae.svg", ICON.read_bytes())
    for size in PNG_SIZES:
        write_png(python, size, icons / f"{size}x{size}" / "apps" / "medae.png")
    _write(share / "applications" / "medae.desktop", (LINUX / "medae.desktop").read_bytes())
    _write(share / "mime" / "packages" / "medae.xml", (LINUX / "medae-mime.xml").read_bytes())
    name = "org.medae.medae.metainfo.xml"
    about = (LINUX / name).read_text("utf-8").replace("@VERSION@", version).replace("@DATE@", day)
    _write(share / "metainfo" / name, about.encode())
    page = subprocess.run([python, Path(__file__).with_name("man_page.py")], check=True, capture_output=True).stdout
    _write(share / "man" / "man1" / "medae.1.gz", gzip.compress(page, 9, mtime=0))


def write_template(name: str, path: Path, mode: int = 0o644, **values: str) -> None:
    """Fill in ``$name`` places of a file of `LINUX`."""
    text = Template((LINUX / name).read_text("utf-8")).safe_substitute(values)
    _write(path, text.encode())
    path.chmod(mode)


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    path.chmod(0o644)
