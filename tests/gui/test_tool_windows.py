"""The windows beside the main one, opened from its menu, and what they ask of it."""

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from medae import bundle
from medae.gui.main_window import MainWindow
from medae.gui.running_jobs import JobRecord
from medae.jobs.job import ExportJob
from medae.settings import Settings

DEFINITION = {"_target_": "medae.networks.ResidualUNet", "in_channels": 1, "features": [8, 16], "blocks": 1}


def _write(name: str, task: str) -> None:
    metadata = {
        "version": "1",
        "name": f"Model {name}",
        "license": "Apache-2.0",
        "medae": {"task": task, "family": "denoising", "modalities": ["MR"], "settings": {}},
    }
    state = bundle.build_network(DEFINITION).state_dict()
    bundle.write(bundle.user_models_folder() / name, state, DEFINITION, metadata, "# Card")


@pytest.mark.parametrize("which", ["train", "models", "latent", "pacs", "calibrate"])
def test_each_window_opens_from_the_menu_and_closes_with_the_main_one(
    qtbot: QtBot, window: MainWindow, which: str
) -> None:
    getattr(window.actions_, which).trigger()
    shown = {"train": "_training", "models": "_models", "latent": "_latent", "pacs": "_pacs"}
    shown = {**shown, "calibrate": "_calibration"}[which]
    tool = getattr(window.tools, shown)
    assert tool.isVisible()
    getattr(window.actions_, which).trigger()
    assert getattr(window.tools, shown) is tool
    window.close()
    assert not tool.isVisible()


def test_a_model_that_is_used_is_kept_in_the_settings_and_checked_in_the_menu(qtbot: QtBot, opened: MainWindow) -> None:
    _write("mine", "denoise")
    opened.tools.models_changed.emit()
    opened.tools.use_model.emit("mine")
    qtbot.waitUntil(lambda: Settings.load().model("denoise", "MR") == "mine")
    menu = opened.actions_.model_menus["denoise"]
    qtbot.waitUntil(lambda: [a.text() for a in menu.actions() if a.isChecked()] == ["Model mine (yours)"])
    assert "Model mine" in opened.message_bar.text


def test_a_model_that_neither_denoises_nor_detects_is_looked_into(qtbot: QtBot, opened: MainWindow) -> None:
    _write("features", "reconstruct")
    opened.tools.use_model.emit("features")
    qtbot.waitUntil(lambda: opened.tools._latent is not None and opened.tools._latent.isVisible())


def test_a_slice_of_the_latent_space_is_shown(qtbot: QtBot, opened: MainWindow) -> None:
    path: Path = opened.session.series[0].source.paths[0]
    opened.tools.slice_wanted.emit(path, 0, 2)
    qtbot.waitUntil(lambda: opened.model.cursor[0] == 2)


def test_what_was_exported_goes_to_the_node_that_was_chosen(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    job = ExportJob(exports=("derived-series",), out=tmp_path)
    other = ExportJob(exports=("derived-series",), out=tmp_path)
    sent: list[tuple] = []
    window.tools._network.send = lambda *facts: sent.append(facts)
    window.tools.send_after(job, "pacs")
    window.tools.send_after(other, "")
    for which in (other, job, job):
        record = JobRecord(1, "Export", 0, which, paths=(tmp_path / "0001.dcm",))
        window.tools.exported(record)
    assert sent == [("pacs", (tmp_path / "0001.dcm",), "Export")]


def test_from_the_library_to_calibration_to_training(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    _write("mapper", "anomaly")
    tools = window.tools
    tools.show_models()
    assert tools._models is not None
    tools._models.calibrate.emit("mapper")
    assert tools._calibration is not None
    calibration = tools._calibration
    qtbot.waitUntil(lambda: calibration.model.currentData() == "mapper")
    calibration.folders.add([tmp_path])
    calibration.train_button.click()
    assert tools._training is not None
    assert tools._training.isVisible()
    assert tools._training.setup.folders.paths() == (tmp_path,)
