"""Run a network over large slices in tiles, without seams."""

from collections.abc import Iterator

import torch  # noqa: TID253
from torch import Tensor  # noqa: TID253

from medae.inference.device import Device
from medae.networks import Network

TILE = 768
"""Side of a tile in pixels; larger slices are cut."""


def run_tiled(network: Network, images: Tensor, device: Device, tile: int = TILE) -> Tensor:
    """Run a network on (1, C, H, W), in tiles with a halo; gives (1, 1, H, W) float32 on the CPU.

    The halo is as wide as the network can see, so that the result does not depend on the tiling.
    """
    result = torch.empty(1, 1, *images.shape[-2:])
    for inner, outer in _tiles(images.shape[-2], images.shape[-1], tile, network.halo):
        (top, bottom, left, right), (t, b, lt, r) = inner, outer
        part = images[..., t:b, lt:r]
        with torch.inference_mode(), torch.autocast("cuda", torch.float16, enabled=device.name != "cpu"):
            restored = network(part.to(device.name, memory_format=torch.channels_last)).float().cpu()
        result[..., top:bottom, left:right] = restored[..., top - t : bottom - t, left - lt : right - lt]
    return result


_Box = tuple[int, int, int, int]


def _tiles(rows: int, columns: int, tile: int, halo: int) -> Iterator[tuple[_Box, _Box]]:
    """Boxes (top, bottom, left, right) that cover the image, each with the box widened by the halo.

    Starts are multiples of 16, so that every tile meets the network's strides as the whole image would.
    """
    halo = -(-halo // 16) * 16
    tile = -(-tile // 16) * 16
    for top in range(0, rows, tile):
        for left in range(0, columns, tile):
            bottom, right = min(top + tile, rows), min(left + tile, columns)
            yield (
                (top, bottom, left, right),
                (
                    max(top - halo, 0),
                    min(bottom + halo, rows),
                    max(left - halo, 0),
                    min(right + halo, columns),
                ),
            )
