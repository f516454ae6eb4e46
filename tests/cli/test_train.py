import json
import os
import signal
from contextlib import contextmanager
from pathlib import Path

import pytest

from medae import bundle
from medae.cli.terminal import Terminal
from medae.phantom import head, thorax, write_dicom, write_nifti
from medae.runs import Run, runs
from medae.training.plan import Plan

RECIPE = {
    "name": "tiny",
    "title": "Tiny",
    "task": "denoise",
    "modality": "MR",
    "steps": 2,
    "batch_size": 1,
    "patch_size": 32,
}
SHAPE, SPACING = (4, 64, 56), (5.0, 3.6, 3.6)


def write_recipe(folder, **changes) -> Path:
    write_nifti(head("T1", (3, 48, 40), (5.0, 4.0, 4.0)).volume, folder / "in" / "scan.nii.gz")
    path = folder / "recipe.json"
    path.write_text(json.dumps({**RECIPE, "data": [{"path": str(folder / "in")}], **changes}))
    return path


@pytest.fixture(scope="module")
def mixed(tmp_path_factory) -> Path:
    """Three patients of MR, CT, a mask, a broken file; not to be changed."""
    folder = tmp_path_factory.mktemp("mixed")
    for number in range(3):
        write_nifti(head("T1", SHAPE, SPACING, seed=number).volume, folder / f"patient{number}_T1.nii.gz")
    volume = head("T1", SHAPE, SPACING, seed=0).volume
    write_nifti(volume.with_array((volume.array > 400).astype(volume.array.dtype)), folder / "patient0_gt.nii.gz")
    write_dicom(thorax(shape=(2, 64, 64), spacing=(5.0, 6.0, 6.0)).volume, folder / "chest")
    (folder / "patient1_cut.nii.gz").write_bytes((folder / "patient1_T1.nii.gz").read_bytes()[:20])
    return folder


def everything(*folders: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for folder in folders for path in [folder, *folder.rglob("*")]}


def test_a_recipe_becomes_a_model_of_ones_own(medae, tmp_path) -> None:
    result = medae("train", write_recipe(tmp_path), "--json", "--report", tmp_path / "r.json")
    assert result.exit_code == 0, result.stderr
    made = json.loads(result.stdout)
    assert made["name"] == "tiny"
    bundle.verify(bundle.find("tiny"))
    assert json.loads((tmp_path / "r.json").read_text()) == made


def test_a_mistyped_field_is_named(medae, tmp_path) -> None:
    result = medae("train", write_recipe(tmp_path, stepps=3))
    assert result.exit_code == 1
    assert "stepps" in result.stderr


def test_a_dry_run_tells_all_and_writes_nothing(medae, mixed) -> None:
    home = Path(os.environ["MEDAE_HOME"])
    before = everything(mixed)
    result = medae("train", "--family", "convolutional", "--data", mixed, "--dry-run", "--max-steps", 30)
    assert result.exit_code == 0, result.stderr
    assert everything(mixed) == before
    assert {path.name for path in home.iterdir()} <= {"cache"}, "headers are kept to be found faster"
    for told in ("my-convolutional-mr", "CT, the recipe is for MR", "a mask", "cut", "30 steps", "Parameters", "ms"):
        assert told in result.stdout


def test_a_dry_run_as_json_is_a_plan(medae, mixed) -> None:
    result = medae("train", "mr-variational", "--data", mixed, "--dry-run", "--json", "--seed", 3, "--set", "beta=0.5")
    assert result.exit_code == 0, result.stderr
    plan = Plan.model_validate_json(result.stdout)
    assert (plan.recipe.name, plan.recipe.seed, plan.recipe.options["beta"]) == ("mr-variational", 3, 0.5)
    assert plan.counts["train"].patients == 1
    assert result.stderr == ""


def test_what_cannot_be_trained_fails(medae, mixed) -> None:
    arguments = ("train", "--family", "sparse", "--data", mixed, "--modality", "pt")
    result = medae(*arguments, "--dry-run")
    assert result.exit_code == 1
    assert "No PT scan" in " ".join(result.stdout.split())
    result = medae(*arguments)
    assert result.exit_code == 1
    assert "No PT scan" in " ".join(result.stderr.split())
    assert not runs()


def test_a_family_and_a_folder_become_a_model(medae, mixed) -> None:
    result = medae("train", "--family", "variational", "--data", mixed, "--max-steps", 3, "--set", "batch_size=2")
    assert result.exit_code == 0, result.stderr
    made = bundle.find("my-variational-mr")
    bundle.verify(made)
    assert (made.family, made.shipped) == ("variational", False)
    assert "a mask" in result.stderr
    assert str(made.folder) in result.stdout
    again = medae("train", "--family", "variational", "--data", mixed, "--dry-run", "--json")
    assert json.loads(again.stdout)["recipe"]["name"] == "my-variational-mr-2"


def test_a_model_of_ones_own_does_not_take_a_shipped_name(medae, mixed) -> None:
    small = ("--set", "batch_size=1", "--set", "patch_size=32", "--dry-run", "--json")
    result = medae("train", "mr-denoise", "--data", mixed, *small)
    assert json.loads(result.stdout)["recipe"]["name"] == "my-mr-denoise"
    result = medae("train", "mr-denoise", "--data", mixed, "--out", "mine", *small)
    assert json.loads(result.stdout)["recipe"]["name"] == "mine"


@pytest.fixture
def _ctrl_c_at_step_5(monkeypatch) -> None:
    def task(self, title):
        @contextmanager
        def shown():
            def report(fraction: float, message: str = "", /) -> None:
                if message.startswith("Step 5 "):
                    signal.raise_signal(signal.SIGINT)

            yield report

        return shown()

    monkeypatch.setattr(Terminal, "task", task)


@pytest.mark.usefixtures("_ctrl_c_at_step_5")
def test_ctrl_c_pauses_and_resume_goes_on(medae, tmp_path) -> None:
    recipe = write_recipe(tmp_path, steps=8, steps_per_epoch=100)
    result = medae("train", recipe)
    assert result.exit_code == 130
    assert "Paused after step 6 of 8" in result.stderr
    assert "medae train --resume tiny" in result.stderr
    assert not (bundle.user_models_folder() / "tiny").exists()
    assert "paused" in medae("train", "--list").stdout

    refused = medae("train", recipe)
    assert refused.exit_code == 1
    assert "--overwrite" in refused.stderr

    result = medae("train", recipe, "--resume", "--json")
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["name"] == "tiny"
    assert Run.named("tiny").state().state == "finished"
    (listed,) = json.loads(medae("train", "--list", "--json").stdout)
    assert (listed["state"], listed["step"], listed["family"]) == ("finished", 8, "denoising")


@pytest.mark.usefixtures("_ctrl_c_at_step_5")
@pytest.mark.parametrize("arguments", [(), ("tiny",)])
def test_a_run_is_resumed_by_its_name_or_as_the_newest(medae, tmp_path, arguments) -> None:
    assert medae("train", write_recipe(tmp_path, steps=8)).exit_code == 130
    result = medae("train", "--resume", *arguments)
    assert result.exit_code == 0, result.stderr
    bundle.verify(bundle.find("tiny"))


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ((), 2, "name a recipe"),
        (("mr-sparse", "--family", "sparse"), 2, "--set"),
        (("--resume", "--max-steps", "4"), 2, "as it began"),
        (("--resume",), 1, "no run"),
        (("--resume", "nonsense"), 1, "no training run named"),
        (("mr-sparse",), 1, "--data"),
        (("no-such-recipe",), 1, "mr-sparse"),
        (("--family", "sparse"), 1, "--data"),
        (("--family", "nonsense", "--data", "."), 1, "variational"),
        (("mr-sparse", "--data", ".", "--set", "rho"), 2, "NAME=VALUE"),
        (("mr-sparse", "--data", ".", "--set", "rhoo=1"), 1, "rhoo"),
        (("mr-sparse", "--data", ".", "--set", "steps=none"), 1, "steps"),
        (("mr-sparse", "--data", "nowhere"), 2, "does not exist"),
    ],
)
def test_command_lines_that_make_no_sense(medae, tmp_path, monkeypatch, arguments, code, message) -> None:
    monkeypatch.chdir(tmp_path)
    result = medae("train", *arguments)
    assert result.exit_code == code, result.stderr
    assert message in " ".join(result.stderr.replace("│", " ").split())
    assert not runs()


def test_processes_of_torchrun_need_a_recipe_and_only_the_first_speaks(medae, mixed, monkeypatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("RANK", "1")
    result = medae("train", "--family", "sparse", "--data", mixed)
    assert result.exit_code == 2
    assert "torchrun" in result.stderr
    result = medae("train", "mr-sparse", "--data", mixed, "--dry-run")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")
