"""The weights of a bundle: compared with their SHA-256 before anything reads them."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from medae.bundle.info import BundleInfo
from medae.bundle.network_def import build_network, read_network_def
from medae.errors import ModelError

if TYPE_CHECKING:
    from medae.networks import Network


def file_sha256(path: Path) -> str:
    """SHA-256 of a file as hexadecimal text."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def verify(info: BundleInfo) -> None:
    """Compare the weights with the SHA-256 of the metadata and check the network definition.

    Raises
    ------
    ModelError
        If the weights are missing or altered, or the network is not one that MedAE builds.
    """
    if not info.weights.is_file():
        raise ModelError(f"model {info.name}: {info.weights} is missing; install the model again")
    actual = file_sha256(info.weights)
    if actual != info.sha256:
        raise ModelError(
            f"model {info.name}: the weights do not match their SHA-256 (expected {info.sha256[:12]}…, "
            f"found {actual[:12]}…); they were altered or damaged and are refused"
        )
    read_network_def(info)


def load_network(info: BundleInfo) -> "Network":
    """Verify a bundle, build its network and load the weights, on the CPU and in evaluation mode.

    Raises
    ------
    ModelError
        If the bundle is damaged, or the weights do not fit the network.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    verify(info)
    network = build_network(read_network_def(info))
    try:
        network.load_state_dict(load_file(info.weights))
    except (SafetensorError, RuntimeError) as error:
        raise ModelError(f"model {info.name}: the weights do not fit the network ({error})") from error
    return network.eval().requires_grad_(False)
