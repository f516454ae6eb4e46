import shutil
from pathlib import Path

import pytest

from medae.bundle import resources_folder
from medae.errors import SettingsError
from medae.families import FAMILIES
from medae.phantom import head, thorax, write_dicom, write_nifti
from medae.progress import Cancelled
from medae.training.plan import Plan, plan
from medae.training.recipe import Recipe

SHAPE, SPACING = (4, 64, 56), (5.0, 3.6, 3.6)
RECIPES = sorted((resources_folder() / "recipes").glob("*.json"))


@pytest.fixture(scope="module")
def _mixed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mixed")
    for number in range(4):
        write_nifti(head("T1", SHAPE, SPACING, seed=number).volume, folder / f"patient{number}_T1.nii.gz")
    volume = head("FLAIR", SHAPE, SPACING, seed=0).volume
    write_nifti(volume.with_array((volume.array > 400).astype(volume.array.dtype)), folder / "patient0_gt.nii.gz")
    write_nifti(head("T2", (1, 64, 56), SPACING, seed=0).volume, folder / "patient0_T2.nii.gz")
    write_dicom(thorax(shape=(2, 64, 64), spacing=(5.0, 6.0, 6.0)).volume, folder / "chest")
    (folder / "patient1_cut.nii.gz").write_bytes((folder / "patient1_T1.nii.gz").read_bytes()[:20])
    (folder / "notes.txt").write_text("not an image")
    return folder


@pytest.fixture
def mixed(_mixed: Path, tmp_path: Path) -> Path:
    """Four patients of MR, a single slice, a mask, CT, a broken file, a text; to be changed at will."""
    return Path(shutil.copytree(_mixed, tmp_path / "mixed"))


def test_a_mixed_folder_is_told_scan_by_scan(mixed) -> None:
    found = plan(family="convolutional", data=[mixed], measure=False)
    assert found.recipe.modality == "MR"
    assert found.problem == ""
    assert {scan.name: scan.reason for scan in found.scans if scan.use == "not_used"} == {
        "patient0_gt.nii.gz": "a mask: 2 different values",
        "chest": "CT, the recipe is for MR",
    }
    assert {file.path.name for file in found.skipped} == {"patient1_cut.nii.gz", "notes.txt"}
    (single,) = (scan for scan in found.scans if scan.name == "patient0_T2.nii.gz")
    (whole,) = (scan for scan in found.scans if scan.name == "patient0_T1.nii.gz")
    assert "a single slice" in single.warnings
    assert (single.patient, single.use) == (whole.patient, whole.use)
    assert {use: count.patients for use, count in found.counts.items()} == {
        "train": 2,
        "validation": 1,
        "held_out": 1,
        "not_used": 2,
    }
    assert sum(count.slices for use, count in found.counts.items() if use != "not_used") == 4 * 4 + 1
    assert found.modalities["CT"].slices == 2
    assert "by heart" in found.warnings[-1]


def test_time_is_measured_on_real_steps(mixed) -> None:
    found = plan(family="variational", data=[mixed], max_steps=40, device="cpu")
    assert found.recipe.steps == 40
    assert found.samples == 40 * found.recipe.batch_size
    assert found.seconds_per_step is not None
    assert found.seconds_per_step > 0
    assert found.preparation_seconds is not None
    assert found.seconds == pytest.approx(found.preparation_seconds + 40 * found.seconds_per_step)
    assert found.device.startswith("CPU")


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_every_shipped_recipe_plans_on_ones_own_scans(path, mixed) -> None:
    recipe, size = Recipe.load(path), 64
    if recipe.options.get("spatial_dims") == 3:
        size = (8, 64, 64)
        for number in range(2):
            write_nifti(head("T2", (8, *SHAPE[1:]), SPACING, seed=number).volume, mixed / f"deep{number}_T2.nii.gz")
    found = plan(recipe=recipe, data=[mixed], measure=False, changes={"patch_size": size, "modality": "MR"})
    assert found.counts["train"].scans
    assert found.parameters > 10_000
    assert found.memory_mb > 1


@pytest.mark.parametrize("family", FAMILIES)
def test_a_plan_is_json_and_its_recipe_can_be_trained(family, mixed) -> None:
    found = plan(family=family, data=[mixed], measure=False, options={"spatial_dims": 2}, changes={"seed": 5})
    again = Plan.model_validate_json(found.model_dump_json())
    assert again == found
    assert (again.recipe.seed, again.recipe.family) == (5, family)


def test_nothing_to_learn_from_is_a_problem_with_its_reasons(mixed) -> None:
    found = plan(family="convolutional", data=[mixed], modality="PT")
    assert "No PT scan" in found.problem
    assert "4 × MR" in found.problem or "× MR, the recipe is for PT" in found.problem
    assert found.seconds_per_step is None


def test_blocks_need_slices(mixed) -> None:
    found = plan(family="convolutional", data=[mixed], options={"spatial_dims": 3}, measure=False)
    assert "blocks of 8 need more" in found.problem


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "--data"),
        ({"recipe": Recipe.load(resources_folder() / "recipes" / "mr-variational.json")}, "--data"),
        ({"family": "nonsense", "data": [Path("x")]}, "the families are"),
        ({"device": "cuda:99", "data": [Path("x")]}, "cannot be used"),
    ],
)
def test_what_makes_no_sense_is_said(arguments, message) -> None:
    with pytest.raises(SettingsError, match=message):
        plan(**arguments)


def test_a_recipe_keeps_its_name_unless_another_is_given(mixed) -> None:
    recipe = Recipe.load(resources_folder() / "recipes" / "mr-sparse.json")
    assert plan(recipe=recipe, data=[mixed], measure=False).recipe.name == "mr-sparse"
    changed = plan(recipe=recipe, data=[mixed], measure=False, name="mine", options={"rho": 0.1}).recipe
    assert (changed.name, changed.options["rho"], changed.options["code_size"]) == ("mine", 0.1, 256)


def test_too_little_memory_is_warned_of(mixed, monkeypatch) -> None:
    monkeypatch.setattr("medae.training.memory.available_mb", lambda device: 5.0)
    found = plan(family="undercomplete", data=[mixed], measure=False)
    assert any("batch_size" in warning for warning in found.warnings)


def test_it_can_be_cancelled_while_it_measures(mixed) -> None:
    told = []

    def report(fraction: float, message: str = "", /) -> None:
        told.append(message)
        if message.startswith("Timing"):
            raise Cancelled

    with pytest.raises(Cancelled):
        plan(report, family="convolutional", data=[mixed])
    assert sum(message.startswith("Timing") for message in told) == 1
