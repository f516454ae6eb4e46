import pytest

import medae as package

COMMANDS = ["open", "demo", "info", "index", "denoise", "detect", "batch", "train", "models", "doctor"]


def test_help_names_every_command_and_the_research_hint(medae) -> None:
    result = medae("--help")
    assert result.exit_code == 0
    for command in COMMANDS:
        assert command in result.stdout
    assert "not for diagnosis" in result.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(medae, command: str) -> None:
    result = medae(command, "--help")
    assert result.exit_code == 0
    assert "Usage" in result.stdout


def test_version(medae) -> None:
    assert medae("--version").stdout.strip() == f"medae {package.__version__} (from source)"


def test_an_unknown_command_is_a_usage_error(medae) -> None:
    assert medae("paint").exit_code == 2


def test_without_a_command_the_window_opens(medae, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = []
    monkeypatch.setattr("medae.cli.window.open_window", lambda paths, **_: opened.append(tuple(paths)))
    assert medae().exit_code == 0
    assert opened == [()]


def test_open_hands_its_paths_to_the_window(medae, monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    opened = []
    monkeypatch.setattr("medae.cli.window.open_window", lambda paths, **_: opened.append(tuple(paths)))
    assert medae("open", tmp_path).exit_code == 0
    assert medae(tmp_path).exit_code == 0
    assert opened == [(tmp_path,)] * 2
    assert medae("opne").exit_code == 2


def test_open_refuses_a_path_that_is_not_there(medae, tmp_path) -> None:
    assert medae("open", tmp_path / "nothing").exit_code == 2
