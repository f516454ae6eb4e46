"""Random patches of the scans in memory: which, where, how turned and how corrupted follows from their number alone.

A patch lies where there is a patient, is augmented in the scan's own geometry (`medae.training.augment`) and
corrupted by the task (`medae.training.corruption`). Every sample has its own seed, made of the recipe's, the step, the
process and its place in the batch: a run that goes on later, or loads with other workers, draws the same.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch  # noqa: TID253
from numpy.typing import NDArray
from torch import Tensor  # noqa: TID253
from torch.utils.data import DataLoader, Dataset, Sampler  # noqa: TID253

from medae.families import Batch
from medae.training.augment import Geometry, augmentation
from medae.training.cache import Scan
from medae.training.corruption import corruption
from medae.training.recipe import Recipe
from medae.training.sample import Draw, Patch

TRAINING, VALIDATION, SHOWN = 0, 1, 2
"""First numbers of the seeds, so that no patch to judge by was ever drawn to learn from."""

SHARE_OF_BODY = 0.3
"""Of a patch that must be patient, where there are such patches."""
SHARE_OF_SLICE = 0.05
"""The same of a whole slice."""

BEYOND = 0.25
"""Of a patch that shows anatomy, what may lie beyond the edge of the slice: else what is at the edge (arms, shoulders)
is hardly ever shown, and looks strange later."""

Number = tuple[int, int]
"""Step, and place in the batch."""


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A scan as MONAI's crop takes it: channel first, with room around it, and the places a patch may have."""

    arrays: dict[str, Tensor]
    """``images`` (1, S, H, W) float32, ``masks`` (2, S, H, W) bool: body and trusted, ``noise`` (draws, S, H, W)."""
    centers: NDArray[np.int64]
    """Flat indices into (S, H, W)."""
    spacing: tuple[float, float, float]
    crop: Any
    augmentation: Any


class Patches(Dataset[dict[str, Tensor]]):
    """Samples by their number (step, place in the batch): ``input``, ``target`` and ``weight``, without batch axis.

    Parameters
    ----------
    scans
        Where to cut; larger ones are drawn more often.
    recipe
        Patch size, task, seed.
    network_shape
        Channels and spatial dimensions of the network's input: (3, 2) for a slice with two neighbours.
    rank
        Number of this process, where several train together.
    purpose
        `TRAINING`, `VALIDATION` or `SHOWN`.
    """

    def __init__(
        self,
        scans: Sequence[Scan],
        recipe: Recipe,
        network_shape: tuple[int, int],
        *,
        rank: int = 0,
        purpose: int = TRAINING,
    ) -> None:
        from monai.transforms import Randomizable

        self.channels, self.dims = network_shape
        self.seed = (recipe.seed % 2**32, purpose, rank)
        self.steps = recipe.steps if purpose == TRAINING and recipe.start is None else 0
        self.corrupted = corruption(recipe)
        self.state = np.random.RandomState()
        size, elastic = recipe.patch(self.dims), recipe.task != "denoise" and purpose == TRAINING
        how = recipe.whole_slices, recipe.task == "anomaly", elastic
        self.scans = [_prepared(scan, Geometry(size, _is_isotropic(scan), *how), self.channels) for scan in scans]
        for prepared in self.scans:
            for transform in (prepared.crop, *prepared.augmentation.transforms):
                if isinstance(transform, Randomizable):
                    transform.set_random_state(state=self.state)
        weight = np.sqrt([float(scan.body.sum()) + 1 for scan in scans])
        self.share = weight / weight.sum()

    def __getitem__(self, number: Number) -> dict[str, Tensor]:
        """Draw the sample of that number."""
        seeds = np.random.SeedSequence([*self.seed, *number])
        first, second = (int(s) for s in seeds.generate_state(2))
        progress = number[0] / self.steps if self.steps else 1.0
        draw = Draw(np.random.default_rng(seeds), torch.Generator().manual_seed(first), progress)
        scan = self.scans[draw.random.choice(len(self.scans), p=self.share)]
        self.state.seed(second)
        with _plain_tensors():
            patch = self._cut(scan, draw)
        network_input, target, weight = self.corrupted(patch, draw)
        block = self.dims == 3
        return {
            "input": network_input[None] if block else network_input,
            "target": target[None] if block and target.ndim == 3 else target,
            "weight": weight[None] if block else weight,
        }

    def _cut(self, scan: _Prepared, draw: Draw) -> Patch:
        """Cut, augment; images, masks and noise travel as channels of one tensor, so that all turn alike."""
        (cut,) = scan.crop({**scan.arrays, "centers": scan.centers, "elsewhere": scan.centers})
        stack, noise = cut["images"][0], cut.get("noise")
        slices, masks = len(stack), cut["masks"]
        if self.dims == 2:
            masks = masks[:, slices // 2 :][:, :1]
        parts = [stack, *masks.float()]
        if noise is not None:
            drawn = draw.random.integers(len(noise), size=slices)
            parts.append(noise[drawn, np.arange(slices)].float())
        together = torch.stack(parts) if self.dims == 3 else torch.cat(parts)
        together = scan.augmentation(together)
        if self.dims == 3:
            clean, body, trusted, *rest = together
            return Patch(clean, body, trusted, scan.spacing, rest[0] if rest else None)
        clean, body, trusted, added = together.split((slices, 1, 1, len(together) - slices - 2))
        return Patch(clean, body, trusted, scan.spacing, added if len(added) else None)


class _plain_tensors:  # noqa: N801 - used like a function
    """Keep MONAI from wrapping every small tensor with metadata, which takes longer than to cut it."""

    def __enter__(self) -> None:
        from monai.data import get_track_meta, set_track_meta

        self.before = get_track_meta()
        set_track_meta(False)

    def __exit__(self, *reason: object) -> None:
        from monai.data import set_track_meta

        set_track_meta(self.before)


def _is_isotropic(scan: Scan) -> bool:
    return abs(scan.spacing[1] / scan.spacing[2] - 1) < 0.02


def _prepared(scan: Scan, geometry: Geometry, channels: int) -> _Prepared:
    from monai.transforms import RandCropByPosNegLabeld

    block = len(geometry.patch) == 3
    size = geometry.patch if block else (channels, *geometry.patch)
    margin = geometry.margin if block else (0, *geometry.margin)
    half = 0 if block else channels // 2
    pad = [(half, half)]  # neighbours of the first and the last slice are mirrored, as in inference
    if block:
        pad = [(0, max(0, size[0] - len(scan.images)))]
    beyond = BEYOND if geometry.oriented and not geometry.upright else 0.0
    for n, wanted, margin_there in zip(scan.images.shape[1:], size[1:], margin[1:], strict=True):
        room = margin_there + round(beyond * wanted)
        pad.append((room, room + max(0, wanted - n)))
    arrays = {"images": scan.images[None], "masks": np.stack([scan.body, scan.trusted])}
    if scan.noise.size:
        arrays["noise"] = scan.noise
    full = tuple(s + 2 * m for s, m in zip(size, margin, strict=True))
    share = SHARE_OF_SLICE if geometry.upright else SHARE_OF_BODY
    tensors = {name: torch.from_numpy(_padded(array, pad, mirror=not block)) for name, array in arrays.items()}
    crop = RandCropByPosNegLabeld(
        keys=tuple(tensors),
        label_key="images",
        spatial_size=full,
        pos=1,
        neg=0,
        fg_indices_key="centers",
        bg_indices_key="elsewhere",
    )
    centers = _centers(tensors["masks"][0].numpy(), full, size if block else (1, *size[1:]), share)
    return _Prepared(tensors, centers, scan.spacing, crop, augmentation(geometry))


def _padded(array: NDArray[Any], pad: Sequence[tuple[int, int]], *, mirror: bool) -> NDArray[Any]:
    """Pad (C, slices, rows, columns): air around the slices, mirrored neighbours or air beyond the last slice."""
    array = np.pad(array, ((0, 0), (0, 0), *pad[1:]))
    if not any(pad[0]):
        return array
    mode = "constant" if not mirror else "edge" if array.shape[1] == 1 else "reflect"
    return np.pad(array, ((0, 0), pad[0], (0, 0), (0, 0)), mode=mode)  # type: ignore[call-overload]


def _centers(body: NDArray[np.bool_], crop: Sequence[int], judged: Sequence[int], wanted: float) -> NDArray[np.int64]:
    """Flat indices of the centres at which a crop lies inside the array and shows enough of the patient.

    Parameters
    ----------
    body
        (S, H, W) with its padding.
    crop
        Size that is cut.
    judged
        Size, around the same centre, in which the share of the body counts.
    wanted
        That share; where no crop reaches it, those that show at least half as much as the best.
    """
    from scipy import ndimage

    share = ndimage.uniform_filter(body.astype(np.float32), tuple(judged), mode="constant")
    inside = tuple(slice(s // 2, n - s + s // 2 + 1) for n, s in zip(body.shape, crop, strict=True))
    allowed = np.full(body.shape, -1.0, np.float32)
    allowed[inside] = share[inside]
    chosen = allowed > wanted
    if not chosen.any():
        chosen = allowed >= max(0.5 * float(allowed.max()), 0.0)
    return np.flatnonzero(chosen)


class _Numbers(Sampler[list[Number]]):
    """The numbers of each step's samples."""

    def __init__(self, first: int, last: int, batch_size: int) -> None:
        self.steps = range(first, last)
        self.batch_size = batch_size

    def __iter__(self) -> Iterator[list[Number]]:
        for step in self.steps:
            yield [(step, place) for place in range(self.batch_size)]

    def __len__(self) -> int:
        return len(self.steps)


def batches(patches: Patches, first: int, last: int, batch_size: int, workers: int = 0) -> DataLoader[Any]:
    """Load the batches of steps ``first`` to ``last - 1``; ``input``, ``target``, ``weight`` as `Batch` has them."""
    return DataLoader(patches, batch_sampler=_Numbers(first, last, batch_size), num_workers=workers)


def batch_of(patches: Patches, step: int, count: int) -> Batch:
    """Draw one batch of ``count`` samples."""
    (batch,) = batches(patches, step, step + 1, count)
    return Batch(input=batch["input"], target=batch["target"], weight=batch["weight"])
