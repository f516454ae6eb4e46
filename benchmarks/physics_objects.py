"""Test objects of `benchmarks.physics`: a round body with rods, one with faint spots, and real scans with a lesion.

Objects are 256² pixels, blurred by 0.7 pixels as by a scanner. Each slice has its own noise: Rician for MR, that of a
low dose for CT, of quanta and electronics for radiographs.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import special

import medae
from benchmarks.denoising_scans import body, middle
from benchmarks.report import SHARED
from medae.quality.spectrum import steepness
from medae.training.ct_noise import apodise, ct_noise_images
from medae.training.noise import rician
from medae.training.xray_noise import Detector, detected
from medae.volume import HOUNSFIELD, Volume

Images = NDArray[np.float32]
Mask = NDArray[np.bool_]
Noise = Callable[[Images, int], Images]

SIZE, BODY_RADIUS, ROD_RADIUS, RING = 256, 118.0, 14.0, 80.0
BLUR = 0.7
SPOT, SPOT_STEP, SPOT_SLICES = 2.5, 24, 5
"""Standard deviation of a spot, distance of spots in pixels, slices from one layer of spots to the next."""
LESION_RADIUS, LESION_SIGMAS = 5.2, 4.0
"""Radius in pixels and contrast, in standard deviations of the noise, of the lesion that is put into real scans."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What is drawn for one modality; values in its unit.

    Attributes
    ----------
    modality, unit
        Of the volumes.
    outside, body
        Values of air around and of the body.
    inserts
        Four rods of known value, by name.
    high, low
        Contrast of the rods at whose edges sharpness is measured.
    spread
        Range of the values, for peak signal-to-noise ratios and relative bias.
    spot
        Height of the faint spots in standard deviations of the noise.
    add_noise
        (slices, rows, columns) and a seed to noisy slices.
    scans
        Held-out real scans.
    """

    modality: str
    unit: str
    outside: float
    body: float
    inserts: dict[str, float]
    high: float
    low: float
    spread: float
    spot: float
    add_noise: Noise
    scans: tuple[str, ...]

    def volume(self, values: Images) -> Volume:
        """Slices of this kind as a volume: 3 mm slices of 0.8 mm pixels."""
        return Volume(values, np.diag([3.0, 0.8, 0.8, 1.0]), self.modality, self.unit)


def _ct_noise(photons: float) -> Noise:
    """Noise of a low dose. Several slices are taken for alike: they share the projections of the first."""

    def add(values: Images, seed: int) -> Images:
        generator = torch.Generator().manual_seed(seed)
        noise = ct_noise_images(values[0], 0.8, photons, draws=len(values), views=360, generator=generator)
        return values + apodise(torch.from_numpy(noise), 0.9).numpy()

    return add


def _xray_noise(quanta: int, top: float) -> Noise:
    def add(values: Images, seed: int) -> Images:
        generator = torch.Generator().manual_seed(seed)
        signal = torch.from_numpy(np.maximum(values, 0) / np.float32(top))
        return detected(signal, Detector(1 / quanta, 0.01), generator).numpy() * np.float32(top)

    return add


MR_TOP = XRAY_TOP = 1000.0
LEVEL = 0.04
"""Of the MR noise, as a part of the range."""
KINDS = {
    "CT": Kind(
        *("CT", HOUNSFIELD, -1000.0, 50.0),
        {"air": -1000.0, "fat": -100.0, "muscle": 60.0, "bone": 700.0},
        *(500.0, 50.0, 2000.0, 0.6),
        _ct_noise(5e4),
        ("ct/acrin-flt-breast-001", "ct/ny-sbu-axial/A002304-19001231.dcm", "ct/ny-sbu-axial/A027284-19000925.dcm"),
    ),
    "MR": Kind(
        *("MR", "1", 0.0, 600.0),
        {"dark": 150.0, "dim": 350.0, "bright": 800.0, "brightest": 1000.0},
        *(-400.0, 60.0, MR_TOP, 0.4),
        lambda values, seed: rician(np.maximum(values, 0), LEVEL * MR_TOP, seed),
        ("mr/open-ms/patient12_study1_T2W.nii.gz", "mr/open-ms/patient12_study2_FLAIR.nii.gz", "mr/sag-anon"),
    ),
    "DX": Kind(
        *("DX", "1", 950.0, 600.0),
        {"dark": 150.0, "dim": 350.0, "bright": 800.0, "brightest": 1000.0},
        *(-400.0, 60.0, XRAY_TOP, 0.4),
        _xray_noise(500, XRAY_TOP),
        ("xr/nih-no-finding/00003137_001.png", "xr/nih-no-finding/00003259_001.png"),
    ),
}


def distances(row: float, column: float, radius: float) -> NDArray[np.float64]:
    """Signed distance (rows, columns) in pixels to the outline of a disc, positive inside."""
    axis = np.arange(SIZE)
    return radius - np.hypot(axis[:, None] - row, axis[None, :] - column)


def _disc(distance: NDArray[np.float64]) -> Images:
    return np.asarray(0.5 * (1 + special.erf(distance / (np.sqrt(2) * BLUR))), np.float32)


def rod_places() -> list[tuple[float, float]]:
    """Middles of the eight rods: four inserts, two of high contrast, two of low; off the pixel grid."""
    middle_pixel = (SIZE - 1) / 2 + 0.3
    angles = np.arange(8) * np.pi / 4 + 0.2
    return [(middle_pixel + RING * float(np.sin(a)), middle_pixel + RING * float(np.cos(a))) for a in angles]


def rods(kind: Kind) -> Images:
    """One noise-free slice (1, rows, columns) of the body with its rods."""
    image = kind.outside + (kind.body - kind.outside) * _disc(distances(127.5, 127.5, BODY_RADIUS))
    values = [*kind.inserts.values(), *(kind.body + c for c in (kind.high, kind.high, kind.low, kind.low))]
    for (row, column), value in zip(rod_places(), values, strict=True):
        image += (value - kind.body) * _disc(distances(row, column, ROD_RADIUS))
    return image[None].astype(np.float32)


def plain(kind: Kind) -> Images:
    """One noise-free slice (1, rows, columns) of the body without rods."""
    return (kind.outside + (kind.body - kind.outside) * _disc(distances(127.5, 127.5, BODY_RADIUS)))[None]


def spot_places() -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """First row and column of squares of `SPOT_STEP` pixels in the body, with and without a spot: a chessboard."""
    count = SIZE // SPOT_STEP
    inside = [
        (i, j)
        for i in range(count)
        for j in range(count)
        if np.hypot((i + 0.5) * SPOT_STEP - 127.5, (j + 0.5) * SPOT_STEP - 127.5) < BODY_RADIUS - SPOT_STEP
    ]
    return tuple([(i * SPOT_STEP, j * SPOT_STEP) for i, j in inside if (i + j) % 2 == odd] for odd in (0, 1))  # type: ignore[return-value]


def spots(layers: int, height: float) -> Images:
    """Spots to add to a body: (layers · `SPOT_SLICES`, rows, columns), each bright in one slice and less beside it."""
    axis = np.arange(SPOT_STEP) - (SPOT_STEP - 1) / 2
    blob = height * np.exp(-(axis[:, None] ** 2 + axis[None, :] ** 2) / (2 * SPOT**2))
    flat = np.zeros((SIZE, SIZE), np.float32)
    for row, column in spot_places()[0]:
        flat[row : row + SPOT_STEP, column : column + SPOT_STEP] = blob
    along = np.exp(-0.5 * (np.arange(SPOT_SLICES) - SPOT_SLICES // 2) ** 2)
    return np.tile(along, layers)[:, None, None].astype(np.float32) * flat


@dataclass(frozen=True, slots=True, eq=False)
class Scan:
    """A real scan with known noise, twice, and once with a lesion under the first noise.

    Attributes
    ----------
    name
        Path below the shared data.
    clean, noisy, again, with_lesion
        Volumes of the same slices.
    lesion
        (slices, rows, columns) what was added.
    contrast
        Of the lesion, in the volume's unit.
    mask
        The body, (slices, rows, columns).
    """

    name: str
    clean: Volume
    noisy: Volume
    again: Volume
    with_lesion: Volume
    lesion: Images
    contrast: float
    mask: Mask


def real_scan(kind: Kind, name: str, slices: int) -> Scan:
    """Read the middle slices of a held-out scan and add noise and a lesion where it is flattest."""
    volume = middle(medae.open(SHARED / name, modality=kind.modality), slices)
    if kind.modality == "DX":
        volume = _halved(volume)
    values = volume.values()
    top = float(np.percentile(values, 99.9)) if kind.modality != "CT" else kind.spread
    scale = np.float32(top / kind.spread)
    mask = body(volume)

    def noisy(clean: Images, seed: int) -> Images:
        return np.concatenate(
            [kind.add_noise(clean[k : k + 1] / scale, 100 * seed + k) * scale for k in range(len(clean))]
        )

    first = noisy(values, 1)
    spread = float((first - values)[mask].std())
    lesion = _lesion(values, mask, LESION_SIGMAS * spread)
    given = [first, noisy(values, 2), noisy(values + lesion, 1)]
    if kind.modality != "MR":  # the same noise under the lesion, which is too small to change it
        given[2] = first + lesion
    return Scan(
        name, volume, *(replace(volume, array=images) for images in given), lesion, LESION_SIGMAS * spread, mask
    )


def _halved(volume: Volume) -> Volume:
    """Average 2 × 2 pixels, so that the radiograph's own noise is lower."""
    values = volume.values()[:, : volume.shape[1] // 2 * 2, : volume.shape[2] // 2 * 2]
    halved = values.reshape(len(values), values.shape[1] // 2, 2, values.shape[2] // 2, 2).mean((2, 4))
    return Volume(halved.astype(np.float32), volume.affine, volume.modality, volume.unit)


def _lesion(values: Images, mask: Mask, contrast: float) -> Images:
    """Draw a ball of `LESION_RADIUS` pixels in the flattest place of the middle slice, at least 20 pixels inside."""
    from scipy import ndimage

    k = len(values) // 2
    deep = ndimage.distance_transform_edt(mask[k]) > 20
    rough = ndimage.uniform_filter(steepness(values[k : k + 1], 1.0)[0], 15)
    bright = ndimage.uniform_filter(values[k], 15)
    deep &= bright > np.median(values[k][mask[k]]) - 0.2 * np.ptp(np.percentile(values[k][mask[k]], (5, 95)))
    row, column = np.unravel_index(np.argmin(np.where(deep, rough, np.inf)), rough.shape)
    i, j = np.ogrid[: values.shape[1], : values.shape[2]]
    disc = _disc(LESION_RADIUS - np.hypot(i - row, j - column))
    along = np.exp(-0.5 * (np.arange(len(values)) - k) ** 2)
    return np.asarray(contrast * along[:, None, None] * disc, np.float32)
