"""The network that a training begins with: new, or another model's."""

from collections.abc import Mapping
from typing import Any, cast

from medae import bundle
from medae.bundle.network_def import read_network_def
from medae.errors import SettingsError
from medae.networks import LesionUNet, Network, ResidualUNet
from medae.training.recipe import Recipe

GROWS = {
    "medae.networks.LesionUNet": ("in_channels", "spatial_dims", "features"),
    "medae.networks.ResidualUNet": ("features",),
}
"""By ``_target_``: what may be more than in the model that is started from."""


def first_network(recipe: Recipe, definition: Mapping[str, Any]) -> Network:
    """Build the network, with the weights of the model that the recipe starts from, if it names one.

    A `LesionUNet` may see more neighbouring slices than the model did, or blocks instead of slices, and it or a
    `ResidualUNet` may have more features: those count nothing at first.

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
    grows = {name: wanted[name] for name in GROWS.get(wanted["_target_"], ()) if name in wanted}
    if grows and theirs | grows == wanted:
        network = cast(LesionUNet | ResidualUNet, bundle.build_network(wanted))
        try:
            network.begin_with(bundle.load_network(info))  # type: ignore[arg-type] # same target, same type
        except ValueError:
            pass  # it is smaller: refused as any other network
        else:
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
