"""The guard against lost references to None."""

import subprocess
import sys

import pytest

PROGRAM = """
import medae.gui
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage, QPainter
image = QImage(8, 8, QImage.Format.Format_RGB32)
painter = QPainter(image)
for _ in range(100_000):
    painter.fillRect(QRectF(0, 0, 2, 2), QColor("red"))
painter.end()
print("alive")
"""


def test_none_survives_many_qt_calls() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.strip() == "alive", done.stderr
    assert done.returncode == 0


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="immortal by itself")
def test_the_count_is_raised_once() -> None:
    import medae.gui.immortal as immortal

    before = sys.getrefcount(None)
    immortal.make_singletons_immortal()
    assert sys.getrefcount(None) < before + (1 << 30)
