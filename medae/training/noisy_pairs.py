"""Pairs of noisy images of the same anatomy, made from one scan: what a network can learn from without clean images.

Two kinds. Neighbouring pixels (Neighbor2Neighbor, Huang et al., CVPR 2021) where the noise differs from pixel to
pixel; neighbouring slices where it is correlated in the plane, as after a reconstruction kernel or interpolation.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch  # noqa: TID253
from torch import Tensor  # noqa: TID253

from medae.errors import UnsupportedVolume
from medae.inference.prepare import IntensityScale
from medae.inference.streaming import SliceStacks
from medae.progress import Report, part
from medae.volume import Volume

SIDE = 96
"""Pixels along each side of a piece, where the scan is large enough."""
SMALLEST = 64
"""Pixels along the shorter side of the smallest scan to learn from."""
PIECES = 160
"""Pieces to learn from; with five slices each they take 29 MB."""
HELD_OUT = 40
"""Pieces to judge by."""
TISSUE = 0.1
"""Network value above which a pixel counts as tissue."""
BLOCK = 8
"""Pixels along each side of the blocks in which noise is measured."""
ALIKE = 1.5
"""Difference of local means of two slices, in standard deviations of the noise, up to which they count as alike."""
GAMMA = 1.0
"""Weight of Neighbor2Neighbor's regulariser."""
LOW_PASS = 7
"""Pixels along each side of the mean that separates local means from fine structure."""

_CELL_PAIRS = torch.tensor([[0, 1], [0, 2], [1, 0], [1, 3], [2, 0], [2, 3], [3, 1], [3, 2]])
"""Ordered pairs of pixels of a 2 × 2 cell (numbered row by row) that touch along a side."""


@dataclass(frozen=True, slots=True, eq=False)
class Pieces:
    """Parts of one scan, as stacks of neighbouring slices.

    Attributes
    ----------
    training, held_out
        (N, 2 · reach + 1, side, side) float32 network values. No middle slice or row of ``held_out`` is seen
        in ``training``.
    """

    training: Tensor
    held_out: Tensor


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """What a network is given, and an independent noisy image of what it should give.

    Attributes
    ----------
    input
        (B, C, H, W).
    target
        (B, 1, H, W).
    alike
        (B, 1, H, W): 1 where both show the same anatomy, 0 where not.
    """

    input: Tensor
    target: Tensor
    alike: Tensor


def low_pass(images: Tensor, side: int = LOW_PASS) -> Tensor:
    """Mean over ``side`` × ``side`` pixels of (B, C, H, W), mirrored at the borders."""
    padded = torch.nn.functional.pad(images, (side // 2,) * 4, mode="reflect")
    return torch.nn.functional.avg_pool2d(padded, side, stride=1)


_Part = tuple[Sequence[int], tuple[int, int]]
"""Middle slices, and first and last row, of a part of a scan."""


def cut_pieces(volume: Volume, scale: IntensityScale, reach: int, seed: int, report: Report) -> Pieces:
    """Cut pieces with tissue at random places, and some from a part that is kept out of training.

    Where there are enough slices, a block of them is held out; else a band of rows.

    Parameters
    ----------
    volume
        The scan.
    scale
        From its unit to network values.
    reach
        Neighbouring slices on each side that a piece has.
    seed
        Same seed, same pieces.

    Raises
    ------
    UnsupportedVolume
        If the scan is too small or shows nothing.
    """
    slices, rows, columns = volume.shape
    if min(rows, columns) < SMALLEST:
        raise UnsupportedVolume(f"its slices are smaller than {SMALLEST} × {SMALLEST} pixels")
    generator = np.random.default_rng(seed)
    everywhere = range(reach, slices - reach) if slices > 2 * reach else range(slices)
    first, last = round(0.55 * slices), round(0.75 * slices)
    training: _Part
    held_out: _Part
    apart = [k for k in everywhere if not first - reach - 1 <= k < last + reach + 1]
    if apart and last > first + 1:
        training, held_out = (apart, (0, rows)), (range(first, last), (0, rows))
    else:
        band = rows - 3 * rows // 8
        training, held_out = (everywhere, (0, band)), (everywhere, (band, rows))
    side = min(SIDE, *(stop - start for _, (start, stop) in (training, held_out)), columns) // 2 * 2
    count = max(4, min(PIECES, 4 * volume.array.size // side**2))
    cutter = _Cutter(SliceStacks(volume, scale, 2 * reach + 1), side, generator)
    return Pieces(
        cutter.cut(training, count, part(report, 0.0, 0.8)),
        cutter.cut(held_out, max(4, count * HELD_OUT // PIECES), part(report, 0.8, 1.0)),
    )


@dataclass(slots=True, eq=False)
class _Cutter:
    stacks: SliceStacks
    side: int
    generator: np.random.Generator

    def cut(self, place: _Part, count: int, report: Report) -> Tensor:
        """Cut ``count`` pieces around some of the slices and between the rows of a part."""
        middles, rows = place
        found: list[np.ndarray] = []
        for _ in range(8 * count):
            report(len(found) / count, "Looking for pieces to learn from")
            k = int(self.generator.choice(middles))
            i = int(self.generator.integers(rows[0], rows[1] - self.side + 1))
            j = int(self.generator.integers(0, self.stacks.volume.shape[2] - self.side + 1))
            stack = np.stack([image[i : i + self.side, j : j + self.side] for image in self.stacks.stack(k)])
            if (stack[len(stack) // 2] > TISSUE).mean() < 0.3:
                continue
            found.append(stack)
            if len(found) == count:
                break
        if len(found) < 2:
            raise UnsupportedVolume("it shows too little tissue")
        return torch.from_numpy(np.stack(found))


def measure_noise(images: Tensor) -> tuple[float, float]:
    """Estimate the noise and its correlation between adjacent pixels, in the flattest tenth of the tissue.

    Each block of 8 × 8 pixels is freed of its mean and slope; the tenth with the least variance is taken for noise.

    Parameters
    ----------
    images
        (N, H, W) network values.

    Returns
    -------
    sigma, correlation
        Standard deviation in network values, and the mean correlation along rows and columns at one pixel:
        about 0 for pixel-independent noise. Both read low on correlated noise, which a slope takes along; both are 0
        where no block is tissue.
    """
    blocks = images.unfold(1, BLOCK, BLOCK).unfold(2, BLOCK, BLOCK).reshape(-1, BLOCK, BLOCK)
    blocks = blocks[(blocks > TISSUE).flatten(1).all(1)]
    if not len(blocks):
        return 0.0, 0.0
    ramp = torch.arange(BLOCK, dtype=images.dtype) - (BLOCK - 1) / 2
    length = BLOCK * float(ramp.square().sum())
    blocks = blocks - blocks.mean((1, 2), keepdim=True)
    for slope in (ramp[:, None].expand(BLOCK, BLOCK), ramp.expand(BLOCK, BLOCK)):
        blocks = blocks - (blocks * slope).sum((1, 2), keepdim=True) / length * slope
    spread = blocks.square().mean((1, 2))
    blocks = blocks[spread <= spread.quantile(0.1)] if len(blocks) < 2**24 else blocks
    variance = float(blocks.square().mean())
    if variance == 0.0:
        return 0.0, 0.0
    along = (blocks[:, 1:] * blocks[:, :-1]).mean() + (blocks[..., 1:] * blocks[..., :-1]).mean()
    return variance**0.5, float(along) / 2 / variance


def neighbouring_pixels(stacks: Tensor, restored: Tensor, middle: int, generator: torch.Generator) -> Pair:
    """Make two half-size images of the members of a random pair of touching pixels in each 2 × 2 cell.

    The two show anatomy a pixel apart. The regulariser of Huang et al. (2021, eq. 6) accounts for that with the
    network's own output g(f(x)); here that is the output of the network before it learns, so that with weight γ the
    target is g₂(x) + γ / (1 + γ) (g₁(f₀(x)) − g₂(f₀(x))).

    Parameters
    ----------
    stacks
        (B, 2 · reach + 1, H, W), H and W even.
    restored
        (B, 1, H, W), f₀(x): the middle slices as the network restores them before it learns.
    middle
        Slices on each side that the network is given.
    """
    count, slices, rows, columns = stacks.shape
    chosen = _CELL_PAIRS[torch.randint(len(_CELL_PAIRS), (count, rows // 2, columns // 2), generator=generator)]

    def sampled(images: Tensor, which: int) -> Tensor:
        cells = torch.nn.functional.pixel_unshuffle(images.reshape(-1, 1, rows, columns), 2)
        cells = cells.view(count, images.shape[1], 4, rows // 2, columns // 2)
        return cells.gather(2, chosen[:, None, None, ..., which].expand(-1, images.shape[1], 1, -1, -1))[:, :, 0]

    reach = slices // 2
    drift = sampled(restored, 0) - sampled(restored, 1)
    target = sampled(stacks[:, reach : reach + 1], 1) + GAMMA / (1 + GAMMA) * drift
    return Pair(sampled(stacks[:, reach - middle : reach + middle + 1], 0), target, torch.ones_like(target))


def neighbouring_slices(stacks: Tensor, middle: int, sigma: float, generator: torch.Generator) -> Pair:
    """Pair a slice, seen as if it were the last one, with the slice after it.

    The network sees the slices before the middle one on both its sides, as at the end of a scan, so that the target's
    noise is new to it. Anatomy counts as alike where the means over 5 × 5 pixels differ by less than 1.5 standard
    deviations of the noise, two pixels away from where they differ by more than 3.

    Parameters
    ----------
    stacks
        (B, 2 · reach + 1, H, W) with reach ≥ 1.
    middle
        Slices on each side that the network is given.
    sigma
        Standard deviation of the noise in network values.
    """
    if torch.rand((), generator=generator) < 0.5:
        stacks = stacks.flip(1)
    reach = stacks.shape[1] // 2
    seen = [*range(reach - middle, reach + 1), *range(reach - 1, reach - middle - 1, -1)]
    here, there = stacks[:, reach : reach + 1], stacks[:, reach + 1 : reach + 2]
    difference = low_pass(here - there, 5).abs()
    unlike = torch.nn.functional.max_pool2d((difference > 2 * ALIKE * sigma).float(), 5, stride=1, padding=2)
    return Pair(stacks[:, seen], there, (difference < ALIKE * sigma).float() * (1 - unlike))
