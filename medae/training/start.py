"""The network that a training begins with: new, or another model's."""

from collections.abc import Mapping
from typing import Any

from medae import bundle
from medae.bundle.network_def import read_network_def
from medae.errors import SettingsError
from medae.networks import LesionUNet, Network
from medae.training.recipe import Recipe


def first_network(recipe: Recipe, definition: Mapping[str, Any]) -> Network:
    """Build the network, with the weights of the model that the recipe starts from, if it names one.

    A `LesionUNet` may see more neighbouring slices than the model did: those count nothing at first.

    Parameters
    ----------
    recipe
        For the model's name.
    definition
        ``network_def`` of the network to train.

    Raises
    ------
    SettingsError
        If the model has another network.
    ModelError
        If there is no such model, or it is damaged.
    """
    if recipe.start is None:
        return bundle.build_network(definition)
    info = bundle.find(recipe.start)
    theirs, wanted = dict(read_network_def(info)), dict(definition)
    if theirs == wanted:
        return bundle.load_network(info).requires_grad_(True)
    if theirs | {"in_channels": wanted.get("in_channels")} == wanted:
        network, known = bundle.build_network(wanted), bundle.load_network(info)
        if isinstance(network, LesionUNet) and isinstance(known, LesionUNet) and known.middle < network.middle:
            network.begin_with(known)
            return network
    raise SettingsError(
        f"model {info.name} has another network than the recipe; start from a model of the same family and "
        "options, or set 'start' to null"
    )


def origin(recipe: Recipe) -> dict[str, object]:
    """Record of the model that was started from, with its own training; empty for a new network."""
    if recipe.start is None:
        return {}
    info = bundle.find(recipe.start)
    known = {key: info.training[key] for key in ("steps", "seconds", "device", "start") if key in info.training}
    return {"start": {"name": info.name, "version": info.version, "sha256": info.sha256, **known}}
