"""Run a network over images of any size: whole, in tiles with a halo, or window by window."""

from collections.abc import Callable, Iterator, Sequence
from itertools import product
from types import EllipsisType

import torch  # noqa: TID253
from torch import Tensor  # noqa: TID253

from medae.errors import MedaeError
from medae.inference.device import Device
from medae.inference.engines import Engine, TorchEngine
from medae.networks import Network
from medae.progress import Report, silent

TILE = {2: 1024, 3: 192}
"""Longest side of a tile with its halo, in pixels, by spatial dimensions; larger images are cut."""
SLAB = 4
"""Times fewer slices than pixels in a tile of a network that does not halve their number: a second's work."""
WINDOWS_AT_ONCE = 8
"""Windows of a fixed-size network that are computed together."""

Box = tuple[slice, ...]
"""One slice for each spatial axis."""


def run_network(network: Network, images: Tensor, device: Device, tile: int | None = None) -> Tensor:
    """Run a network on images of any size, in torch.

    Parameters
    ----------
    network
        In evaluation mode, on ``device``.
    images
        (1, C, H, W) or (1, 1, D, H, W) float32 network values.
    device
        Where to compute; CUDA computes in mixed precision.
    tile
        Longest side of a tile; by default `TILE`.

    Returns
    -------
    Tensor
        (1, outputs, H, W) or (1, outputs, D, H, W) float32 on the CPU.
    """
    return torch_runner(network, device, tile).whole(images)


def torch_runner(network: Network, device: Device, tile: int | None = None) -> "Runner":
    """Give what runs a network in torch: in float32 on the CPU, in mixed precision on CUDA."""
    engine = TorchEngine(network, device, "float32" if device.name == "cpu" else "float16")
    return Runner(network, engine, device, tile)


class Runner:
    """Runs an engine over images in tiles, in smaller ones or on the CPU when memory does not suffice.

    Networks that take any size run in tiles with a halo as wide as they can see, so that the result does not depend
    on the tiling. Networks of one fixed window slide over the image by half a window, blended with Gaussian weights
    (`monai.inferers.sliding_window_inference`); an image of just that size is one window.

    Parameters
    ----------
    network
        In evaluation mode.
    engine
        Computes it.
    device
        Where the engine computes.
    tile
        Longest side of a tile with its halo; by default `TILE`. In slices it is a `SLAB`-th of that where the network
        does not halve their number.
    report
        Called before each tile; may raise `Cancelled`.

    Attributes
    ----------
    notes
        Sentences about what had to be changed because memory did not suffice.
    """

    def __init__(
        self,
        network: Network,
        engine: Engine,
        device: Device,
        tile: int | None = None,
        report: Report = silent,
    ) -> None:
        self.network, self.engine, self.device, self.report = network, engine, device, report
        self.tile = tile or TILE[network.spatial_dims]
        self.notes: list[str] = []

    def whole(self, images: Tensor, report: Report = silent) -> Tensor:
        """(1, C, *spatial) float32 network values to (1, outputs, *spatial), on the CPU.

        ``report`` is told after each tile how much of the first axis is done, without a text; may raise `Cancelled`.
        """
        result = torch.empty(1, self.network.outputs, *images.shape[2:])
        for inner, part in self.parts(images.shape[2:], lambda box: images[_index(box)]):
            result[_index(inner)] = part
            report(inner[0].stop / images.shape[2])
        return result

    def parts(self, shape: Sequence[int], read: Callable[[Box], Tensor]) -> Iterator[tuple[Box, Tensor]]:
        """Restore an image piece by piece.

        Parameters
        ----------
        shape
            Spatial shape of the image.
        read
            Gives the network values (1, C, *box) of a box.

        Yields
        ------
        Box, Tensor
            Boxes that cover the image, each once, with their restored values (1, outputs, *box). The first axis comes
            last to change: what lies before a box along it is done.
        """
        if self.network.window is not None:
            whole = tuple(slice(0, length) for length in shape)
            yield whole, self._windows(read(whole), self.network.window)
            return
        yield from self._cover(tuple(slice(0, length) for length in shape), shape, read)

    def _cover(self, region: Box, shape: Sequence[int], read: Callable[[Box], Tensor]) -> Iterator[tuple[Box, Tensor]]:
        """Restore a region of the image; where a tile needs too much memory, in smaller ones."""
        planned, network = self.tile, self.network
        longest = [planned // SLAB if network.slices_around and axis == 0 else planned for axis in range(len(shape))]
        for inner, outer in tiles(region, shape, longest, network.halos, network.strides):
            self.report(0.0)
            restored = self._attempt(read(outer)) if self.tile == planned else None
            if restored is None:
                if self.tile == planned:
                    self._need_less([s.stop - s.start for s in outer])
                yield from self._cover(inner, shape, read)
            else:
                kept = tuple(slice(i.start - o.start, i.stop - o.start) for i, o in zip(inner, outer, strict=True))
                yield inner, restored[_index(kept)]

    def _attempt(self, images: Tensor) -> Tensor | None:
        """Run the engine; None if memory did not suffice. What held it is gone when this returns."""
        try:
            return self.engine.run(images)
        except torch.OutOfMemoryError:
            return None

    def _need_less(self, sides: Sequence[int]) -> None:
        """Halve the tiles, or go to the CPU where they cannot be halved any more."""
        if self.device.name != "cpu":
            torch.cuda.empty_cache()
        half = min(self.tile, max(sides)) // 2
        if half > 2 * (self.network.halo + self.network.stride):
            self.tile = half
            self._note(f"memory did not suffice on {self.device.name}: tiles were halved to {half} pixels")
        elif self.device.name != "cpu":
            self._note(f"memory did not suffice on {self.device.name}: the CPU computed the rest")
            self.device = Device("cpu", "the GPU's memory did not suffice")
            self.engine = TorchEngine(self.network, self.device)
            self.tile = TILE[self.network.spatial_dims]
        else:
            raise MedaeError("the memory of this computer does not suffice; close other programs and try again")

    def _note(self, sentence: str) -> None:
        self.notes.append(sentence)
        self.report(0.0, sentence[0].upper() + sentence[1:])

    def _windows(self, images: Tensor, window: Sequence[int]) -> Tensor:
        from monai.inferers import sliding_window_inference

        with torch.inference_mode():
            return sliding_window_inference(
                images,
                roi_size=window,
                sw_batch_size=WINDOWS_AT_ONCE,
                predictor=self.engine.run,
                overlap=0.5,
                mode="gaussian",
                padding_mode="constant",
                cval=0.0,
            )


def _index(box: Box) -> tuple[EllipsisType | slice, ...]:
    return (..., *box)


def tiles(
    region: Box, shape: Sequence[int], longest: Sequence[int], halos: Sequence[int], strides: Sequence[int]
) -> Iterator[tuple[Box, Box]]:
    """Boxes that cover a region of an image, each with the box widened by what the network sees.

    All widened boxes have one size, apart from what lies beyond the image, so that engines that compile for a size
    do so once. They start at multiples of the stride, so that every tile meets the network's strides as the whole
    image would.

    Parameters
    ----------
    region
        What is to be covered.
    shape
        Of the image.
    longest
        Longest side of a widened box along each axis, in pixels.
    halos, strides
        Of the network, along each axis.

    Yields
    ------
    inner, outer
        The part of the region, and what has to be read for it.
    """
    axes = [_cuts(*along) for along in zip(region, shape, longest, halos, strides, strict=True)]
    for chosen in product(*axes):
        inner, outer = zip(*chosen, strict=True)
        yield inner, outer


def _cuts(part: slice, length: int, tile: int, halo: int, stride: int) -> list[tuple[slice, slice]]:
    """Tiles along one axis: what is kept of each, and what is read for it."""
    halo = _multiple(halo, stride)
    tile = max(tile // stride * stride, 2 * halo + stride)
    first = max(part.start - halo, 0) // stride * stride
    last = _multiple(min(part.stop + halo, length), stride)
    span = last - first
    count = 1 if span <= tile else -(-(span - 2 * halo) // (tile - 2 * halo))
    side = _multiple(-(-(span + 2 * halo * (count - 1)) // count), stride)
    starts = [first + min(n * (side - 2 * halo), span - side) for n in range(count)]
    edges = [part.start, *(start + halo for start in starts[1:]), part.stop]
    return [
        (slice(max(low, part.start), min(high, part.stop)), slice(start, min(start + side, length)))
        for start, low, high in zip(starts, edges, edges[1:], strict=False)
        if max(low, part.start) < min(high, part.stop)
    ]


def _multiple(length: int, stride: int) -> int:
    return -(-length // stride) * stride
