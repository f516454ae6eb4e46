"""The model manager with real bundles on disk."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QMessageBox
from pytestqt.qtbot import QtBot

from medae import bundle
from medae.gui import model_manager
from medae.gui.import_dialog import ImportDialog, ImportRequest
from medae.gui.model_manager import ModelManager
from tests.bundle.foreign_bundles import zoo_bundle
from tests.bundle.payloads import zip_format


def request(path: Path, **more: object) -> ImportRequest:
    return ImportRequest(**{"path": path, "name": None, "task": None, "modality": None, "overwrite": False, **more})


@pytest.fixture
def own() -> bundle.BundleInfo:
    """One of the user's own models: a copy of a shipped one."""
    target = bundle.user_models_folder() / "own"
    return bundle.read_info(bundle.export_bundle(bundle.find("mr-denoise"), target))


@pytest.fixture
def manager(qtbot: QtBot) -> Iterator[ModelManager]:
    made = ModelManager()
    made.show()
    qtbot.waitUntil(lambda: bool(made.list.entries()) and not made.view.tabs.isHidden())
    yield made
    made.shut_down()
    made.close()
    made.deleteLater()


def names(manager: ModelManager) -> list[str]:
    listed = (manager.list.item(row).data(Qt.ItemDataRole.UserRole) for row in range(manager.list.count()))
    return [one.name for one in listed if one]


def wait(qtbot: QtBot, manager: ModelManager, *sentence: str) -> None:
    qtbot.waitUntil(
        lambda: not manager.is_busy and all(part in manager.message_bar.text for part in sentence), timeout=60_000
    )


def test_models_are_listed_and_the_first_is_described(manager: ModelManager) -> None:
    assert names(manager) == [info.name for info in bundle.bundles()]
    assert manager.view.title.text() == bundle.bundles()[0].title
    assert not manager.remove_button.isEnabled()


def test_using_a_model_says_so(qtbot: QtBot, manager: ModelManager) -> None:
    manager.select("ct-denoise")
    with qtbot.waitSignal(manager.use) as caught:
        qtbot.mouseClick(manager.use_button, Qt.MouseButton.LeftButton)
    assert caught.args == ["ct-denoise"]
    assert "is used for CT" in manager.message_bar.text


def test_selecting_several_compares_them(qtbot: QtBot, manager: ModelManager) -> None:
    manager.select("ct-denoise", "mr-denoise")
    qtbot.waitUntil(lambda: manager.view.title.text() == "2 models compared")
    for button in (manager.use_button, manager.export_button, manager.verify_button, manager.remove_button):
        assert not button.isEnabled()


def test_verify_finds_damage(qtbot: QtBot, own: bundle.BundleInfo, manager: ModelManager) -> None:
    manager.select("own")
    qtbot.mouseClick(manager.verify_button, Qt.MouseButton.LeftButton)
    wait(qtbot, manager, "own is intact")
    own.weights.write_bytes(own.weights.read_bytes()[:-1] + b"!")
    qtbot.mouseClick(manager.verify_button, Qt.MouseButton.LeftButton)
    wait(qtbot, manager, "do not match their SHA-256")


def test_an_import_adds_and_selects_the_model(qtbot: QtBot, manager: ModelManager, tmp_path: Path) -> None:
    folder = zoo_bundle(tmp_path / "zoo")
    with qtbot.waitSignal(manager.changed, timeout=60_000):
        manager.start_import(request(folder))
        assert manager.is_busy
        assert not manager.import_button.isEnabled()
    wait(qtbot, manager, "is in the library as zoo", "scripts/evil.py", "preparation of images is not run")
    qtbot.waitUntil(lambda: manager.view.title.text() == "zoo")
    assert manager.list.entries()[0].name == "zoo"
    assert manager.remove_button.isEnabled()


def test_a_refusal_is_shown_in_full_and_nothing_ran(qtbot: QtBot, manager: ModelManager, tmp_path: Path) -> None:
    folder = zoo_bundle(tmp_path / "zoo")
    zip_format(folder / "models" / "model.pt", tmp_path / "ran")
    manager.start_import(request(folder))
    wait(qtbot, manager, "Refused: models/model.pt", "posix.system", "Nothing of it was run", "model.safetensors.")
    assert not (tmp_path / "ran").exists()
    assert "zoo" not in names(manager)


def test_what_a_bundle_does_not_say_is_asked_in_the_dialogs_words(
    qtbot: QtBot, manager: ModelManager, tmp_path: Path
) -> None:
    folder = zoo_bundle(tmp_path / "zoo", metadata={"version": "1"})
    manager.start_import(request(folder))
    wait(qtbot, manager, "say it with 'Used to'")
    assert "--" not in manager.message_bar.text


def test_the_import_dialog_starts_it(
    qtbot: QtBot, manager: ModelManager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ImportDialog, "exec", lambda _: ImportDialog.DialogCode.Accepted)
    manager.import_dialog.path.setText(str(tmp_path / "nothing.zip"))
    qtbot.mouseClick(manager.import_button, Qt.MouseButton.LeftButton)
    wait(qtbot, manager, "there is nothing of that name")
    assert manager.import_dialog.path.text() == str(tmp_path / "nothing.zip")


def test_export_writes_a_bundle(
    qtbot: QtBot, manager: ModelManager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manager.select("ct-denoise")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "given.zip"), ""))
    qtbot.mouseClick(manager.export_button, Qt.MouseButton.LeftButton)
    wait(qtbot, manager, "was written to")
    assert bundle.import_bundle(tmp_path / "given.zip", name="back").info.sha256 == bundle.find("ct-denoise").sha256


@pytest.mark.parametrize("agreed", [True, False])
def test_removing_asks_first(
    qtbot: QtBot, own: bundle.BundleInfo, manager: ModelManager, monkeypatch: pytest.MonkeyPatch, agreed: bool
) -> None:
    buttons = QMessageBox.StandardButton
    monkeypatch.setattr(QMessageBox, "question", lambda *_: buttons.Discard if agreed else buttons.Cancel)
    manager.select("own")
    qtbot.mouseClick(manager.remove_button, Qt.MouseButton.LeftButton)
    if agreed:
        wait(qtbot, manager, "own was deleted")
        qtbot.waitUntil(lambda: "own" not in names(manager))
    assert own.folder.exists() != agreed


def test_damaged_folders_are_explained_and_can_be_removed(
    qtbot: QtBot, own: bundle.BundleInfo, manager: ModelManager
) -> None:
    own.weights.unlink()
    manager.refresh("own")
    qtbot.waitUntil(lambda: manager.view.title.text() == "own cannot be used")
    assert "missing" in manager.view.line.text()
    assert manager.remove_button.isEnabled()
    assert not manager.use_button.isEnabled()
    manager.start_remove("own")
    wait(qtbot, manager, "own was deleted")


def test_models_for_features_are_not_used_for_denoising(qtbot: QtBot, manager: ModelManager, tmp_path: Path) -> None:
    bundle.import_bundle(zoo_bundle(tmp_path / "zoo"), task="reconstruct")
    manager.refresh("zoo")
    qtbot.waitUntil(lambda: manager.view.title.text() == "zoo")
    assert not manager.use_button.isEnabled()
    assert "latent explorer" in manager.use_button.toolTip()


def test_no_models_at_all_give_a_hint(qtbot: QtBot, manager: ModelManager, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_manager.bundle, "bundles", lambda: ())
    manager.refresh()
    qtbot.waitUntil(lambda: manager.view.title.text() == "No models yet")
    assert "train one" in manager.view.line.text()


def test_the_window_never_loads_torch(tmp_path: Path) -> None:
    """Also not while it imports a bundle: that is done by a process of its own."""
    script = tmp_path / "script.py"
    script.write_text(
        "import sys\n"
        "from pathlib import Path\n"
        "from PySide6.QtWidgets import QApplication\n"
        "def main():\n"
        "    from medae.gui.import_dialog import ImportRequest\n"
        "    from medae.gui.model_manager import ModelManager\n"
        "    app = QApplication([])\n"
        "    manager = ModelManager()\n"
        "    manager.show()\n"
        "    manager.start_import(ImportRequest(Path(sys.argv[1]), None, None, None, False))\n"
        "    while manager.is_busy:\n"
        "        app.processEvents()\n"
        "    print(manager.message_bar.text, [m for m in ('torch', 'monai') if m in sys.modules])\n"
        "    manager.shut_down()\n"
        "if __name__ == '__main__':\n"
        "    main()\n"
    )
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, str(script), str(zoo_bundle(tmp_path / "zoo"))],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
        env={**os.environ, "PYTHONPATH": str(root)},
    )
    assert "is in the library as zoo" in done.stdout
    assert done.stdout.rstrip().endswith("[]")


def test_models_of_anomalies_can_be_calibrated(qtbot: QtBot, manager: ModelManager) -> None:
    manager.select("mr-denoise")
    assert not manager.calibrate_button.isEnabled()
    mapper = next(info.name for info in bundle.bundles() if info.task == "anomaly")
    manager.select(mapper)
    with qtbot.waitSignal(manager.calibrate) as caught:
        qtbot.mouseClick(manager.calibrate_button, Qt.MouseButton.LeftButton)
    assert caught.args == [mapper]
