"""The network that a training begins with: new, or another model's."""

from collections.abc import Mapping
from typing import Any

import torch  # noqa: TID253

from medae import bundle
from medae.bundle.network_def import read_network_def
from medae.errors import SettingsError
from medae.networks import Network
from medae.training.recipe import Recipe


def first_network(recipe: Recipe, definition: Mapping[str, Any]) -> Network:
    """Build the network, with the weights of the model that the recipe starts from, if it names one.

    Parameters
    ----------
    recipe
        For the model's name.
    definition
        ``network_def`` of the network to train.

    Raises
    ------
    SettingsError
        If the model has another network, but for a map of lesions that it does not tell yet.
    ModelError
        If there is no such model, or it is damaged.
    """
    if recipe.start is None:
        return bundle.build_network(definition)
    info = bundle.find(recipe.start)
    known = dict(read_network_def(info))
    if known != definition and {**known, "lesions": True} == definition:
        return _with_lesions(bundle.build_network(definition), bundle.load_network(info))
    if known != definition:
        raise SettingsError(
            f"model {info.name} has another network than the recipe; start from a model of the same family and "
            "options, or set 'start' to null"
        )
    return bundle.load_network(info).requires_grad_(True)


def _with_lesions(network: Network, known: Network) -> Network:
    """Give a network the weights of one that tells no lesions, so that it tells none to begin with."""
    weights = known.state_dict()
    for name, own in network.state_dict().items():
        more = len(own) - len(weights[name])  # the last convolution has more channels
        weights[name] = torch.cat([weights[name], torch.zeros_like(own[len(own) - more :])]) if more else weights[name]
    network.load_state_dict(weights)
    return network


def origin(recipe: Recipe) -> dict[str, object]:
    """Record of the model that was started from, with its own training; empty for a new network."""
    if recipe.start is None:
        return {}
    info = bundle.find(recipe.start)
    known = {key: info.training[key] for key in ("steps", "seconds", "device", "start") if key in info.training}
    return {"start": {"name": info.name, "version": info.version, "sha256": info.sha256, **known}}
