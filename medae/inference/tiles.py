"""Run a network over images of any size: whole, in tiles with a halo, or window by window."""

from collections.abc import Iterator, Sequence
from itertools import product
from types import EllipsisType

import torch  # noqa: TID253
from torch import Tensor  # noqa: TID253

from medae.inference.device import Device
from medae.networks import Network

TILE = {2: 768, 3: 192}
"""Side of a tile in pixels by spatial dimensions; larger images are cut."""
WINDOWS_AT_ONCE = 8
"""Windows of a fixed-size network that are computed together."""


@torch.inference_mode()
def run_network(network: Network, images: Tensor, device: Device, tile: int | None = None) -> Tensor:
    """Run a network on images of any size.

    Networks that take any size run in tiles with a halo as wide as they can see, so that the result does not depend
    on the tiling. Networks of one fixed window slide over the image by half a window, blended with Gaussian weights
    (`monai.inferers.sliding_window_inference`); an image of just that size is one window.

    Parameters
    ----------
    network
        In evaluation mode, on ``device``.
    images
        (1, C, H, W) or (1, 1, D, H, W) float32 network values.
    device
        Where to compute.
    tile
        Side of a tile; by default `TILE`.

    Returns
    -------
    Tensor
        (1, 1, H, W) or (1, 1, D, H, W) float32 on the CPU.
    """
    if network.window is not None:
        return _run_windows(network, images, network.window, device)
    shape = images.shape[2:]
    result = torch.empty(1, 1, *shape)
    for inner, outer in _tiles(shape, tile or TILE[len(shape)], network.halo, network.stride):
        restored = _run(network, images[_index(outer)], device)
        kept = tuple(slice(i.start - o.start, i.stop - o.start) for i, o in zip(inner, outer, strict=True))
        result[_index(inner)] = restored[_index(kept)]
    return result


def _run(network: Network, images: Tensor, device: Device) -> Tensor:
    layout = torch.channels_last if images.ndim == 4 else torch.contiguous_format
    with torch.autocast("cuda", torch.float16, enabled=device.name != "cpu"):
        return network(images.to(device.name, memory_format=layout)).float().cpu()


def _run_windows(network: Network, images: Tensor, window: Sequence[int], device: Device) -> Tensor:
    from monai.inferers import sliding_window_inference

    return sliding_window_inference(
        images,
        roi_size=window,
        sw_batch_size=WINDOWS_AT_ONCE,
        predictor=lambda part: _run(network, part, device),
        overlap=0.5,
        mode="gaussian",
        padding_mode="constant",
        cval=0.0,
    )


_Box = tuple[slice, ...]


def _index(box: _Box) -> tuple[EllipsisType | slice, ...]:
    return (..., *box)


def _tiles(shape: Sequence[int], tile: int, halo: int, stride: int) -> Iterator[tuple[_Box, _Box]]:
    """Boxes that cover the image, each with the box widened by the halo.

    Starts are multiples of the stride, so that every tile meets the network's strides as the whole image would.
    """
    halo, tile = (-(-length // stride) * stride for length in (halo, tile))
    for starts in product(*(range(0, length, tile) for length in shape)):
        inner = tuple(slice(start, min(start + tile, n)) for start, n in zip(starts, shape, strict=True))
        outer = tuple(slice(max(s.start - halo, 0), min(s.stop + halo, n)) for s, n in zip(inner, shape, strict=True))
        yield inner, outer
