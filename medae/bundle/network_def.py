"""The ``network_def`` of a bundle: read as data, checked, built from an explicit table."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from medae.bundle.info import BundleInfo, read_json
from medae.errors import ModelError

if TYPE_CHECKING:
    from medae.networks import Network

NETWORKS = {
    "medae.networks.ConvolutionalAutoEncoder": ("medae.networks", "ConvolutionalAutoEncoder"),
    "medae.networks.DenseAutoEncoder": ("medae.networks", "DenseAutoEncoder"),
    "medae.networks.ImportedAutoEncoder": ("medae.networks", "ImportedAutoEncoder"),
    "medae.networks.ImportedVarAutoEncoder": ("medae.networks", "ImportedVarAutoEncoder"),
    "medae.networks.LesionUNet": ("medae.networks", "LesionUNet"),
    "medae.networks.ResidualUNet": ("medae.networks", "ResidualUNet"),
    "medae.networks.VariationalAutoEncoder": ("medae.networks", "VariationalAutoEncoder"),
}
"""``_target_`` values that a bundle may name, and where the class lives."""


def read_network_def(info: BundleInfo) -> dict[str, Any]:
    """Give the network definition of a bundle.

    Raises
    ------
    ModelError
        If it is missing, names a network outside `NETWORKS`, or holds an expression.
    """
    definition = read_json(info.folder / "configs" / "inference.json").get("network_def")
    if not isinstance(definition, dict) or definition.get("_target_") not in NETWORKS:
        target = definition.get("_target_") if isinstance(definition, dict) else None
        raise ModelError(f"model {info.name}: network {target!r} is not one that MedAE builds")
    if '"$' in json.dumps(definition):
        raise ModelError(f"model {info.name}: its network definition holds an expression, which is not run")
    return definition


def build_network(definition: Mapping[str, Any]) -> "Network":
    """Build an untrained network from its ``network_def``.

    Raises
    ------
    ModelError
        If the target is unknown or refuses the arguments.
    """
    from importlib import import_module

    target = NETWORKS.get(str(definition.get("_target_")))
    if target is None:
        raise ModelError(f"network {definition.get('_target_')!r} is not one that MedAE builds")
    arguments = {key: value for key, value in definition.items() if key != "_target_"}
    try:
        network: Network = getattr(import_module(target[0]), target[1])(**arguments)
    except (TypeError, ValueError) as error:
        raise ModelError(f"network {definition['_target_']} cannot be built: {error}") from error
    return network
