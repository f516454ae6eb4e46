import pytest
import typer
from typer.testing import CliRunner

from medae.cli.group import STOPPED, MedaeGroup, wants_debug
from medae.errors import Cancelled, ModelError


def app_that_raises(error: BaseException) -> typer.Typer:
    app = typer.Typer(cls=MedaeGroup)

    @app.callback()
    def main(debug: bool = False) -> None: ...

    @app.command()
    def work() -> None:
        raise error

    return app


def test_an_error_is_one_sentence_and_exit_code_1() -> None:
    result = CliRunner().invoke(app_that_raises(ModelError("there is no such model")), ["work"])
    assert result.exit_code == 1
    assert result.stderr == "Error: there is no such model\n"
    assert result.stdout == ""


def test_debug_adds_the_traceback() -> None:
    result = CliRunner().invoke(app_that_raises(ModelError("no such model")), ["--debug", "work"])
    assert "Traceback" in result.stderr


@pytest.mark.parametrize("stop", [KeyboardInterrupt(), Cancelled()])
def test_ctrl_c_is_one_line_and_exit_code_130(stop: BaseException) -> None:
    result = CliRunner().invoke(app_that_raises(stop), ["work"])
    assert result.exit_code == 130
    assert result.stderr == f"{STOPPED}\n"


@pytest.mark.parametrize(("value", "wanted"), [("", False), ("0", False), ("1", True)])
def test_debug_by_environment(monkeypatch: pytest.MonkeyPatch, value: str, wanted: bool) -> None:
    monkeypatch.setenv("MEDAE_DEBUG", value)
    assert wants_debug() is wanted
