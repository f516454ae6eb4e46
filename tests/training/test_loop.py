"""Runs that are killed, and runs of several processes."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from medae.runs import Run
from medae.training.train import train
from tests.training.conftest import MakeRecipe

ROOT = Path(__file__).resolve().parents[2]
COMMAND = ("-m", "tests.training.processes")


@pytest.mark.parametrize("last", [3, 5])
def test_killed_and_resumed_gives_the_weights_of_an_undisturbed_run(
    short: MakeRecipe, tmp_path: Path, last: int
) -> None:
    """SIGKILL after one epoch in the middle of the next, and just after an epoch's end."""
    recipe = short(task="reconstruct", family="variational", options={"features": [8]}, steps=9, steps_per_epoch=2)
    whole = train(recipe, out=tmp_path / "whole")
    path = tmp_path / "recipe.json"
    path.write_text(recipe.model_dump_json())
    command = [sys.executable, *COMMAND, str(path), str(tmp_path / "killed")]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if int(line) == last:
                process.send_signal(signal.SIGKILL)
                break
    assert process.returncode == -signal.SIGKILL
    run = Run.named("short")
    assert not (tmp_path / "killed" / "short").exists()
    assert run.state().state == "running"
    assert not run.is_alive()
    resumed = train(recipe, out=tmp_path / "killed", resume=True)
    one, two = (load_file(folder / "models" / "model.safetensors") for folder in (whole, resumed))
    assert max(float((one[name] - two[name]).abs().max()) for name in one) <= 1e-5
    assert [line["step"] for line in run.history()] == [2, 4, 6, 8, 9]


def test_two_processes_train_one_network(short: MakeRecipe, tmp_path: Path) -> None:
    place = {"task": "reconstruct", "family": "convolutional", "options": {}}
    recipe = short(**place, steps=30, steps_per_epoch=10, learning_rate=1e-2, validation=0.34, hold_out=0.34)
    path = tmp_path / "recipe.json"
    path.write_text(recipe.model_dump_json())
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    done = subprocess.run(
        [*launcher, *COMMAND, str(path), str(tmp_path / "out")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.split() == [str(step + 1) for step in range(30)]  # of the first process only
    first, second = (torch.load(tmp_path / "out" / f"rank{rank}.pt", weights_only=True) for rank in (0, 1))
    assert all(torch.equal(first["weights"][name], second["weights"][name]) for name in first["weights"])
    assert not set(first["drawn"]) & set(second["drawn"])
    assert sum(first["losses"][-10:]) < 0.8 * sum(first["losses"][:10])
    assert (tmp_path / "out" / "short" / "configs" / "metadata.json").is_file()
