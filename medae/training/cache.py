"""The scans of a recipe, read once and kept in memory."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import torch  # noqa: TID253
from numpy.typing import NDArray

from medae import phantom, readers
from medae.errors import MedaeError, SettingsError
from medae.inference.normal import robust_spread
from medae.inference.prepare import (
    Frame,
    body_mask,
    intensity_scale,
    network_values,
    to_pixel_spacing,
)
from medae.inference.transforms import preparation
from medae.progress import Report, part, silent
from medae.readers.result_geometry import onto
from medae.training.ct_noise import ct_noise_images
from medae.training.projection import radiographs
from medae.training.recipe import Phantoms, Recipe
from medae.training.scans import Found, FoundScan, find
from medae.volume import Volume, spacing_of

REFERENCE_PHOTONS = 1e5
"""Dose that the stored CT noise images are scaled to; other doses are scaled from them."""
DOSES = (1e4, 3e4, 1e5, 1e6)
"""Photons per ray at which the stored noise images are simulated, one after the other: electronic noise makes low doses
streakier."""

PHANTOM = "phantom-"
"""Beginning of the patient key of scans that are made here."""

LEFT_OUT = "Left out"
"""Beginning of the warning about a scan whose pixels cannot be read."""

Side = Literal["train", "validation", "held_out"]


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
    use
        Learnt from, deciding when to stop, or for the metrics only.
    patient
        Opaque key, the same for all scans of a patient.
    digest
        SHA-256 of the images, for the record of what was learnt from.
    noise
        (draws, slices, rows, columns) float16 CT noise at `REFERENCE_PHOTONS`, empty for MR.
    """

    images: NDArray[np.float32]
    trusted: NDArray[np.bool_]
    body: NDArray[np.bool_]
    spacing: tuple[float, float, float]
    use: Side = "train"
    patient: str = ""
    digest: str = ""
    noise: NDArray[np.float16] = field(default_factory=lambda: np.empty((0, 0, 0, 0), np.float16))


@dataclass(frozen=True, slots=True)
class Cache:
    """All scans of a recipe, and what to know about those that could not be read."""

    scans: tuple[Scan, ...]
    warnings: tuple[str, ...] = ()

    def used(self, use: Side) -> list[Scan]:
        """Give the scans of one side."""
        return [scan for scan in self.scans if scan.use == use]


def load(recipe: Recipe, report: Report = silent, found: Found | None = None) -> Cache:
    """Read all scans that a recipe uses, and make its phantoms.

    A scan whose pixels cannot be read is left out with a warning.

    Parameters
    ----------
    recipe
        What to train on what.
    report
        Progress and cancellation.
    found
        The scans, where they are looked up already.

    Raises
    ------
    SettingsError
        If there is nothing to learn from.
    """
    found = found or find(recipe, part(report, 0.0, 0.2))
    warnings = list(found.warnings)
    scans = list(_read(found, recipe, warnings, part(report, 0.2, 0.9)))
    scans += [
        _prepare(volume, recipe, patient=patient) for entry in recipe.phantoms for patient, volume in _made(entry)
    ]
    if not any(scan.use == "train" for scan in scans):
        raise SettingsError(_nothing(found, recipe, warnings))
    if recipe.task == "denoise" and recipe.modality == "MR":
        scans = [each for scan in scans for each in (_views(scan) if scan.use != "held_out" else (scan,))]
    return Cache(tuple(scans), tuple(warnings))


def _read(found: Found, recipe: Recipe, warnings: list[str], report: Report) -> Iterator[Scan]:
    wanted = [scan for scan in found.scans if scan.use != "not_used"]
    for n, scan in enumerate(wanted):
        report(n / len(wanted), f"Reading scan {n + 1} of {len(wanted)}")
        try:
            prepared = _scan(scan, recipe)
            if scan.entry.halve:
                prepared = _averaged(prepared, (1, 2, 2))
        except MedaeError as error:
            warnings.append(f"{LEFT_OUT}: {error}")
            continue
        assert scan.use != "not_used"
        yield replace(prepared, use=scan.use)


def _scan(scan: FoundScan, recipe: Recipe) -> Scan:
    """Read and prepare a scan, without what is bright in it, or in another one of the same visit."""
    volume, texts = _volume(scan, recipe), scan.entry.mask_bright_in
    shown = None
    if scan.entry.mask_bright is not None and texts is not None:
        shown = readers.open_volume(texts[1].join(str(scan.path).rsplit(texts[0], 1)), modality=recipe.modality)
        values = onto(volume, shown.values(), shown.affine)
        shown = Volume(array=values, affine=volume.affine, modality=shown.modality, unit=shown.unit)
    return _prepare(volume, recipe, scan.entry.mask_bright, shown, patient=scan.patient)


def _volume(scan: FoundScan, recipe: Recipe) -> Volume:
    if scan.entry.project:
        return radiographs(readers.read(scan.source, modality="CT"), scan.entry.project)
    return readers.read(scan.source, modality=recipe.modality)


def _nothing(found: Found, recipe: Recipe, warnings: Sequence[str]) -> str:
    message = f"no {recipe.modality} scan was found to learn from in the folders of recipe {recipe.name}"
    reasons = [warning for warning in warnings if warning.startswith(LEFT_OUT)]
    reasons += [scan.reason for scan in found.scans if scan.use == "not_used"]
    reasons += [skipped.reason for skipped in found.skipped]
    if not reasons:
        return f"{message}; name a folder of scans"
    return f"{message}; of {len(found.scans) + len(found.skipped)} files none can be used: {reasons[0]}"


def _made(entry: Phantoms, first: int = 0) -> Iterator[tuple[str, Volume]]:
    """Phantoms with the key of the patient that they stand for, of ``first`` and the following seeds."""
    for seed in range(first, first + entry.count):
        key = f"{PHANTOM}{entry.kind}-{seed}"
        if entry.kind == "thorax":
            yield key, phantom.thorax(shape=entry.shape, spacing=entry.spacing, seed=seed).volume
        elif entry.kind in ("chest", "hand"):
            yield key, phantom.radiograph(entry.kind, entry.shape, entry.spacing, seed=seed).volume
        else:
            for contrast in entry.contrasts:
                yield key, phantom.head(contrast, shape=entry.shape, spacing=entry.spacing, seed=seed).volume


CALIBRATION = 1000
"""First seed of the phantoms that anomaly models are calibrated on, none of which was learnt from."""
NOISE = (0.005, 0.03)
"""Noise of those, least and most: of the 99.9th percentile, in CT of 1000 HU."""
NOISIER = (0.04, 0.057, 0.08)
"""Noise of scans that are still in an anomaly model's domain."""


def normal_phantoms(recipe: Recipe, report: Report = silent) -> list[Scan]:
    """Make phantoms like those of a recipe, but of other seeds and with noise of `NOISE`, as further held-out scans."""
    scans: list[Scan] = []
    total = sum(entry.count * max(1, len(entry.contrasts)) for entry in recipe.phantoms)
    for entry in recipe.phantoms:
        for patient, volume in _made(entry, CALIBRATION):
            report(len(scans) / total, f"Making phantom {len(scans) + 1} of {total}")
            low, high = NOISE
            share = low * (high / low) ** ((len(scans) * 0.618) % 1)  # spread evenly, in no order
            noisy = with_noise(volume, share, seed=len(scans))
            scans.append(replace(_prepare(noisy, recipe, patient=patient), use="held_out"))
    return scans


def noisy_phantoms(recipe: Recipe) -> list[Scan]:
    """Make phantoms with noise of `NOISIER`: they are familiar, but no measure of what is normal."""
    scans: list[Scan] = []
    for entry in recipe.phantoms[:1]:
        made = list(_made(entry.model_copy(update={"count": len(NOISIER)}), CALIBRATION))
        for n, (patient, volume) in enumerate(made):
            noisy = with_noise(volume, NOISIER[n * len(NOISIER) // len(made)], seed=n)
            scans.append(_prepare(noisy, recipe, patient=f"{patient}-noisy"))
    return scans


def with_noise(volume: Volume, share: float, seed: int) -> Volume:
    """Add noise to a volume, not rounded: Rician of ``share`` of the 99.9th percentile, in CT Gaussian of 1000 HU."""
    random = np.random.default_rng(seed)
    values = volume.values()
    sigma = share * (1000.0 if volume.modality == "CT" else intensity_scale(volume).scale)
    noise = random.normal(0, sigma, (2, *values.shape)).astype(np.float32)
    noisy = values + noise[0] if volume.modality == "CT" else np.hypot(values + noise[0], noise[1])
    return Volume(array=noisy.astype(np.float32), affine=volume.affine, modality=volume.modality, unit=volume.unit)


def _prepare(
    volume: Volume,
    recipe: Recipe,
    mask_bright: float | None = None,
    shown: Volume | None = None,
    *,
    patient: str = "",
) -> Scan:
    """Bring a volume to network values, framed where the recipe says so, without what is bright in ``shown``, or in it.

    ``shown`` has the volume's grid.
    """
    images, body, spacing = _on_grid(volume, recipe)
    digest = hashlib.sha256(images.tobytes()).hexdigest()
    trusted = np.ones(images.shape, bool)
    if mask_bright is not None:
        values, inside, _ = (images, body, spacing) if shown is None else _on_grid(shown, recipe)
        trusted = ~bright_regions(values, inside, mask_bright)
    if recipe.whole_slices:
        plane = recipe.patch(int(recipe.options.get("spatial_dims", 2)))[-2:]
        frame = Frame.around(body, (plane[0], plane[1]))
        images, trusted, body = frame.cut(images), frame.cut(trusted), frame.cut(body)
    return Scan(images, trusted, body, spacing, "train", patient, digest)


def _on_grid(
    volume: Volume, recipe: Recipe
) -> tuple[NDArray[np.float32], NDArray[np.bool_], tuple[float, float, float]]:
    """Give values, body and spacing as inference will see them: resampled and standardised."""
    images = network_values(volume, intensity_scale(volume))
    if recipe.task == "anomaly":
        steps = preparation(
            recipe.modality,
            recipe.pixel_spacing,
            recipe.anatomy,
            bias=recipe.bias_field,
            slice_spacing=recipe.slice_spacing,
        )
        item = steps({"image": images[None], "affine": volume.affine})
        return item["image"][0], item["mask"][0], spacing_of(item["affine"])
    spacing = volume.spacing
    if recipe.pixel_spacing is not None:
        images = to_pixel_spacing(images, spacing, recipe.pixel_spacing)
        spacing = (spacing[0], recipe.pixel_spacing, recipe.pixel_spacing)
    return images, body_mask(images, recipe.modality), spacing


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
    spread = robust_spread(inside)
    bright = ndimage.gaussian_filter(images, (0, 0.7, 0.7)) > median + deviations * spread
    disc = ndimage.generate_binary_structure(2, 1)[None]
    return ndimage.binary_dilation(bright & body, disc, iterations=2)


FINE = 0.75
"""Millimetres; finer pixels are averaged in pairs for cleaner targets."""


def _views(scan: Scan) -> Iterator[Scan]:
    """Give a scan and a coarser copy of finely sampled ones; isotropic ones from all three sides.

    Averaged pixels have less noise of their own, and noise of their neighbours is independent. Isotropic fine scans are
    given averaged only, in their plane and along all axes: their own noise is strong.
    """
    if scan.spacing[2] >= FINE:
        yield scan
    elif max(scan.spacing) >= 1.15 * min(scan.spacing):
        yield scan
        yield _averaged(scan, (1, 2, 2))
    else:
        for axes in ((0, 1, 2), (1, 0, 2), (2, 0, 1)):
            turned = _turned(scan, axes)
            yield _averaged(turned, (2, 2, 2))
            yield _averaged(turned, (1, 2, 2))


def _turned(scan: Scan, axes: tuple[int, int, int]) -> Scan:
    """Exchange the axes of a scan."""
    spacing = (scan.spacing[axes[0]], scan.spacing[axes[1]], scan.spacing[axes[2]])
    return replace(
        scan,
        images=np.ascontiguousarray(scan.images.transpose(axes)),
        trusted=np.ascontiguousarray(scan.trusted.transpose(axes)),
        body=np.ascontiguousarray(scan.body.transpose(axes)),
        spacing=spacing,
    )


def _averaged(scan: Scan, factors: tuple[int, int, int]) -> Scan:
    """Average blocks of voxels; what does not fill a block at the far ends is cut."""
    counts = [n // f for n, f in zip(scan.images.shape, factors, strict=True)]
    blocks = [side for n, f in zip(counts, factors, strict=True) for side in (n, f)]

    def pooled(array: NDArray[np.float32]) -> NDArray[np.float32]:
        k, j, i = (n * f for n, f in zip(counts, factors, strict=True))
        return array[:k, :j, :i].reshape(blocks).mean(axis=(1, 3, 5), dtype=np.float32)

    spacing = tuple(s * f for s, f in zip(scan.spacing, factors, strict=True))
    return replace(
        scan,
        images=pooled(scan.images),
        trusted=pooled(scan.trusted.astype(np.float32)) == 1,
        body=pooled(scan.body.astype(np.float32)) > 0.5,
        spacing=(spacing[0], spacing[1], spacing[2]),
    )


def with_ct_noise(scans: Sequence[Scan], seed: int, draws: int = len(DOSES), report: Report = silent) -> list[Scan]:
    """Give CT scans their own noise images (filtered back-projection of the noise of each slice's sinogram)."""
    generator = torch.Generator().manual_seed(seed)
    doses = [DOSES[n % len(DOSES)] for n in range(draws)]
    total = sum(len(scan.images) for scan in scans)
    done = 0
    noisy = []
    for scan in scans:
        noise = np.empty((draws, *scan.images.shape), np.float16)
        for k, image in enumerate(scan.images):
            report(done / total, f"Simulating CT noise, slice {done + 1} of {total}")
            hu = image * 1000 - 1024
            made = ct_noise_images(hu, scan.spacing[2], doses, draws=draws, views=360, generator=generator)
            noise[:, k] = made * np.sqrt(np.asarray(doses, np.float32) / REFERENCE_PHOTONS)[:, None, None]
            done += 1
        noisy.append(replace(scan, noise=noise))
    return noisy
