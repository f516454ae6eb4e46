"""What is done to the input of a network, by task: scanner noise, coarse noise and blobs, or nothing.

A patch is a stack of slices (S, H, W): the neighbours of the one slice that is restored (2.5-D), or a block (3-D).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch  # noqa: TID253
from torch import Tensor  # noqa: TID253

from medae.families import Task
from medae.training.cache import REFERENCE_PHOTONS
from medae.training.ct_noise import apodise
from medae.training.noise import gaussian_blur, mr_noise, smooth_field
from medae.training.recipe import MILD, RADIOGRAPHS, Recipe
from medae.training.xray_noise import xray_noise


@dataclass(frozen=True, slots=True)
class Patch:
    """A piece of a scan as it was.

    Attributes
    ----------
    clean
        (S, H, W) float32 network values.
    body, trusted
        (1, H, W) of the restored slice, or (S, H, W) of the block; float32, 0 to 1.
    spacing
        (slices, rows, columns) in mm.
    noise
        (S, H, W) float32 CT noise at `REFERENCE_PHOTONS`; None for other modalities.
    """

    clean: Tensor
    body: Tensor
    trusted: Tensor
    spacing: tuple[float, float, float]
    noise: Tensor | None = None

    @property
    def is_block(self) -> bool:
        """Whether all slices are restored, not the middle one only."""
        return len(self.body) == len(self.clean) > 1

    def restored(self, stack: Tensor) -> Tensor:
        """Give the part of a stack (S, H, W) that the network has to restore."""
        return stack if self.is_block else stack[len(stack) // 2 :][:1]


@dataclass(frozen=True, slots=True)
class Draw:
    """Source of a sample's randomness.

    Attributes
    ----------
    random, generator
        Seeded for this sample.
    progress
        Share of the training that is done, 0 to 1.
    """

    random: np.random.Generator
    generator: torch.Generator
    progress: float = 1.0


FLOOR = 0.01
"""Noise level (of the scaled image) below which a patch counts no more than at this level."""
USUAL = 0.05
"""Noise level whose patches count the same from the first step to the last."""
EVEN, EVEN_FROM = 0.75, 0.6
"""Power of the inverse noise power that patches count by in the end, and the share of the training after which."""
OUTSIDE = 0.1
"""Weight of a pixel outside the patient, where nothing is to be learnt but that air is dark."""

RADII_MM = (1.5, 20.0)
"""Smallest and largest radius of a synthetic lesion."""
CONTRASTS = (0.03, 0.5)
"""Least and greatest contrast of a synthetic lesion, in network values."""
MOST = 16
"""Synthetic lesions in a patch, at most, for a network that tells them."""
MOST_IN_BLOCK = 12
"""The same in a block, whose slices share them: so few that anatomy around a lesion is as it was."""
MILD_RADII_MM, MILD_CONTRASTS = (3.0, 8.0), (0.03, 0.12)
"""What lesions in a block are like that are hard to tell from anatomy."""
LIKE = 0.5
"""Share of the others, for a network that tells lesions, that are as bright as the tissue at another place. It takes
them for that tissue unless it learns where that may be."""
CHANGED = 4.0
"""Weight of a pixel that a synthetic lesion changed, against the others."""

ALONE = 0.15
"""Share of the patches whose neighbours are the slice itself, as those of a scan of one slice are."""
PASTED, PUSHED = 0.2, 0.1
"""Shares of the lesions that are pieces from elsewhere, and tissue pushed aside."""
SHADING = (0.15, 0.2)
"""How far values go up and down within a slice of an anomaly model, and all of a slice together, as a share of them."""
CT_SHADING = (0.01, 0.02)
"""The same in CT, of HU + 1000. HU are absolute: a lesion between two tissues is known by them."""
RAGGED, UNEVEN = 0.6, 0.3
"""How far the outline of a lesion goes in and out at most, as a share of its radius, and its contrast up and down."""
PLAIN = 1 / 3
"""Share of the lesions with a smooth outline, and of those as even as tissue: neither must tell lesions."""
BLUR = (0.5, 1.5)
"""Least and greatest standard deviation, in pixels, of the Gaussian that softens it."""
SHARP, SHARP_EDGE, SHARP_BLUR = 0.6, (1.0, 1.5), (0.1, 0.5)
"""Share of the lesions with edges as sharp as those of anatomy, for a network that tells lesions; the pixels over which
their edges go, and what softens them. Without them sharp edges told anatomy from lesions, and strong lesions with sharp
edges were taken for fluid."""
THIRDS = (-1 / 3, 0.0, 1 / 3)
"""Where in the thickness of a slice of a block a lesion is looked at."""
FULL = 0.04
"""Contrast from which on a lesion's pixel counts as 1 or -1 in the map of lesions."""

Box = tuple[slice, slice, slice]
Range = tuple[float, float]
"""Least and greatest."""
Sample = tuple[Tensor, Tensor, Tensor]
"""Input (S, H, W), target and weight (1, H, W) or (S, H, W); targets with lesions (2, H, W) or (2, S, H, W)."""


def scanner_noise(patch: Patch, draw: Draw) -> Sample:
    """Noise of the scanner; the target is the patch without it.

    At first all errors count alike, so that strong noise is learnt from, by the simplest means. Then patches count
    more and more by the inverse of their noise power, in the end nearly so that a decibel is worth the same at every
    level. With even weights from the start a thousand steps gave half a decibel: all that lessens strong noise blurs
    mild noise's edges until level and edges are told apart.
    """
    clean, count = patch.clean, len(patch.clean)
    noise = patch.noise
    alone = draw.random.random() < 0.2 or torch.equal(clean[0], clean[-1])
    if not patch.is_block and count > 1 and alone:  # as a scan of one slice is given
        clean = patch.restored(clean)
        noise = None if noise is None else patch.restored(noise)
    if noise is not None:
        noisy = _low_dose(clean, noise, draw)
    else:
        clean, noisy = _rician(clean, draw)
    return _weighted(patch, clean, noisy, draw)


def detector_noise(patch: Patch, draw: Draw) -> Sample:
    """Noise of an X-ray detector; the target is the patch without it, weighted as that of `scanner_noise`."""
    clean, noisy = xray_noise(patch.restored(patch.clean), draw.random, draw.generator)
    return _weighted(patch, clean, noisy, draw)


def _weighted(patch: Patch, clean: Tensor, noisy: Tensor, draw: Draw) -> Sample:
    target, body = patch.restored(clean), patch.body
    errors = (patch.restored(noisy) - target) ** 2
    added = (errors * body).sum() / body.sum() if body.any() else errors.mean()
    power = EVEN * min(1.0, draw.progress / EVEN_FROM)
    level = 100 * (USUAL**2 / (added + FLOOR**2)) ** power
    return noisy.expand(len(patch.clean), -1, -1), target, level * (OUTSIDE + (1 - OUTSIDE) * body)


def _rician(clean: Tensor, draw: Draw) -> tuple[Tensor, Tensor]:
    random = draw.random
    if random.random() < 0.3:
        clean = clean ** float(random.uniform(0.7, 1.4))
    if random.random() < 0.15:  # interpolated images, and targets with less noise of their own
        clean = gaussian_blur(clean[None], float(random.uniform(0.4, 1.0)))[0]
    if random.random() < 0.05:
        return clean, clean
    level = random.uniform(0.005, 0.14)
    if random.random() < 0.5:
        level = np.exp(random.uniform(np.log(0.004), np.log(0.14)))
    return clean, mr_noise(clean[None], float(level), draw.generator)[0]


def _low_dose(clean: Tensor, noise: Tensor, draw: Draw) -> Tensor:
    random = draw.random
    if random.random() < 0.08:
        return clean
    photons = float(np.exp(random.uniform(np.log(3e3), np.log(3e6))))
    boost = float(random.uniform(0, 3)) if random.random() < 0.25 else 0.0
    noise = apodise(noise, float(random.uniform(0.5, 1.6)), boost)
    sign = 1.0 if random.integers(2) else -1.0
    return (clean + noise * (sign * np.sqrt(REFERENCE_PHOTONS / photons) / 1000)).clamp(min=0)


def anomalies(
    patch: Patch, draw: Draw, shading: tuple[float, float] = SHADING, lesions: bool = False, mild_share: float = MILD
) -> Sample:
    """Coarse noise and synthetic lesions inside the body, shaded; the target is the patch without the former two.

    With ``lesions`` the target has a map of them, too: 1 where the patch became brighter by `FULL` or more, -1 where
    darker. There are more of them then, and only such as are brighter or darker as a whole. Nor is there coarse noise:
    its bumps look like lesions, and whoever has to tell the ones and not the others tells neither. Such lesions end
    above and below, in the neighbours of the slice or beyond, which vessels and ribs seldom do. In a block a share of
    ``mild_share`` of them is hard to tell from anatomy; of the others some are as bright as tissue elsewhere (`LIKE`).

    Coarse noise: Kascenas et al., MIDL 2022. Lesions: pieces blended from elsewhere (Tan et al., "Detecting outliers
    with foreign patch interpolation", MELBA 2022), brighter and darker blobs that keep the texture below them or
    replace it, and tissue pushed aside. Pixels that were changed count `CHANGED` times.
    """
    random, plane = draw.random, patch.clean.shape[-2:]
    within, overall = shading
    bias = 1 - within + 2 * within * smooth_field(plane, 2, draw.generator)[0]
    clean = patch.clean
    if lesions and not patch.is_block and random.random() < ALONE:
        clean = patch.restored(clean).expand(clean.shape)
    clean = clean * bias * float(random.uniform(1 - overall, 1 + overall))
    corrupted = clean
    if not lesions and random.random() < 0.5:
        bumps = _coarse_noise(patch, float(random.uniform(8, 24)), draw.generator)
        corrupted = corrupted + float(np.exp(random.uniform(np.log(0.02), np.log(0.3)))) * bumps * patch.body
    changed = torch.zeros_like(patch.body)
    most = 5 if not lesions else MOST_IN_BLOCK if patch.is_block else MOST
    corrupted, inside = corrupted.clone(), torch.nonzero(patch.body > 0.5)
    for _ in range(int(random.integers(0, most + 1))):
        mild = lesions and patch.is_block and random.random() < mild_share
        placed = _blob(patch, inside, draw, MILD_RADII_MM if mild else RADII_MM, deep=lesions)
        if placed is not None:
            blob, box = placed
            contrasts = MILD_CONTRASTS if mild else CONTRASTS
            like = lesions and not mild and random.random() < LIKE
            level = float(patch.restored(corrupted)[tuple(_one_of(inside, random))]) if like else None
            corrupted[box] = _with_lesion(
                corrupted[box], blob, patch.body[box], draw, contrasts, level, displaced=not lesions
            )
            changed[box] = torch.maximum(changed[box], patch.restored(blob))
    fine = 0.03 * float(random.random()) * torch.randn(clean.shape, generator=draw.generator)
    weight = patch.trusted * (0.05 + 0.95 * patch.body) * (1 + (CHANGED - 1) * (changed > 0.1))
    target = patch.restored(clean)
    if lesions:
        told = (patch.restored(corrupted - clean) / FULL).clamp(-1, 1) * patch.body
        target = torch.stack([target, told]) if patch.is_block else torch.cat([target, told])
    return (corrupted + fine * patch.body).clamp(min=0), target, weight


def _coarse_noise(patch: Patch, distance: float, generator: torch.Generator) -> Tensor:
    """Gaussian noise (1, H, W) or (S, H, W), interpolated from grid points ``distance`` mm apart."""
    shape = patch.body.shape
    cells = [max(3, round(n * s / distance)) for n, s in zip(shape[1:], patch.spacing[1:], strict=True)]
    if not patch.is_block:
        coarse = torch.randn(1, 1, *cells, generator=generator)
        return torch.nn.functional.interpolate(coarse, shape[1:], mode="bilinear")[0]
    deep = max(2, round(shape[0] * patch.spacing[0] / distance))
    coarse = torch.randn(1, 1, deep, *cells, generator=generator)
    return torch.nn.functional.interpolate(coarse, shape, mode="trilinear")[0, 0]


def _with_lesion(
    image: Tensor, blob: Tensor, body: Tensor, draw: Draw, contrasts: Range, level: float | None, *, displaced: bool
) -> Tensor:
    """Make one lesion in (S, H, W) where the soft mask ``blob`` is: tissue ``displaced`` among others, or none.

    Its contrast is one of ``contrasts``, or brings the tissue there to a ``level`` on average.
    """
    random, plane = draw.random, image.shape[-2:]
    size, kind = min(plane), random.uniform(0.0 if displaced else PASTED + PUSHED, 1.0)
    if kind < PASTED:
        shift = tuple(int(s) for s in random.integers(-size // 2, size // 2, size=2))
        pasted = torch.roll(image, shift, (-2, -1))
        return torch.lerp(image, pasted, (blob * float(random.uniform(0.3, 1.0))).expand(image.shape))
    if kind < PASTED + PUSHED:
        return torch.where(body > 0, _pushed(image, blob, float(random.uniform(-6, 6))), image)
    inside = (image * blob).sum() / (blob.sum() * len(image) / len(blob)).clamp(min=1e-6)
    contrast = float(np.exp(random.uniform(*np.log(contrasts)))) * (1.0 if random.random() < 0.6 else -1.0)
    if level is not None:
        contrast = float(level - inside)
    texture = 1.0 + _some(UNEVEN, random) * (smooth_field(plane, max(4, size // 4), draw.generator)[0] - 0.5)
    if level is not None or kind < 0.8:
        return (image + blob * texture * contrast).clamp(min=0)
    replaced = (inside + contrast) * texture + float(random.uniform(0, 0.5)) * (image - inside)
    return torch.lerp(image, replaced, blob.expand(image.shape)).clamp(min=0)


def _one_of(inside: Tensor, random: np.random.Generator) -> Tensor:
    """Draw one of the voxels (n, 3)."""
    return inside[int(random.integers(len(inside)))]


def _some(most: float, random: np.random.Generator) -> float:
    """Draw an amount up to ``most``; 0 for the share `PLAIN`."""
    return most * max(0.0, float(random.uniform(-PLAIN / (1 - PLAIN), 1.0)))


def _pushed(image: Tensor, blob: Tensor, pixels: float) -> Tensor:
    """Push (S, H, W) away from the middle of a blob (or towards it), by at most so many pixels."""
    strength = gaussian_blur(blob.amax(dim=0, keepdim=True)[None], 3.0)[0, 0]
    weight = strength.sum().clamp(min=1e-6)
    rows, columns = strength.shape
    y, x = torch.meshgrid(torch.arange(rows, dtype=torch.float32), torch.arange(columns).float(), indexing="ij")
    dy, dx = y - (strength * y).sum() / weight, x - (strength * x).sum() / weight
    away = strength * pixels / torch.hypot(dy, dx).clamp(min=3.0)
    grid = torch.stack([(x - away * dx) * 2 / (columns - 1) - 1, (y - away * dy) * 2 / (rows - 1) - 1], dim=-1)
    sampled = torch.nn.functional.grid_sample(image[None], grid[None], align_corners=True, padding_mode="border")
    return sampled[0]


def _blob(patch: Patch, inside: Tensor, draw: Draw, radii_mm: Range, *, deep: bool) -> tuple[Tensor, Box] | None:
    """Soft mask (1, H, W) of one irregular blob, or (s, h, w) in a block, and the box of the patch that it lies in.

    Its middle is one of the voxels ``inside`` the body, (n, 3); None where there are none. In a slice with neighbours
    it goes through all of them, or ends among them if it is ``deep``: (S, H, W), its middle above or below the slice.
    """
    random, body = draw.random, patch.body
    size, pixel = min(body.shape[-2:]), patch.spacing[2]
    least, greatest = (radius / pixel for radius in radii_mm)
    greatest = max(min(greatest, size / 4), 1.6)
    radius = float(np.exp(random.uniform(np.log(min(least, greatest)), np.log(greatest))))
    if not len(inside):
        return None
    center, deeper = _one_of(inside, random), patch.spacing[0] / pixel
    box = _box(patch, center, radius, deeper)
    z, y, x = (
        torch.arange(n, dtype=torch.float32).view([-1 if axis == own else 1 for axis in range(3)]) - center[own]
        for own, n in enumerate(body.shape)
    )
    if deep and not patch.is_block and len(patch.clean) > 1:
        above = torch.arange(len(patch.clean), dtype=torch.float32) - len(patch.clean) // 2
        z = above.view(-1, 1, 1) - float(random.uniform(-1, 1)) * radius / deeper
        z = z * float(random.uniform(0.7, 1.4))
    z, y, x = z[box[0]] * deeper, y[:, box[1]], x[..., box[2]]
    plane = y.shape[1], x.shape[2]
    angle, stretch = random.uniform(0, np.pi), random.uniform(0.4, 1.0)
    u, v = x * np.cos(angle) + y * np.sin(angle), (y * np.cos(angle) - x * np.sin(angle)) / stretch
    cells = max(4, int(min(plane) / (radius + 2)))
    ragged = _some(RAGGED, random) * (smooth_field(plane, cells, draw.generator)[0] - 0.5)
    sharp = deep and random.random() < SHARP
    edge = float(random.uniform(*(SHARP_EDGE if sharp else (1.0, max(1.5, radius)))))
    across, parts = u**2 + v**2, THIRDS if patch.is_block else (0.0,)
    distances = [torch.sqrt(across + (z + part * deeper) ** 2) for part in parts]
    blob = torch.stack([((1.0 - d / radius + ragged) * radius / edge).clamp(0, 1) for d in distances]).mean(dim=0)
    return gaussian_blur(blob[None], float(random.uniform(*(SHARP_BLUR if sharp else BLUR))))[0] * body[box], box


def _box(patch: Patch, center: Tensor, radius: float, deeper: float) -> Box:
    """Give the part of a block that a blob around a voxel reaches; of slices, all."""
    if not patch.is_block:
        return slice(None), slice(None), slice(None)
    reach = radius * (1 + RAGGED / 2) + 4 * BLUR[1]
    sides = (math.ceil(reach / deeper), math.ceil(reach), math.ceil(reach))
    z, y, x = (slice(max(0, int(c) - n), int(c) + n + 1) for c, n in zip(center, sides, strict=True))
    return z, y, x


def nothing(patch: Patch, draw: Draw) -> Sample:
    """Leave the patch as it is; what is not trusted does not count."""
    return patch.clean, patch.restored(patch.clean), patch.trusted


Corruption = Callable[[Patch, Draw], Sample]

CORRUPTIONS: dict[Task, Corruption] = {
    "denoise": scanner_noise,
    "anomaly": anomalies,
    "reconstruct": nothing,
}


def corruption(recipe: Recipe) -> Corruption:
    """Give what a recipe does to its patches."""
    if recipe.task == "denoise" and recipe.modality in RADIOGRAPHS:
        return detector_noise
    if recipe.task == "anomaly":
        shading = CT_SHADING if recipe.modality == "CT" else SHADING
        lesions = bool(recipe.options.get("lesions"))
        return partial(anomalies, shading=shading, lesions=lesions, mild_share=recipe.mild_lesions)
    return CORRUPTIONS[recipe.task]
