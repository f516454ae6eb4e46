import json
import shutil
from pathlib import Path

import pytest

from medae import bundle
from tests.bundle.foreign_bundles import zoo_bundle
from tests.bundle.payloads import zip_format


@pytest.fixture
def damaged(_private_home):
    """A copy of a shipped model among the user's own, with one byte of its weights changed."""
    info = bundle.bundles()[0]
    folder = bundle.user_models_folder() / "damaged"
    shutil.copytree(info.folder, folder)
    weights = folder / "models" / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    return "damaged"


def test_list_names_the_shipped_models(medae) -> None:
    known = json.loads(medae("models", "list", "--json").stdout)
    assert {("denoise", "CT"), ("denoise", "MR"), ("anomaly", "CT"), ("anomaly", "MR")} <= {
        (model["task"], modality) for model in known for modality in model["modalities"]
    }
    table = medae("models", "list").stdout
    assert all(model["version"] in table for model in known)


def test_show_prints_the_model_card(medae) -> None:
    name = bundle.bundles()[0].name
    result = medae("models", "show", name)
    assert result.exit_code == 0
    assert bundle.find(name).sha256 in result.stdout
    assert json.loads(medae("models", "show", name, "--json").stdout)["name"] == name


def test_an_unknown_name_lists_the_known_ones(medae) -> None:
    result = medae("models", "show", "nothing")
    assert result.exit_code == 1
    assert bundle.bundles()[0].name in result.stderr


def test_shipped_models_are_intact(medae) -> None:
    result = medae("models", "verify", "--json")
    assert result.exit_code == 0
    assert all(outcome["intact"] for outcome in json.loads(result.stdout))


def test_altered_weights_are_found(medae, damaged: str) -> None:
    result = medae("models", "verify", damaged)
    assert result.exit_code == 1
    assert "SHA-256" in result.stdout
    assert medae("models", "verify").exit_code == 1


def test_damaged_folders_are_listed_with_the_reason(medae) -> None:
    folder = bundle.user_models_folder() / "by-hand" / "models"
    folder.mkdir(parents=True)
    (folder / "model.pt").write_bytes(b"")
    assert "by-hand: has no configs/metadata.json" in medae("models", "list").stdout
    listed = {model["name"]: model for model in json.loads(medae("models", "list", "--json").stdout)}
    assert listed["by-hand"]["usable"] is False
    assert all(model["usable"] for name, model in listed.items() if name != "by-hand")
    assert {frozenset(model) for model in listed.values()} == {frozenset(listed["by-hand"])}
    result = medae("models", "verify")
    assert result.exit_code == 1
    assert "by-hand" in result.stdout


@pytest.mark.parametrize("width", [30, 50, 80, 100, 160])
def test_the_list_fits_terminals_of_any_width(medae, monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    lines = medae("models", "list").stdout.splitlines()
    assert max(len(line) for line in lines) <= width
    text = "".join(lines)
    assert "ct-denoise" in text or width < 50
    assert ("Title" in text) == (width >= 120)


def test_show_tells_facts_and_gives_the_recipe(medae, tmp_path: Path) -> None:
    shown = medae("models", "show", "ct-denoise").stdout
    assert "Scans learnt from" in shown
    assert "recipe: learning rate" in shown
    recipe = tmp_path / "recipe.json"
    recipe.write_text(medae("models", "show", "ct-denoise", "--recipe").stdout)
    from medae.training.recipe import Recipe

    assert Recipe.load(recipe).name == "ct-denoise"


def test_export_and_import_make_a_round(medae, tmp_path: Path) -> None:
    out = tmp_path / "given.zip"
    done = medae("models", "export", "ct-denoise", out)
    assert done.exit_code == 0, done.output
    assert done.stdout.strip() == str(out)
    again = medae("models", "export", "ct-denoise", out)
    assert again.exit_code == 1
    assert "--overwrite" in again.stderr
    taken = medae("models", "import", out)
    assert taken.exit_code == 1
    assert "--name" in taken.stderr
    done = medae("models", "import", out, "--name", "mine")
    assert done.exit_code == 0, done.output
    assert "mine: CT denoiser, denoises, for CT" in done.stdout
    assert bundle.find("mine").sha256 == bundle.find("ct-denoise").sha256
    assert medae("models", "show", "mine", "--recipe").exit_code == 0


def test_a_bundle_of_the_zoo_is_imported_with_notes(medae, tmp_path: Path) -> None:
    folder = zoo_bundle(tmp_path / "zoo", metadata={"version": "1"})
    asked = medae("models", "import", folder)
    assert asked.exit_code == 1
    assert "--task denoise or --task reconstruct" in asked.stderr
    done = medae("models", "import", folder, "--task", "reconstruct", "--modality", "xr")
    assert done.exit_code == 0, done.output
    assert "scripts/evil.py" in done.stderr
    assert "preparation of images is not run" in done.stderr
    assert "reconstructs images, for DX" in done.stdout
    no_recipe = medae("models", "show", "zoo", "--recipe")
    assert no_recipe.exit_code == 1
    assert "has no recipe" in no_recipe.stderr
    as_json = medae("models", "import", folder, "--task", "denoise", "--modality", "MR", "--name", "b", "--json")
    assert json.loads(as_json.stdout)["left_out"] == ["models/model.pt", "scripts/evil.py"]
    assert medae("models", "import", folder, "--task", "cook").exit_code == 2


def test_a_payload_is_refused_and_nothing_ran(medae, tmp_path: Path) -> None:
    folder = zoo_bundle(tmp_path / "zoo")
    zip_format(folder / "models" / "model.pt", tmp_path / "ran")
    result = medae("models", "import", folder)
    assert result.exit_code == 1
    assert "would run code" in result.stderr
    assert "Nothing of it was run" in result.stderr
    assert not (tmp_path / "ran").exists()
    assert not bundle.user_models_folder().exists() or not list(bundle.user_models_folder().iterdir())


def test_remove_asks_first(medae, damaged: str) -> None:
    from typer.testing import CliRunner

    from medae.cli.app import app

    refused = CliRunner().invoke(app, ["models", "remove", damaged], input="n\n")
    assert refused.exit_code == 1
    assert (bundle.user_models_folder() / damaged).is_dir()
    done = medae("models", "remove", damaged, "--yes")
    assert done.exit_code == 0
    assert not (bundle.user_models_folder() / damaged).exists()


def test_shipped_models_are_not_removed(medae) -> None:
    result = medae("models", "remove", "ct-denoise", "--yes")
    assert result.exit_code == 1
    assert "came with MedAE" in result.stderr


def test_compare_puts_models_side_by_side(medae, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    text = medae("models", "compare", "ct-denoise", "mr-denoise").stdout
    assert "Parameters" in text
    assert "982,912" in text
    both = json.loads(medae("models", "compare", "ct-denoise", "mr-denoise", "--json").stdout)
    assert [model["name"] for model in both] == ["ct-denoise", "mr-denoise"]
    assert medae("models", "compare", "ct-denoise").exit_code == 2
