"""The lines of the physicists' table: what is asked, what was found, and whether that is enough."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from benchmarks.physics_objects import (
    RING,
    ROD_RADIUS,
    SPOT,
    SPOT_SLICES,
    SPOT_STEP,
    Images,
    Kind,
    Scan,
    distances,
    plain,
    rod_places,
    rods,
    spot_places,
    spots,
)
from medae.quality.detectability import auc_gain, channelised_hotelling, laguerre_gauss
from medae.quality.residual import structure
from medae.quality.sharpness import edge_spread, half_modulation, transfer_function
from medae.quality.spectrum import noise_power, peak_frequency, radial_spectrum
from medae.quality.tissue import tissue_bias
from medae.volume import Volume

Restore = Callable[[Volume], Images]
"""The model under test: a volume in, its denoised values out."""


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the table.

    Attributes
    ----------
    what, asked, found
        Texts.
    reached
        Whether what was asked was found.
    """

    what: str
    asked: str
    found: str
    reached: bool


def object_lines(kind: Kind, restore: Restore, slices: int, layers: int) -> Iterator[Line]:
    """Measure on the test objects: bias, sharpness, noise power spectrum, detectability, clean in and out."""
    clean = rods(kind)
    noisy = kind.add_noise(np.repeat(clean, slices, axis=0), 11)
    restored = restore(kind.volume(noisy.astype(np.float32)))
    yield _insert_bias(kind, np.repeat(clean, slices, axis=0) if kind.modality == "MR" else noisy, restored)
    yield from _sharpness(kind, clean, restored)
    yield _noise_texture(kind, noisy, restored)
    yield _detectability(kind, restore, layers)
    yield _clean(kind, restore(kind.volume(np.repeat(clean, 5, axis=0))), clean)


def _insert_bias(kind: Kind, truth: Images, restored: Images) -> Line:
    """Compare means inside the inserts with the truth: the input, but in MR, whose noise is biased, what was drawn."""
    found = {}
    for name, place in zip(kind.inserts, rod_places(), strict=False):
        inside = distances(*place, ROD_RADIUS / 2) > 0
        found[name] = float(restored[:, inside].mean() - truth[:, inside].mean())
    found["body"] = float(restored[:, _center()].mean() - truth[:, _center()].mean())
    texts = ", ".join(f"{name} {bias:+.2f}" for name, bias in found.items())
    worst = max(abs(bias) for bias in found.values())
    if kind.modality == "CT":
        return Line("Bias of inserts", "≤ 1 HU each", f"{texts} HU", worst <= 1)
    part = 100 * worst / kind.spread
    return Line("Bias of inserts", "≤ 1 % of the range each", f"{texts} of {kind.spread:g}", part <= 1)


def _center() -> NDArray[np.bool_]:
    """Uniform middle of the rod object."""
    return distances(127.5, 127.5, RING - ROD_RADIUS - 6) > 0


def _sharpness(kind: Kind, clean: Images, restored: Images) -> Iterator[Line]:
    """f50 around the rods of high and low contrast, in percent of that of the noise-free object."""
    unit = " HU" if kind.modality == "CT" else f" of {kind.spread:g}"
    for contrast, asked, places in ((kind.high, 95, rod_places()[4:6]), (kind.low, 85, rod_places()[6:8])):
        before, after = (
            half_modulation(*transfer_function(*_mean_edge(images, places))) for images in (clean, restored)
        )
        share = 100 * after / before
        name = f"f50 at a contrast of {abs(contrast):g}{unit}"
        yield Line(name, f"≥ {asked} % of the input's", f"{share:.0f} %", share >= asked)


def _mean_edge(images: Images, places: list[tuple[float, float]]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Edge spread function averaged over rods of one contrast, in pixels."""
    spreads = [edge_spread(images, distances(*place, ROD_RADIUS), 8.0, 0.25) for place in places]
    return spreads[0][0], np.mean([values for _, values in spreads], axis=0)


def _noise_texture(kind: Kind, noisy: Images, restored: Images) -> Line:
    """Noise power spectrum of the uniform middle: where its peak moves in CT, its mean where noise has no peak."""
    edge = 32
    origin = [127 - 48, 127 - 16, 127 + 16]
    spectra = []
    for images in (noisy, restored):
        noise = images - images.mean(axis=0)
        blocks = np.concatenate([noise[:, i : i + edge, j : j + edge] for i in origin for j in origin])
        spectra.append(radial_spectrum(noise_power(blocks)))
    frequencies = spectra[0][0]
    if kind.modality == "CT":
        before, after = (peak_frequency(frequencies, ndimage.uniform_filter1d(p, 3)) for _, p in spectra)
        name = "Peak of the noise power spectrum"
    else:
        before, after = (float((frequencies**2 * p).sum() / (frequencies * p).sum()) for _, p in spectra)
        name = "Mean frequency of the noise (white noise has no peak)"
    shift = 100 * (after / before - 1)
    return Line(name, "moves by < 20 %", f"{before:.3f} → {after:.3f} per pixel, {shift:+.0f} %", abs(shift) < 20)


def _detectability(kind: Kind, restore: Restore, layers: int) -> Line:
    """Channelised Hotelling observer on faint spots, on the slice where they are brightest."""
    slices = layers * SPOT_SLICES
    flat = np.repeat(plain(kind), slices, axis=0)
    sigma = float((kind.add_noise(flat[:9], 5) - flat[:9])[:, _center()].std())
    noisy = kind.add_noise(flat + spots(layers, kind.spot * sigma), 21)
    restored = restore(kind.volume(noisy.astype(np.float32)))
    channels = laguerre_gauss(SPOT_STEP, float(np.sqrt(2 * np.pi)) * SPOT)
    peaks = range(SPOT_SLICES // 2, slices, SPOT_SLICES)
    results = []
    for images in (noisy, restored):
        groups = [
            np.stack([images[k, i : i + SPOT_STEP, j : j + SPOT_STEP] for k in peaks for i, j in places]) - kind.body
            for places in spot_places()
        ]
        results.append(channelised_hotelling(groups[0], groups[1], channels))
    before, after = results
    gain, low, high = auc_gain(after, before)
    text = f"{before.auc:.3f} → {after.auc:.3f}, difference {gain:+.3f} ({low:+.3f} to {high:+.3f})"
    return Line(
        "Channelised Hotelling observer, AUC (95 % interval of the difference)",
        "not below the input's",
        text,
        high >= 0,
    )


def _clean(kind: Kind, restored: Images, clean: Images) -> Line:
    error = float(np.sqrt(np.mean((restored - clean) ** 2)))
    decibels = 20 * np.log10(kind.spread / max(error, 1e-9))
    return Line("Noise-free object in, peak signal-to-noise ratio out", "≥ 45 dB", f"{decibels:.1f} dB", decibels >= 45)


def scan_lines(kind: Kind, restore: Restore, scans: list[Scan]) -> Iterator[Line]:
    """Measure on real scans: bias, lesion, structure in the residual, two draws; the worst scan counts."""
    restored = [tuple(restore(v) for v in (scan.noisy, scan.again, scan.with_lesion)) for scan in scans]
    yield _scan_bias(kind, scans, [first for first, _, _ in restored])
    yield from _lesion(scans, restored)
    shares = []
    for scan, (first, _, _) in zip(scans, restored, strict=True):
        shares.append(100 * (1 - structure(scan.noisy.values() - first, first, scan.mask).blocks))
    yield Line(
        "Real scans: blocks with edges whose local correlation of residual and image is below 0.1, chance taken off",
        "> 95 %",
        _each(shares, ".0f", " %"),
        min(shares) > 95,
    )
    yield _two_draws(scans, restored)


def _each(values: list[float], form: str, unit: str) -> str:
    return " / ".join(format(value, form) for value in values) + unit


def _scan_bias(kind: Kind, scans: list[Scan], restored: list[Images]) -> Line:
    """Largest change of a tissue's mean, against the input; in MR against the scan before noise was added."""
    worst = []
    for scan, images in zip(scans, restored, strict=True):
        clean = (scan.clean if kind.modality == "MR" else scan.noisy).values()
        mask = np.ones(clean.shape, bool) if kind.modality == "CT" else scan.mask
        scale = 1.0 if kind.modality == "CT" else 100 / float(np.percentile(clean, 99.9))
        worst.append(max((abs(t.bias) * scale for t in tissue_bias(clean, images, mask, kind.modality)), default=0.0))
    unit, asked = (" HU", "≤ 1 HU") if kind.modality == "CT" else (" %", "≤ 1 % of the range")
    return Line("Real scans: largest bias of a tissue class", asked, _each(worst, ".2f", unit), max(worst) <= 1)


def _lesion(scans: list[Scan], restored: list[tuple[Images, ...]]) -> Iterator[Line]:
    """Measure what of an inserted lesion comes back, and what shows up elsewhere."""
    contrasts, areas, elsewhere = [], [], []
    for scan, (first, _, with_lesion) in zip(scans, restored, strict=True):
        difference, k = with_lesion - first, len(first) // 2
        core = scan.lesion[k] > 0.95 * scan.contrast
        contrasts.append(100 * float(difference[k][core].mean() / scan.lesion[k][core].mean()))
        near = ndimage.binary_dilation(core, iterations=6)
        half = 0.5 * scan.contrast
        areas.append(100 * float((difference[k][near] > half).sum() / (scan.lesion[k] > half).sum()))
        far = ~ndimage.binary_dilation(scan.lesion.max(axis=0) > 0.01 * scan.contrast, iterations=8) & scan.mask[k]
        elsewhere.append(100 * float(np.percentile(np.abs(difference[k][far]), 99.9)) / scan.contrast)
    yield Line(
        "Inserted lesion, 4 noise deviations: contrast recovered",
        "≥ 90 %",
        _each(contrasts, ".0f", " %"),
        min(contrasts) >= 90,
    )
    yield Line(
        "Inserted lesion: area above half of the contrast",
        "90 to 110 %",
        _each(areas, ".0f", " %"),
        min(areas) >= 90 and max(areas) <= 110,
    )
    yield Line(
        "Inserted lesion: change elsewhere, 99.9th percentile",
        "< 5 % of its contrast",
        _each(elsewhere, ".1f", " %"),
        max(elsewhere) < 5,
    )


def _two_draws(scans: list[Scan], restored: list[tuple[Images, ...]]) -> Line:
    """Spots of two pixels' width that one draw of noise shows and the other does not, against those in the input."""
    shares = []
    for scan, (first, again, _) in zip(scans, restored, strict=True):
        spotty = [
            float(np.percentile(np.abs(ndimage.gaussian_filter(one - other, (0, 2, 2)))[scan.mask], 99.9))
            for one, other in ((first, again), (scan.noisy.values(), scan.again.values()))
        ]
        shares.append(100 * spotty[0] / spotty[1])
    return Line(
        "Two draws of noise: largest spot in only one of them (99.9th percentile)",
        "no larger than in the input",
        _each(shares, ".0f", " %"),
        max(shares) <= 100,
    )
