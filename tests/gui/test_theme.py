"""Icons and style."""

import re
import shutil
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QCheckBox
from pytestqt.qtbot import QtBot

from medae.bundle import resources_folder
from medae.gui import theme


def test_every_icon_can_be_drawn(qtbot: QtBot) -> None:
    for path in sorted((resources_folder() / "icons").glob("*.svg")):
        assert not theme.icon(path.stem).pixmap(24, 24).isNull(), path.stem
    assert theme.icon("no such icon").isNull()


def test_every_named_icon_exists() -> None:
    gui = Path(theme.__file__).parent
    names = {name for path in gui.glob("*.py") for name in re.findall(r'theme\.icon\("([\w-]+)"\)', path.read_text())}
    missing = {name for name in names if not (resources_folder() / "icons" / f"{name}.svg").is_file()}
    assert names
    assert not missing


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("text", [theme.TEXT, theme.DIM_TEXT, theme.WARNING, theme.ERROR, theme.ACCENT])
def test_text_can_be_read(text: str) -> None:
    """WCAG 2.1 AA: contrast of at least 4.5."""
    for background in (theme.BACKGROUND, theme.PANEL, theme.RAISED):
        assert (luminance(text) + 0.05) / (luminance(background) + 0.05) >= 4.5


def test_the_style_applies(qapp: QApplication) -> None:
    theme.apply(qapp)
    assert "$" not in qapp.styleSheet()


def test_cells_of_tables_tell_what_may_not_fit() -> None:
    cell = theme.cell("a long text", colour=theme.ERROR)
    assert cell.toolTip() == "a long text"
    assert cell.foreground().color().name() == theme.ERROR
    assert theme.cell("a", "more about it").toolTip() == "more about it"


def test_the_style_applies_in_a_folder_with_spaces_and_other_letters(
    qtbot: QtBot, qapp: QApplication, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, qtlog
) -> None:
    folder = tmp_path / "Mein Ordner Ä (1)"
    shutil.copytree(theme.resources_folder() / "icons", folder / "icons")
    shutil.copy(theme.resources_folder() / "window.qss", folder)
    box = QCheckBox("parsed when something is drawn")
    qtbot.addWidget(box)
    box.show()
    with monkeypatch.context() as patch:
        patch.setattr(theme, "resources_folder", lambda: folder)
        theme.apply(qapp)
    assert [record.message for record in qtlog.records if "stylesheet" in record.message] == []
    theme.apply(qapp)
