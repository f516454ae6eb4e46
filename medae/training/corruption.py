"""What is done to the input of a network, by task: scanner noise, coarse noise and lesions, or nothing."""

from collections.abc import Callable
from functools import partial

import numpy as np
import torch  # noqa: TID253
from torch import Tensor  # noqa: TID253

from medae.families import Task
from medae.quality.fill import SOLID
from medae.training.cache import REFERENCE_PHOTONS
from medae.training.ct_noise import apodise
from medae.training.noise import gaussian_blur, mr_noise, smooth_field
from medae.training.recipe import MILD_SHARE, RADIOGRAPHS, Recipe
from medae.training.sample import Draw, Patch
from medae.training.synthetic_lesions import ANY, MILD, put_lesion
from medae.training.xray_noise import xray_noise

FLOOR = 0.01
"""Noise level (of the scaled image) below which a patch counts no more than at this level."""
USUAL = 0.05
"""Noise level whose patches count the same from the first step to the last."""
EVEN, EVEN_FROM = 0.75, 0.6
"""Power of the inverse noise power that patches count by in the end, and the share of the training after which."""
OUTSIDE = 0.1
"""Weight of a pixel outside the patient, where nothing is to be learnt but that air is dark."""

MOST = 16
"""Synthetic lesions in a patch, at most, for a network that tells them."""
MOST_IN_BLOCK = 12
"""The same in a block, whose slices share them: so few that anatomy around a lesion is as it was."""
CHANGED = 4.0
"""Weight of a pixel that a synthetic lesion changed, against the others."""

ALONE = 0.15
"""Share of the patches whose neighbours are the slice itself, as those of a scan of one slice are."""
CUT = 0.3
"""Share of a denoiser's patches of which a part is empty, without noise: outside a round field of view or a brain."""
SHADING = (0.15, 0.2)
"""How far values go up and down within a slice of an anomaly model, and all of a slice together, as a share of them."""
CT_SHADING = (0.01, 0.02)
"""The same in CT, of HU + 1000. HU are absolute: a lesion between two tissues is known by them."""
FULL = 0.04
"""Contrast from which on a lesion's pixel counts as 1 or -1 in the map of lesions."""

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


def _kept(images: Tensor, draw: Draw) -> Tensor:
    """Where noise may be in images (S, H, W) as they were: 1 or 0, of the same shape.

    Padding and what is cut away around a brain have no noise; a network that never saw that takes the tissue beside it
    for free of noise, too.
    """
    random, plane = draw.random, images.shape[-2:]
    kept = torch.ones_like(images)
    if random.random() < 0.5:  # what is padding already: solidly empty
        kept = -_grown(-_grown((images != 0).float()))
    if random.random() >= CUT:
        return kept
    if random.random() < 0.5:
        field = smooth_field(plane, int(random.integers(1, 4)), draw.generator)[0, 0]
        return kept * (field >= torch.quantile(field, float(random.uniform(0.05, 0.7))))
    radius, angle = float(random.uniform(0.4, 3.0)) * max(plane), float(random.uniform(0, 2 * np.pi))
    rows, columns = (torch.arange(n) - float(random.uniform(0.2, 0.8)) * n for n in plane)  # a point of the edge
    away = torch.hypot(rows[:, None] - radius * np.sin(angle), columns[None] - radius * np.cos(angle))
    return kept * (away < radius)


def _grown(images: Tensor) -> Tensor:
    return torch.nn.functional.max_pool2d(images, SOLID, 1, SOLID // 2)


def _weighted(patch: Patch, clean: Tensor, noisy: Tensor, draw: Draw) -> Sample:
    kept = _kept(patch.clean if len(clean) == len(patch.clean) else patch.restored(patch.clean), draw)
    clean, noisy, body = clean * kept, noisy * kept, patch.body * patch.restored(kept)
    target = patch.restored(clean)
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
    patch: Patch,
    draw: Draw,
    shading: tuple[float, float] = SHADING,
    lesions: bool = False,
    mild_share: float = MILD_SHARE,
) -> Sample:
    """Coarse noise and synthetic lesions inside the body, shaded; the target is the patch without the former two.

    With ``lesions`` the target has a map of them, too: 1 where the patch became brighter by `FULL` or more, -1 where
    darker. There are more of them then, and only such as are brighter or darker as a whole. Nor is there coarse noise:
    its bumps look like lesions, and whoever has to tell the ones and not the others tells neither. Such lesions end
    above and below, in the neighbours of the slice or beyond, which vessels and ribs seldom do. In a block a share of
    ``mild_share`` of them is hard to tell from anatomy (`medae.training.synthetic_lesions.MILD`).

    Coarse noise: Kascenas et al., MIDL 2022. Pixels that were changed count `CHANGED` times.
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
        put_lesion(corrupted, changed, patch, inside, draw, MILD if mild else ANY, told=lesions)
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
