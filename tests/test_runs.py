"""A training run's folder: what is written there can be read, also half written or killed."""

from pathlib import Path

import pytest

from medae.errors import SettingsError
from medae.runs import Run, RunState, runs


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDAE_HOME", str(tmp_path))


def test_state_and_history_come_back() -> None:
    run = Run.named("one")
    run.write("recipe.json", b'{"name": "one"}')
    run.write_state(RunState(state="running", step=3, steps=9))
    run.append({"step": 1, "loss": 0.5})
    run.append({"step": 2, "loss": 0.4})
    assert run.state().step == 3
    assert [line["step"] for line in run.history()] == [1, 2]
    run.cut_history(1)
    assert [line["step"] for line in run.history()] == [1]
    assert [r.name for r in runs()] == ["one"]
    assert run.recipe() == {"name": "one"}


def test_a_half_written_line_is_left_out() -> None:
    run = Run.named("one")
    run.append({"step": 1})
    with (run.folder / "history.jsonl").open("a") as file:
        file.write('{"step": 2, "lo')
    assert [line["step"] for line in run.history()] == [1]


def test_a_run_is_alive_while_its_lock_is_held() -> None:
    run = Run.named("one")
    assert not run.is_alive()
    with run.lock():
        assert Run.named("one").is_alive()
    assert not run.is_alive()


def test_an_unknown_run_is_named() -> None:
    with pytest.raises(SettingsError, match="no training run named 'x'"):
        Run.named("x").recipe()
    assert Run.named("x").state().state == "failed"
    assert runs() == ()


def test_finishing_is_asked_for_by_a_file() -> None:
    run = Run.named("one")
    run.write_state(RunState(state="running"))
    assert not run.is_asked_to_finish()
    run.ask_to_finish()
    assert run.is_asked_to_finish()
    run.remove()
    assert not run.folder.exists()
