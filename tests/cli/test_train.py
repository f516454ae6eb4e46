import json

from medae import bundle
from medae.phantom import head, write_nifti

RECIPE = {
    "name": "tiny",
    "title": "Tiny",
    "task": "denoise",
    "modality": "MR",
    "steps": 2,
    "batch_size": 1,
    "patch_size": 32,
}


def write_recipe(folder, **changes) -> object:
    write_nifti(head("T1", (3, 48, 40), (5.0, 4.0, 4.0)).volume, folder / "in" / "scan.nii.gz")
    path = folder / "recipe.json"
    path.write_text(json.dumps({**RECIPE, "data": [{"path": str(folder / "in")}], **changes}))
    return path


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
