"""Settings: round trip, damage, folders."""

import logging
import tomllib
from pathlib import Path

import pytest

from medae.errors import SettingsError
from medae.nodes import DicomNode, DicomwebNode, Rule
from medae.settings import MAX_RECENT, PacsSettings, Settings, cache_folder, config_folder, data_folder, settings_path


def test_defaults_where_there_is_no_file() -> None:
    assert Settings.load() == Settings()
    assert not settings_path().exists()


def test_round_trip(tmp_path: Path) -> None:
    settings = Settings().changed(device="cuda:1", strength=0.5, window_geometry="AdnQ=="[:4])
    settings = settings.with_recent(tmp_path / "a b.nii.gz")
    settings.save()
    assert Settings.load() == settings
    assert tomllib.loads(settings_path().read_text("utf-8"))["device"] == "cuda:1"
    assert [path.name for path in config_folder().iterdir()] == ["settings.toml"]


@pytest.mark.parametrize("text", ["strength = ", "strength = 7.0\n", 'recent = "x"\n', "window_geometry = '?'"])
def test_a_damaged_file_is_set_aside(text: str, caplog: pytest.LogCaptureFixture) -> None:
    config_folder().mkdir(parents=True)
    settings_path().write_text(text)
    with caplog.at_level(logging.WARNING):
        assert Settings.load() == Settings()
    assert settings_path().with_name("settings.toml.bad").read_text() == text
    assert not settings_path().exists()
    assert "settings.toml.bad" in caplog.text
    Settings().save()
    assert Settings.load() == Settings()


def test_bytes_that_are_no_text_are_damage_too() -> None:
    config_folder().mkdir(parents=True)
    settings_path().write_bytes(b"\xff\xfe\x00")
    assert Settings.load() == Settings()


def test_keys_of_a_newer_version_are_ignored() -> None:
    config_folder().mkdir(parents=True)
    settings_path().write_text('from_the_future = 1\ndevice = "cpu"\n')
    assert Settings.load().device == "cpu"


def test_recent_files_are_few_unique_and_newest_first(tmp_path: Path) -> None:
    settings = Settings()
    for number in range(MAX_RECENT + 3):
        settings = settings.with_recent(tmp_path / str(number))
    settings = settings.with_recent(tmp_path / "5")
    assert len(settings.recent) == MAX_RECENT
    assert settings.recent[:2] == (tmp_path / "5", tmp_path / str(MAX_RECENT + 2))
    assert len(set(settings.recent)) == MAX_RECENT


def test_a_value_that_makes_no_sense() -> None:
    with pytest.raises(SettingsError, match="strength"):
        Settings().changed(strength=2)
    with pytest.raises(SettingsError, match="device"):
        Settings().changed(device="toaster")


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="could not be saved"):
        Settings().save(tmp_path / "file" / "settings.toml")


def test_home_moves_all_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDAE_HOME", str(tmp_path))
    assert config_folder().parent == data_folder().parent == cache_folder().parent == tmp_path
    assert len({config_folder(), data_folder(), cache_folder()}) == 3
    monkeypatch.delenv("MEDAE_HOME")
    assert tmp_path not in config_folder().parents
    assert "medae" in str(config_folder()).lower()
    assert "medae" in str(data_folder()).lower()
    assert "medae" in str(cache_folder()).lower()
    assert cache_folder() not in (config_folder(), data_folder())


def test_a_model_is_remembered_for_its_task_and_modalities(tmp_path: Path) -> None:
    settings = Settings().with_model("denoise", ["CT", "MR"], "mine")
    settings.save(tmp_path / "settings.toml")
    loaded = Settings.load(tmp_path / "settings.toml")
    assert loaded.model("denoise", "CT") == "mine"
    assert loaded.model("anomaly", "CT") is None


def test_nodes_and_rules_are_kept_without_disturbing_the_preferences() -> None:
    pacs = DicomNode(name="pacs", ae_title="PACS", host="10.0.0.1", port=104, tls=True)
    web = DicomwebNode(name="web", url="https://pacs/dicom-web", user="anna")
    settings = (
        PacsSettings().with_node(pacs).with_node(web).with_rule(Rule(name="mr", modality="MR", destination="pacs"))
    )
    settings.save()
    assert PacsSettings.load() == settings
    assert not settings_path().exists()
    assert settings.node("web") == web
    moved = settings.with_node(pacs.model_copy(update={"host": "10.0.0.2"}))
    assert [node.name for node in moved.nodes] == ["pacs", "web"]
    assert moved.node("pacs").host == "10.0.0.2"


def test_a_rule_goes_with_its_destination() -> None:
    web = DicomwebNode(name="web", url="https://pacs/dicom-web")
    settings = PacsSettings().with_node(web).with_rule(Rule(name="mr", destination="web"))
    assert settings.without("mr").nodes == (web,)
    assert settings.without("web") == PacsSettings()
    namesake = settings.with_node(DicomwebNode(name="mr", url="https://mr/dicom-web"))
    assert namesake.without("mr").rules == settings.rules
    assert namesake.without_rule("mr").nodes == namesake.nodes
    assert namesake.without_rule("mr").rules == ()
    with pytest.raises(SettingsError, match="No node is called 'other'"):
        settings.with_rule(Rule(name="ct", destination="other"))
