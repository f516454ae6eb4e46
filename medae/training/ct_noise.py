"""Noise of low-dose CT: quantum and electronic noise of the line integrals, reconstructed by itself.

Yu et al., "Development and validation of a practical lower-dose-simulation tool", J Comput Assist Tomogr 2012. Only
the noise is reconstructed, by filtered back-projection, and added to the image, so that the scan's own kernel is kept.
"""

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import torch  # noqa: TID253
from numpy.typing import NDArray
from torch import Tensor  # noqa: TID253

WATER_ATTENUATION = 0.0193
"""Linear attenuation of water at 70 keV in 1/mm (NIST XCOM)."""


def _line_integrals(attenuation: Tensor, angles: Tensor) -> Tensor:
    """Parallel-beam sums over rows of the rotated (N, N) image: (views, N), in the image's unit times pixels."""
    size = attenuation.shape[-1]
    image = attenuation[None, None]
    views = []
    for chunk in angles.split(32):
        cos, sin = chunk.cos(), chunk.sin()
        zero = torch.zeros_like(cos)
        theta = torch.stack([torch.stack([cos, -sin, zero], -1), torch.stack([sin, cos, zero], -1)], 1)
        grid = torch.nn.functional.affine_grid(theta, [len(chunk), 1, size, size], align_corners=False)
        turned = torch.nn.functional.grid_sample(image.expand(len(chunk), 1, size, size), grid, align_corners=False)
        views.append(turned.sum(dim=2)[:, 0])
    return torch.cat(views)


def _ramp(detectors: int, pitch: float) -> Tensor:
    """Ram-Lak filter in frequency space for ``2 × detectors`` samples (Kak & Slaney 1988, eq. 61)."""
    n = torch.arange(-detectors, detectors)
    taps = torch.where(
        n == 0,
        torch.tensor(0.25 / pitch**2),
        torch.where(n % 2 == 0, torch.tensor(0.0), -1.0 / (math.pi * n.clamp(min=1e-9).abs() * pitch) ** 2),
    )
    taps = torch.where((n < 0) & (n % 2 != 0), -1.0 / (math.pi * n * pitch) ** 2, taps)
    return torch.fft.rfft(torch.fft.ifftshift(taps.float())) * pitch


_FINE = 4
"""Samples per detector element of the interpolated projections."""


_VIEWS_AT_ONCE = 90
"""Views whose geometry is worked out together: 90 MB for 512² pixels."""


@lru_cache(maxsize=8)
def _places(size: int, views: int, first: int, last: int) -> Tensor:
    """Index of the sample that each pixel meets in views ``first`` to ``last`` of ``views``.

    (size², last - first) int32, into (last - first, `_FINE` · size).
    """
    axis = torch.arange(size, dtype=torch.float32) - (size - 1) / 2
    places = torch.empty(last - first, size * size, dtype=torch.int32)
    for row, view in enumerate(range(first, last)):
        angle = view * math.pi / views
        position = (axis[None, :] * math.cos(angle) + axis[:, None] * math.sin(angle)).reshape(-1) + (size - 1) / 2
        sample = (position.clamp_(0, size - 1) * _FINE).round_().clamp_(max=_FINE * size - 1)
        places[row] = sample.int() + row * _FINE * size
    return places.t().contiguous()


def _back_project(filtered: Tensor) -> Tensor:
    """Sum (draws, views, detectors) along lines into (draws, detectors, detectors).

    The projections are interpolated linearly to a quarter of a detector element first, so that a pixel takes the
    nearest sample; all draws are gathered at once.
    """
    if len(filtered) == 1:  # rows of a single number are gathered twenty times slower
        return _back_project(filtered.expand(2, -1, -1))[:1]
    draws, views, detectors = filtered.shape
    steps = torch.arange(_FINE) / _FINE
    beside = torch.cat([filtered[..., 1:], filtered[..., -1:]], -1)
    fine = torch.lerp(filtered[..., None], beside[..., None], steps).flatten(2)
    image = torch.zeros(detectors * detectors, draws)
    for first in range(0, views, _VIEWS_AT_ONCE):
        last = min(first + _VIEWS_AT_ONCE, views)
        table = fine[:, first:last].reshape(draws, -1).t().contiguous()
        image += torch.nn.functional.embedding_bag(_places(detectors, views, first, last), table, mode="sum")
    return image.t().reshape(draws, detectors, detectors) * (math.pi / views)


def ct_noise_images(
    hu: NDArray[np.float32],
    pixel_spacing: float,
    photons: float | Sequence[float],
    *,
    draws: int = 1,
    electronic: float = 10.0,
    views: int = 720,
    generator: torch.Generator | None = None,
) -> NDArray[np.float32]:
    """Noise that ``photons`` per ray would add to one CT slice, reconstructed with an unapodised ramp filter.

    Parameters
    ----------
    hu
        (rows, columns) noise-free slice in HU.
    pixel_spacing
        Millimetres per pixel.
    photons
        Incident photons per detector element and view, I₀; for all draws or one number for each.
    draws
        Independent noise images.
    electronic
        Variance of the electronic noise in photons² (Nₑ of Yu et al. 2012).
    views
        Parallel projections over 180°.
    generator
        Source of randomness.

    Returns
    -------
    NDArray
        (draws, rows, columns) float32 in HU, mean 0.
    """
    rows, columns = hu.shape
    size = max(rows, columns)
    square = np.full((size, size), -1000.0, np.float32)
    square[:rows, :columns] = hu
    attenuation = torch.from_numpy((np.clip(square, -1000, 3000) / 1000 + 1) * np.float32(WATER_ATTENUATION))
    angles = torch.arange(views) * (math.pi / views)
    half = torch.nn.functional.avg_pool2d(attenuation[None, None], 2, ceil_mode=True)[0, 0]
    coarse = _line_integrals(half, angles[::4]) * 2 * pixel_spacing
    path = torch.nn.functional.interpolate(coarse[None, None], (views, size), mode="bilinear")[0, 0]
    path = path.clamp(0, 12)
    inverse = path.exp() / torch.as_tensor(photons, dtype=torch.float32).expand(draws)[:, None, None]
    variance = inverse * (1 + electronic * inverse)
    noise = torch.randn((draws, *path.shape), generator=generator) * variance.sqrt()
    spectrum = torch.fft.rfft(noise, n=2 * size) * _ramp(size, pixel_spacing)
    filtered = torch.fft.irfft(spectrum, n=2 * size)[..., :size]
    image = _back_project(filtered) * (1000 / WATER_ATTENUATION)
    return image[:, :rows, :columns].contiguous().numpy()


def apodise(noise: Tensor, cutoff: float, boost: float = 0.0) -> Tensor:
    """Apply a reconstruction kernel to images: a Hann window, with higher frequencies enhanced (central slice theorem).

    Parameters
    ----------
    noise
        (…, H, W).
    cutoff
        Frequency at which the kernel reaches zero, in units of the Nyquist frequency.
    boost
        Enhancement at the Nyquist frequency, growing with the square of the frequency, as sharp kernels have it.
    """
    rows, columns = noise.shape[-2:]
    fy = torch.fft.fftfreq(rows)[:, None]
    fx = torch.fft.rfftfreq(columns)[None]
    frequency = torch.hypot(fy, fx) / 0.5
    hann = torch.where(frequency < cutoff, 0.5 + 0.5 * torch.cos(math.pi * frequency / cutoff), torch.zeros(()))
    return torch.fft.irfft2(torch.fft.rfft2(noise) * hann * (1 + boost * frequency**2), s=(rows, columns))


def ct_low_dose(
    hu: NDArray[np.float32],
    photons: float,
    spacing: tuple[float, float, float],
    seed: int = 0,
    *,
    cutoff: float = 1.0,
    views: int = 720,
) -> NDArray[np.float32]:
    """Add the noise of a low dose to CT slices, slice by slice.

    Parameters
    ----------
    hu
        (slices, rows, columns) float32 in HU.
    photons
        Incident photons per ray and view; 2·10⁵ is a mild, 2·10⁴ a strong dose reduction.
    spacing
        (slices, rows, columns) spacing in mm.
    seed
        Same seed, same noise.
    cutoff
        Cut-off of the Hann kernel in units of the Nyquist frequency.
    views
        Parallel projections over 180°.
    """
    generator = torch.Generator().manual_seed(seed)
    noisy = np.empty(hu.shape, np.float32)
    for k, image in enumerate(hu):
        noise = ct_noise_images(image, spacing[2], photons, views=views, generator=generator)
        noisy[k] = image + apodise(torch.from_numpy(noise), cutoff).numpy()[0]
    return noisy
