"""From folders of scans to random patches for the loss.

A patch is drawn from where there is a patient, turned and mirrored in the slice plane, and corrupted: with scanner
noise to learn denoising, with coarse noise and pasted blobs to learn normal anatomy.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
import torch  # noqa: TID253
from numpy.typing import NDArray
from torch import Tensor  # noqa: TID253

from medae import phantom, readers
from medae.errors import SettingsError
from medae.families import Batch
from medae.inference.prepare import (
    body_mask,
    intensity_scale,
    neighbours,
    network_values,
    standardised,
    to_pixel_spacing,
)
from medae.progress import Report, silent
from medae.training.noise import apodise, ct_noise_images, gaussian_blur, mr_noise, smooth_field
from medae.training.recipe import Data, Phantoms, Recipe
from medae.volume import Volume

REFERENCE_PHOTONS = 1e5
"""Dose of the stored CT noise images; other doses are scaled from them."""


@dataclass(frozen=True, slots=True)
class Scan:
    """One scan in memory, ready to be cut.

    Attributes
    ----------
    images
        (slices, rows, columns) float32 network values.
    trusted
        (slices, rows, columns) bool: False where the loss must not look (bright lesions).
    body
        (slices, rows, columns) bool: where the patient is.
    spacing
        (slices, rows, columns) spacing in mm, after resampling.
    held_out
        Used for the metrics only.
    digest
        SHA-256 of the images, for the record of what was learnt from.
    noise
        (slices, draws, rows, columns) float16 CT noise at `REFERENCE_PHOTONS`, empty for MR.
    """

    images: NDArray[np.float32]
    trusted: NDArray[np.bool_]
    body: NDArray[np.bool_]
    spacing: tuple[float, float, float]
    held_out: bool = False
    digest: str = ""
    noise: NDArray[np.float16] = field(default_factory=lambda: np.empty((0, 0, 0, 0), np.float16))


def load(recipe: Recipe, report: Report = silent) -> list[Scan]:
    """Read all scans that a recipe names, and make its phantoms.

    Raises
    ------
    SettingsError
        If no scan of the recipe's modality is found.
    """
    scans: list[Scan] = []
    for entry in recipe.data:
        for source in readers.scan(entry.path).sources:
            wanted = not entry.include or any(text in str(source.paths[0]) for text in entry.include)
            if not wanted or (source.modality or recipe.modality) != recipe.modality:
                continue
            report(0.0, f"Reading {source.paths[0].name}")
            volume = readers.read(source, modality=recipe.modality)
            held_out = any(text in str(source.paths[0]) for text in entry.hold_out)
            scans.append(_prepare(volume, recipe, entry, held_out))
    if not scans:
        raise SettingsError(f"no {recipe.modality} scan was found in the folders of recipe {recipe.name}")
    scans += [_prepare(volume, recipe, None, False) for entry in recipe.phantoms for volume in _phantoms(entry)]
    if recipe.task == "denoise" and recipe.modality == "MR":
        scans = [_halved(scan) if scan.spacing[2] < 0.75 and not scan.held_out else scan for scan in scans]
    return scans


def _phantoms(entry: Phantoms) -> list[Volume]:
    made = []
    for seed in range(entry.count):
        if entry.kind == "thorax":
            made.append(phantom.thorax(shape=entry.shape, spacing=entry.spacing, seed=seed).volume)
        else:
            made += [
                phantom.head(contrast, shape=entry.shape, spacing=entry.spacing, seed=seed).volume
                for contrast in entry.contrasts
            ]
    return made


def _prepare(volume: Volume, recipe: Recipe, entry: Data | None, held_out: bool) -> Scan:
    images = network_values(volume, intensity_scale(volume))
    pixel_spacing = recipe.pixel_spacing or volume.spacing[2]
    if recipe.pixel_spacing is not None:
        images = to_pixel_spacing(images, volume.spacing, pixel_spacing)
    body = body_mask(images, recipe.modality)
    if recipe.task == "anomaly":
        images = standardised(images, body, recipe.modality)
    trusted = np.ones(images.shape, bool)
    if entry is not None and entry.mask_bright is not None:
        trusted = ~bright_regions(images, body, entry.mask_bright)
    digest = hashlib.sha256(images.tobytes()).hexdigest()
    spacing = (volume.spacing[0], pixel_spacing, pixel_spacing)
    return Scan(images, trusted, body, spacing, held_out, digest)


def bright_regions(images: NDArray[np.float32], body: NDArray[np.bool_], deviations: float) -> NDArray[np.bool_]:
    """Voxels far above the median of bright tissue (in robust standard deviations), grown by two voxels.

    Bright tissue is what exceeds half of the body's 95th percentile, so that fluid and bone do not count.
    """
    from scipy import ndimage

    inside = images[body]
    if not inside.size:
        return np.zeros(images.shape, bool)
    inside = inside[inside > 0.5 * np.percentile(inside, 95)]
    median = float(np.median(inside))
    spread = 1.4826 * float(np.median(np.abs(inside - median)))
    bright = ndimage.gaussian_filter(images, (0, 0.7, 0.7)) > median + deviations * spread
    disc = ndimage.generate_binary_structure(2, 1)[None]
    return ndimage.binary_dilation(bright & body, disc, iterations=2)


def _halved(scan: Scan) -> Scan:
    """Average 2×2 pixels: half the noise, so a cleaner target."""
    slices, rows, columns = scan.images.shape
    rows, columns = rows // 2 * 2, columns // 2 * 2

    def pooled(array: NDArray[np.float32]) -> NDArray[np.float32]:
        cut = array[:, :rows, :columns].reshape(slices, rows // 2, 2, columns // 2, 2)
        return cut.mean(axis=(2, 4), dtype=np.float32)

    return replace(
        scan,
        images=pooled(scan.images),
        trusted=pooled(scan.trusted.astype(np.float32)) == 1,
        body=pooled(scan.body.astype(np.float32)) > 0.5,
        spacing=(scan.spacing[0], 2 * scan.spacing[1], 2 * scan.spacing[2]),
    )


def with_ct_noise(scans: Sequence[Scan], seed: int, draws: int = 3, report: Report = silent) -> list[Scan]:
    """Give CT scans their own noise images (filtered back-projection of the noise of each slice's sinogram)."""
    generator = torch.Generator().manual_seed(seed)
    total = sum(len(scan.images) for scan in scans)
    done = 0
    noisy = []
    for scan in scans:
        noise = np.empty((len(scan.images), draws, *scan.images.shape[1:]), np.float16)
        for k, image in enumerate(scan.images):
            report(done / total, f"Simulating CT noise, slice {done + 1} of {total}")
            hu = image * 1000 - 1024
            noise[k] = ct_noise_images(
                hu, scan.spacing[2], REFERENCE_PHOTONS, draws=draws, views=360, generator=generator
            )
            done += 1
        noisy.append(replace(scan, noise=noise))
    return noisy


class Samples(Protocol):
    """Gives batches for ever."""

    def batch(self) -> Batch:
        """Draw a batch."""
        ...


class _Patches:
    """Draws patches from scans, more often from larger ones."""

    def __init__(self, scans: Sequence[Scan], recipe: Recipe, channels: int) -> None:
        self.scans = [_at_least(scan, recipe.patch(2)[0]) for scan in scans]
        self.recipe = recipe
        self.channels = channels
        self.random = np.random.default_rng(recipe.seed)
        self.generator = torch.Generator().manual_seed(recipe.seed)
        weight = np.sqrt([float(scan.body.sum()) + 1 for scan in self.scans])
        self.share = weight / weight.sum()

    def place(self) -> tuple[Scan, int, int, int]:
        """Scan, slice, row and column of a patch that shows the patient."""
        size = self.recipe.patch(2)[0]
        scan = self.scans[self.random.choice(len(self.scans), p=self.share)]
        slices, rows, columns = scan.images.shape
        for _ in range(8):
            k = int(self.random.integers(slices))
            row = int(self.random.integers(rows - size + 1))
            column = int(self.random.integers(columns - size + 1))
            if scan.body[k, row : row + size, column : column + size].mean() > 0.3:
                break
        return scan, k, row, column

    def turn(self) -> tuple[int, bool]:
        """Quarter turns, and whether to mirror."""
        return int(self.random.integers(4)), bool(self.random.integers(2))


def _at_least(scan: Scan, size: int) -> Scan:
    """Pad a scan whose slices are smaller than a patch with air."""
    rows, columns = (max(0, size - n) for n in scan.images.shape[1:])
    if not rows and not columns:
        return scan
    pad = ((0, 0), (0, rows), (0, columns))
    return replace(
        scan,
        images=np.pad(scan.images, pad),
        trusted=np.pad(scan.trusted, pad),
        body=np.pad(scan.body, pad),
        noise=np.pad(scan.noise, (pad[0], (0, 0), *pad[1:])) if scan.noise.size else scan.noise,
    )


def _turned(image: Tensor, turn: tuple[int, bool]) -> Tensor:
    image = torch.rot90(image, turn[0], (-2, -1))
    return image.flip(-1) if turn[1] else image


def stack_batch(samples: Sequence[tuple[Tensor, Tensor, Tensor]]) -> Batch:
    """Stack (input, target, weight) triples of (1, C, H, W), (1, 1, H, W), (1, 1, H, W)."""
    inputs, targets, weights = zip(*samples, strict=True)
    return {"input": torch.cat(inputs), "target": torch.cat(targets), "weight": torch.cat(weights)}


class DenoisingSamples(_Patches):
    """Patches with scanner noise; the target is the patch without it.

    The weight falls with the noise that was added, so that mild noise counts about as much as strong noise, and a
    clean patch is to stay as it is.
    """

    def batch(self) -> Batch:
        """Draw a batch."""
        return stack_batch([self._sample() for _ in range(self.recipe.batch_size)])

    def _sample(self) -> tuple[Tensor, Tensor, Tensor]:
        scan, k, row, column = self.place()
        size = self.recipe.patch(2)[0]
        turn = self.turn()
        lonely = len(scan.images) == 1 or self.random.random() < 0.15
        around = [k] if lonely else neighbours(k, self.channels, len(scan.images))
        window = (slice(row, row + size), slice(column, column + size))
        clean = _turned(torch.from_numpy(scan.images[(around, *window)])[None], turn)
        if scan.noise.size:
            noisy = self._ct(clean, scan, around, window, turn)
        else:
            clean, noisy = self._mr(clean)
        if lonely:
            clean, noisy = (part.expand(1, self.channels, size, size) for part in (clean, noisy))
        middle = self.channels // 2
        target = clean[:, middle : middle + 1]
        added = (noisy[:, middle : middle + 1] - target).abs().mean()
        weight = (0.05 / (added + 0.02)).expand(1, 1, size, size)
        return noisy, target, weight

    def _mr(self, clean: Tensor) -> tuple[Tensor, Tensor]:
        if self.random.random() < 0.3:
            clean = clean ** float(self.random.uniform(0.7, 1.4))
        if self.random.random() < 0.3:  # interpolated images, and targets with less noise of their own
            clean = gaussian_blur(clean, float(self.random.uniform(0.4, 1.0)))
        if self.random.random() < 0.05:
            return clean, clean
        level = self.random.uniform(0.005, 0.14)
        if self.random.random() < 0.4:
            level = np.exp(self.random.uniform(np.log(0.003), np.log(0.14)))
        return clean, mr_noise(clean, float(level), self.generator)

    def _ct(
        self,
        clean: Tensor,
        scan: Scan,
        around: list[int],
        window: tuple[slice, slice],
        turn: tuple[int, bool],
    ) -> Tensor:
        if self.random.random() < 0.08:
            return clean
        draws = self.random.integers(scan.noise.shape[1], size=len(around))
        stored = np.stack([scan.noise[(k, draw, *window)] for k, draw in zip(around, draws, strict=True)])
        photons = float(np.exp(self.random.uniform(np.log(3e3), np.log(3e6))))
        noise = apodise(torch.from_numpy(stored.astype(np.float32))[None], float(self.random.uniform(0.5, 1.6)))
        sign = 1.0 if self.random.integers(2) else -1.0
        noise = noise * (sign * np.sqrt(REFERENCE_PHOTONS / photons) / 1000)
        return (clean + _turned(noise, turn)).clamp(min=0)


class AnomalySamples(_Patches):
    """Patches with coarse noise and pasted blobs inside the body; the target is the patch without them.

    Coarse noise: Kascenas et al., MIDL 2022. Blobs blended from elsewhere or brighter, darker: Tan et al., "Detecting
    outliers with foreign patch interpolation", MELBA 2022.
    """

    def batch(self) -> Batch:
        """Draw a batch."""
        return stack_batch([self._sample() for _ in range(self.recipe.batch_size)])

    def _sample(self) -> tuple[Tensor, Tensor, Tensor]:
        scan, k, row, column = self.place()
        size = self.recipe.patch(2)[0]
        window = (slice(row, row + size), slice(column, column + size))
        around = neighbours(k, self.channels, len(scan.images))
        turn = self.turn()
        clean = _turned(torch.from_numpy(scan.images[(around, *window)])[None], turn)
        body = _turned(torch.from_numpy(scan.body[(k, *window)]).float()[None, None], turn)
        trusted = _turned(torch.from_numpy(scan.trusted[(k, *window)]).float()[None, None], turn)
        bias = 0.85 + 0.3 * smooth_field(size, 2, self.generator)
        clean = clean * bias * float(self.random.uniform(0.8, 1.2))
        corrupted = clean
        if self.random.random() < 0.9:
            cells = max(3, round(size * scan.spacing[2] / float(self.random.uniform(8, 16))))
            coarse = torch.randn(1, 1, cells, cells, generator=self.generator)
            bumps = torch.nn.functional.interpolate(coarse, (size, size), mode="bilinear")
            corrupted = corrupted + float(self.random.uniform(0.1, 0.3)) * bumps * body
        for _ in range(int(self.random.integers(0, 6))):
            corrupted = self._blob(corrupted, body)
        fine = 0.03 * float(self.random.random()) * torch.randn(clean.shape, generator=self.generator)
        middle = self.channels // 2
        return (
            (corrupted + fine * body).clamp(min=0),
            clean[:, middle : middle + 1],
            trusted * (0.05 + 0.95 * body),
        )

    def _blob(self, image: Tensor, body: Tensor) -> Tensor:
        """Paste one irregular blob: brighter, darker, or blended from elsewhere in the patch."""
        size = image.shape[-1]
        radius = float(np.exp(self.random.uniform(np.log(1.5), np.log(size / 9))))
        inside = torch.nonzero(body[0, 0])
        if not len(inside):
            return image
        center = inside[int(self.random.integers(len(inside)))]
        axis = torch.arange(size, dtype=torch.float32)
        angle, stretch = self.random.uniform(0, np.pi), self.random.uniform(0.5, 1.0)
        y, x = axis[:, None] - center[0], axis[None, :] - center[1]
        u, v = x * np.cos(angle) + y * np.sin(angle), (y * np.cos(angle) - x * np.sin(angle)) / stretch
        ragged = 0.6 * (smooth_field(size, max(4, int(size / (radius + 2))), self.generator)[0, 0] - 0.5)
        edge = float(self.random.uniform(1.0, max(1.5, radius)))
        blob = ((1.0 - torch.hypot(u, v) / radius + ragged) * radius / edge).clamp(0, 1)[None, None]
        blob = gaussian_blur(blob, float(self.random.uniform(0.5, 1.5))) * body
        if self.random.random() < 0.3:
            shift = tuple(int(s) for s in self.random.integers(-size // 2, size // 2, size=2))
            pasted = torch.roll(image, shift, (-2, -1))
            return torch.lerp(image, pasted, blob * float(self.random.uniform(0.3, 1.0)))
        contrast = float(np.exp(self.random.uniform(np.log(0.05), np.log(0.5)))) * (
            1.0 if self.random.random() < 0.6 else -1.0
        )
        texture = 1.0 + 0.3 * (smooth_field(size, size // 4, self.generator) - 0.5)
        return (image + blob * texture * contrast).clamp(min=0)
