"""The first network of a training."""

from pathlib import Path
from typing import Any

import pytest
import torch

from medae import bundle
from medae.errors import ModelError, SettingsError
from medae.networks import Network
from medae.training.recipe import Recipe
from medae.training.start import first_network, origin

OPTIONS = {"in_channels": 1, "features": [4, 8], "blocks": 1}
DEFINITION = {"_target_": "medae.networks.ResidualUNet", **OPTIONS}


def _recipe(start: str | None) -> Recipe:
    return Recipe.model_validate({"name": "x", "title": "x", "task": "denoise", "modality": "MR", "start": start})


def _written(folder: Path, definition: dict[str, object], task: str, network: Network | None = None) -> Path:
    network = network or bundle.build_network(definition)
    facts = {"version": "1", "name": "First", "training": {"steps": 7, "scans": 3}}
    ours = {"task": task, "family": "denoising", "modalities": ["MR"], "settings": {}}
    metadata = {**facts, "medae": ours}
    return bundle.write(folder, network.state_dict(), definition, metadata, "# First", {}).folder


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return _written(tmp_path / "first", DEFINITION, "denoise")


def test_a_recipe_without_a_start_has_a_new_network() -> None:
    network = first_network(_recipe(None), DEFINITION)
    assert all(weight.requires_grad for weight in network.parameters())
    assert origin(_recipe(None)) == {}


def test_the_weights_are_those_of_the_model_and_can_be_trained(model: Path) -> None:
    network = first_network(_recipe(str(model)), DEFINITION)
    stored = bundle.load_network(bundle.find(str(model))).state_dict()
    assert all(torch.equal(weight, stored[name]) for name, weight in network.state_dict().items())
    assert all(weight.requires_grad for weight in network.parameters())


def test_the_record_tells_what_it_began_with(model: Path) -> None:
    start = origin(_recipe(str(model)))["start"]
    assert isinstance(start, dict)
    assert start["steps"] == 7
    assert start["sha256"] == bundle.find(str(model)).sha256


@pytest.mark.parametrize("other", [{"features": [4, 4]}, {"features": [4, 8, 8]}, {"blocks": 2}, {"in_channels": 3}])
def test_another_network_is_refused(model: Path, other: dict[str, object]) -> None:
    with pytest.raises(SettingsError, match="another network"):
        first_network(_recipe(str(model)), {**DEFINITION, **other})


def test_a_denoiser_may_have_more_features_than_the_model(model: Path) -> None:
    network = first_network(_recipe(str(model)), {**DEFINITION, "features": [6, 16]})
    image = torch.rand(1, 1, 16, 16)
    expected = bundle.load_network(bundle.find(str(model)))(image)
    torch.testing.assert_close(network(image), expected)
    network(image).square().sum().backward()
    assert all(weight.grad is not None and weight.grad.abs().max() > 0 for weight in network.parameters())


def test_a_network_that_tells_lesions_may_see_more_neighbours(tmp_path: Path) -> None:
    fewer = {"_target_": "medae.networks.LesionUNet", "in_channels": 1, "features": [4, 8], "unshuffle": 2}
    start = _recipe(str(_written(tmp_path / "first", fewer, "anomaly")))
    weights = bundle.load_network(bundle.find(str(start.start))).state_dict()
    network = first_network(start, {**fewer, "in_channels": 3})
    assert network.middle == 1
    assert torch.equal(network.state_dict()["last.weight"], weights["last.weight"])
    with pytest.raises(SettingsError, match="another network"):
        first_network(start, {**fewer, "in_channels": 3, "features": [4, 6]})


@pytest.mark.parametrize("features", [[6, 12, 16], [4, 8, 10], [5, 8, 8]])
def test_a_network_that_tells_lesions_may_have_more_features(tmp_path: Path, features: list[int]) -> None:
    fewer: dict[str, Any] = {"_target_": "medae.networks.LesionUNet", "in_channels": 3, "features": [4, 8, 8]}
    fewer["spatial_dims"] = 3
    known = bundle.build_network(fewer)
    for name, weight in known.state_dict().items():  # what is told across slices, and batch statistics, count, too
        if weight.is_floating_point():
            weight.copy_(torch.rand_like(weight) if "running_var" in name else 0.2 * torch.randn_like(weight))
    model = _written(tmp_path / "first", fewer, "anomaly", known)
    network = first_network(_recipe(str(model)), {**fewer, "features": features})
    image = torch.rand(1, 1, 4, 16, 16)
    expected = known.eval()(image)
    assert expected.std() > 0.01
    torch.testing.assert_close(network.eval()(image), expected)
    network.train()(image).square().sum().backward()
    new = []
    for name, axis, level in (("last.weight", 1, 0), ("up.1.upsample.deconv.weight", 0, 2)):
        grad = network.get_parameter(name).grad
        assert grad is not None
        new += [one.abs().max() for one in grad.movedim(axis, 0)[fewer["features"][level] :]]
    assert new
    assert min(new) > 0


def test_a_network_that_tells_lesions_in_blocks_begins_with_one_of_slices(tmp_path: Path) -> None:
    slices = {"_target_": "medae.networks.LesionUNet", "in_channels": 3, "features": [4, 8], "unshuffle": 2}
    start = _recipe(str(_written(tmp_path / "first", slices, "anomaly")))
    network = first_network(start, {**slices, "spatial_dims": 3})
    image = torch.rand(1, 1, 1, 16, 16)
    expected = bundle.load_network(bundle.find(str(start.start)))(image[:, 0].expand(1, 3, 16, 16))
    torch.testing.assert_close(network.eval()(image)[:, :, 0], expected)
    blocks = _recipe(str(_written(tmp_path / "second", {**slices, "spatial_dims": 3}, "anomaly")))
    with pytest.raises(SettingsError, match="another network"):
        first_network(blocks, slices)


def test_a_network_that_sees_fewer_neighbours_than_the_model_is_refused(tmp_path: Path) -> None:
    more = {"_target_": "medae.networks.LesionUNet", "in_channels": 3, "features": [4, 8], "unshuffle": 2}
    start = _recipe(str(_written(tmp_path / "first", more, "anomaly")))
    with pytest.raises(SettingsError, match="another network"):
        first_network(start, {**more, "in_channels": 1})


def test_a_model_that_is_not_there_is_named() -> None:
    with pytest.raises(ModelError):
        first_network(_recipe("no-such-model"), DEFINITION)
