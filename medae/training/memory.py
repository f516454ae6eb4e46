"""How much memory a training step takes, told from the network's definition without computing anything."""

import os
from collections.abc import Mapping
from typing import Any

import torch  # noqa: TID253
from torch import Tensor, nn  # noqa: TID253

from medae import bundle
from medae.networks import Network, parameter_count

COPIES = 5
"""Of each weight in float32: itself, its gradient, two moments of AdamW, its moving average."""

HOW = "estimated: weights, gradients, optimiser, average, and what the layers keep for their gradients"
"""What the estimate counts, for people."""


def sketch(definition: Mapping[str, Any]) -> Network:
    """Build a network without memory for its weights: shapes only.

    Raises
    ------
    ModelError
        If the definition is none that MedAE builds.
    """
    with torch.device("meta"):
        return bundle.build_network(definition)


def training_mb(network: Network, batch_size: int, patch: tuple[int, ...]) -> float:
    """Megabytes of one training step of a `sketch`.

    Parameters
    ----------
    network
        Of `sketch`.
    batch_size
        Patches at once.
    patch
        Spatial size: (H, W) or (D, H, W).
    """
    weights = COPIES * 4 * parameter_count(network)
    return (weights + 4 * batch_size * _kept(network, patch)) / 1e6


def _kept(network: Network, patch: tuple[int, ...]) -> int:
    """Numbers that the layers keep per patch for the backward pass: the output of each."""
    kept = 0

    def count(_module: nn.Module, _inputs: object, output: object) -> None:
        nonlocal kept
        kept += output.numel() if isinstance(output, Tensor) else 0

    leaves = [module for module in network.modules() if not list(module.children())]
    handles = [module.register_forward_hook(count) for module in leaves]
    channels = 1 if network.spatial_dims == 3 else 2 * network.middle + 1
    try:
        with torch.no_grad():
            network(torch.empty(1, channels, *patch, device="meta"))
    finally:
        for handle in handles:
            handle.remove()
    return kept


def available_mb(device: str) -> float:
    """Megabytes that are free now on ``"cpu"`` or ``"cuda:N"``."""
    if device != "cpu":
        return torch.cuda.mem_get_info(device)[0] / 1e6
    if not hasattr(os, "sysconf"):
        return 4000.0
    return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e6
