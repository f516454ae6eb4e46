"""The compression figure: how good images are at how many bits per pixel, beside PCA."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Signal  # noqa: TID253
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget  # noqa: TID253

from medae.gui import theme
from medae.gui.line_chart import COLOURS, Line, LineChart

_HINT = (
    "Measure rounds the codes to few bits, decodes them, and compares with as many principal components of the "
    "pixels, fitted to other slices."
)
_NAMES = {"model": "Model", "pca": "PCA of the pixels"}


class LatentCompression(QWidget):
    """Chart, sentence, button."""

    wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.chart = LineChart(_HINT, "bits per pixel", "PSNR (dB)", legend=(-10, -50))
        self.sentence = theme.label("", "dim")
        self.measure_button = QPushButton("Measure")
        self.measure_button.clicked.connect(self.wanted)
        row = QHBoxLayout()
        row.addWidget(self.sentence, 1)
        row.addWidget(self.measure_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 0)
        column.setSpacing(theme.SPACING)
        column.addWidget(self.chart, 1)
        column.addLayout(row)

    def clear(self) -> None:
        """Show no figure."""
        self.chart.show_lines([])
        self.sentence.setText("")

    def show_answer(self, answer: Mapping[str, Any]) -> None:
        """Show what was measured, see `medae.latent.compression.Compression`."""
        lines, exact = [], []
        for n, (method, name) in enumerate(_NAMES.items()):
            rates = [rate for rate in answer["rates"] if rate["method"] == method]
            rounded = [rate for rate in rates if rate["bits"] < 32]
            numbers = round(rates[0]["numbers"])
            x, y = [rate["bits_per_pixel"] for rate in rounded], [rate["psnr"] for rate in rounded]
            lines.append(Line(f"{name}, {numbers} numbers", x, y, COLOURS[n]))
            exact += [f"{name} {rate['psnr']:.1f} dB" for rate in rates if rate["bits"] == 32]
        self.chart.show_lines(lines)
        bits = ", ".join(str(rate["bits"]) for rate in answer["rates"] if rate["method"] == "pca" and rate["bits"] < 32)
        self.sentence.setText(
            f"{answer['slices']} slices or patches; each number rounded to {bits} bits, without entropy coding; "
            f"not rounded: {' and '.join(exact)}. {answer['sentence']}"
        )
