import json
import shutil

import pytest

from medae import bundle


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
