"""The held-out scans of `benchmarks.denoising`, with noise of known level, and what the peers are told of it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

import medae
from benchmarks.peers import Images, Told
from benchmarks.report import SHARED
from medae.inference.prepare import body_mask, intensity_scale, network_values
from medae.training.ct_noise import ct_low_dose
from medae.training.noise import rician
from medae.training.projection import radiographs
from medae.training.xray_noise import Detector, detected
from medae.volume import Volume

MR = (
    "mr/open-ms/patient12_study1_T2W.nii.gz",
    "mr/open-ms/patient12_study2_FLAIR.nii.gz",
    "mr/open-ms/patient12_study2_T1W.nii.gz",
    "mr/sag-anon",
)
"""patient12 has no T1W of study 1."""
CT = (
    "ct/acrin-flt-breast-001",
    "ct/ny-sbu-axial/A002304-19001231.dcm",
    "ct/ny-sbu-axial/A027284-19000925.dcm",
    "ct/ny-sbu-axial/A046441-19001111.dcm",
)
XRAY = tuple(f"xr/nih-no-finding/{name}.png" for name in ("00003137_001", "00003209_001", "00003363_002"))
"""Three of the eight that the recipe of the X-ray model holds out."""
PROJECTED, DIRECTIONS = "ct/acrin-flt-breast-001", (0.0, 90.0)
SIGMAS = (0.02, 0.03, 0.06, 0.10)
"""Of the 99.9th percentile."""
PHOTONS = (2e5, 5e4, 2e4)
QUANTA, READ = (2000, 500, 100), 0.01
"""Detected quanta per pixel where the grey value is at its 99.9th percentile, and electronic noise as a part of it."""
SLAB, SCORED = 7, 3
"""Slices that every method is given, and those in their middle that are scored: ours sees two on each side."""
MARGIN = 8

Mask = NDArray[np.bool_]
Box = tuple[slice, slice, slice]
Back = Callable[[Images], Images]


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One scan at one noise level.

    Attributes
    ----------
    modality, scan, level
        What it is, for the tables; ``level`` is σ, photons or quanta.
    noisy
        What ours is given: the slab, float32 in its unit.
    box
        The part that is scored: the middle slices, around the body.
    clean, mask
        Truth in that part, and the body in it: (slices, rows, columns).
    peak
        Of the PSNR, in the volume's unit.
    working
        What the peers are given: all slices of the slab, cut to the body, about 0 to 1.
    told
        What the peers are told, in the unit of ``working``.
    back
        Ways from there to the volume's unit; the best counts.
    """

    modality: str
    scan: str
    level: float
    noisy: Volume
    box: Box
    clean: Images
    mask: Mask
    peak: float
    working: Images
    told: Told
    back: dict[str, Back]


def middle(volume: Volume, slices: int = SLAB) -> Volume:
    """Cut out the middle slices of a scan, as float32 in its unit; padding becomes air."""
    start = max(0, (volume.shape[0] - slices) // 2)
    values = volume.values(start, start + slices)
    values[volume.padding_mask(start, start + slices)] = -1024 if volume.modality == "CT" else 0
    affine = volume.affine.copy()
    affine[:3, 3] = volume.to_lps((start, 0, 0))
    return Volume(array=values, affine=affine, modality=volume.modality, unit=volume.unit)


def body(volume: Volume) -> Mask:
    """Mask of the patient in a clean scan (slices, rows, columns); everything if nothing is found."""
    mask = body_mask(network_values(volume, intensity_scale(volume)), volume.modality)
    return mask if mask.any() else np.ones_like(mask)


def _box(mask: Mask) -> Box:
    """Give the scored slices and the frame of the body in them, with a margin."""
    count = min(SCORED, len(mask))
    first = (len(mask) - count) // 2
    scored = slice(first, first + count)
    frame = []
    for axis, length in ((1, mask.shape[1]), (2, mask.shape[2])):
        inside = np.flatnonzero(mask[scored].any(axis=tuple({0, 1, 2} - {axis})))
        low, high = (int(inside[0]), int(inside[-1])) if inside.size else (0, length - 1)
        frame.append(slice(max(0, low - MARGIN), min(length, high + 1 + MARGIN)))
    return scored, frame[0], frame[1]


def mr_cases(scans: tuple[str, ...] = MR, sigmas: tuple[float, ...] = SIGMAS) -> Iterator[Case]:
    """Rician noise; peers work on parts of p99.9, and their result counts with and without the bias removed."""
    for scan in scans:
        clean = middle(medae.open(SHARED / scan, modality="MR"))
        values, mask = clean.values(), body(clean)
        top = intensity_scale(clean).scale
        box = _box(mask)
        for sigma in sigmas:
            noisy = rician(values, sigma * top, seed=7)
            back = {"as it is": _scaled(top), "bias removed": _unbiased(top, sigma)}
            working, told = noisy[:, box[1], box[2]] / np.float32(top), Told(sigma, "rician")
            given = replace(clean, array=noisy)
            yield Case("MR", scan, sigma, given, box, values[box], mask[box], top, working, told, back)


def _scaled(scale: float, offset: float = 0.0) -> Back:
    return lambda images: images * np.float32(scale) + np.float32(offset)


def _unbiased(top: float, sigma: float) -> Back:
    """Remove the Rician bias: E[m²] = A² + 2σ², and what is left after the smallest noise is σ² (Gudbjartsson 1995)."""
    return lambda images: np.sqrt(np.maximum(images**2 - np.float32(sigma**2), 0)) * np.float32(top)


CT_OFFSET, CT_RANGE = -1024.0, 2000.0


def ct_cases(scans: tuple[str, ...] = CT, photons: tuple[float, ...] = PHOTONS) -> Iterator[Case]:
    """Noise of a low dose; peers are told its true deviation and spectrum inside the body."""
    for scan in scans:
        clean = middle(medae.open(SHARED / scan))
        values, mask = clean.values(), body(clean)
        box = _box(mask)
        for dose in photons:
            noisy = np.maximum(ct_low_dose(values, dose, clean.spacing, seed=7), np.float32(-1024))
            working = (noisy[:, box[1], box[2]] - np.float32(CT_OFFSET)) / np.float32(CT_RANGE)
            told = _measured((noisy - values)[box] / np.float32(CT_RANGE), mask[box])
            back = {"": _scaled(CT_RANGE, CT_OFFSET)}
            given = replace(clean, array=noisy)
            yield Case("CT", scan, dose, given, box, values[box], mask[box], CT_RANGE, working, told, back)


def _measured(noise: Images, mask: Mask) -> Told:
    """Deviation and radially averaged power spectrum of noise (slices, rows, columns) inside a mask."""
    sigma = float(noise[mask].std())
    rows, columns = noise.shape[1:]
    power = np.mean(np.abs(np.fft.fft2(np.where(mask, noise, 0).astype(np.float64))) ** 2, 0)
    frequency = np.hypot(np.fft.fftfreq(rows)[:, None], np.fft.fftfreq(columns)[None])
    ring = np.rint(frequency * min(rows, columns)).astype(int)
    radial = np.bincount(ring.ravel(), power.ravel()) / np.maximum(np.bincount(ring.ravel()), 1)
    spectrum = radial[ring]
    return Told(sigma, spectrum=spectrum * (sigma**2 * spectrum.size**2 / spectrum.sum()))


def xray_cases(
    scans: tuple[str, ...] = XRAY, quanta: tuple[int, ...] = QUANTA, directions: tuple[float, ...] = DIRECTIONS
) -> Iterator[Case]:
    """Poisson-Gaussian noise; peers work behind the generalised Anscombe transform, told gain and read noise."""
    for clean in _radiographs(scans, directions):
        top = intensity_scale(clean).scale
        signal, mask = clean.values() / np.float32(top), body(clean)
        box = _box(mask)
        for n in quanta:
            detector = Detector(1 / n, READ)
            generator = torch.Generator().manual_seed(7)
            noisy = detected(torch.from_numpy(signal), detector, generator).numpy()
            stable = anscombe(noisy[:, box[1], box[2]], detector)
            low, span = float(stable.min()), float(np.ptp(stable))
            back = {"exact unbiased inverse": _inverse(detector, low, span, top)}
            working, told = (stable - np.float32(low)) / np.float32(span), Told(1 / span)
            given = replace(clean, array=noisy * np.float32(top))
            truth, name = clean.values()[box], clean.source.description
            yield Case("DX", name, float(n), given, box, truth, mask[box], top, working, told, back)


def _radiographs(scans: tuple[str, ...], directions: tuple[float, ...]) -> Iterator[Volume]:
    """Noise-free radiographs of one slice each: PNG files halved to 512², and projections of a held-out CT."""
    for scan in scans:
        volume = medae.open(SHARED / scan, modality="DX")
        fine = volume.values()[:, : volume.shape[1] // 2 * 2, : volume.shape[2] // 2 * 2]
        halved = fine.reshape(1, fine.shape[1] // 2, 2, fine.shape[2] // 2, 2).mean((2, 4), dtype=np.float32)
        yield Volume(halved, volume.affine, modality="DX", source=replace(volume.source, description=scan))
    if directions:
        projected = radiographs(medae.open(SHARED / PROJECTED), directions)
        for image, degrees in zip(projected.values(), directions, strict=True):
            source = replace(projected.source, description=f"{PROJECTED}, projected at {degrees:g}°")
            yield Volume(image[None], projected.affine, modality="DX", source=source)


def anscombe(noisy: Images, detector: Detector) -> Images:
    """Generalised Anscombe transform of a·Poisson(x / a) + N(0, b²): noise of deviation 1 (Starck et al. 1998)."""
    a, b = detector.gain, detector.read
    return np.asarray(2 / a * np.sqrt(np.maximum(a * noisy + 0.375 * a**2 + b**2, 0)), np.float32)


def exact_unbiased_inverse(stable: Images, detector: Detector) -> Images:
    """Undo `anscombe`: closed form of the exact unbiased inverse (Mäkitalo & Foi, IEEE TIP 2013)."""
    ratio = (detector.read / detector.gain) ** 2
    d = np.maximum(stable.astype(np.float64), 2 * np.sqrt(0.375 + ratio))
    root = np.sqrt(1.5)
    counts = d**2 / 4 + root / (4 * d) - 11 / (8 * d**2) + 5 * root / (8 * d**3) - 1 / 8 - ratio
    return np.asarray(np.maximum(counts, 0) * detector.gain, np.float32)


def _inverse(detector: Detector, low: float, span: float, top: float) -> Back:
    return lambda images: exact_unbiased_inverse(images * span + low, detector) * np.float32(top)
