"""Noise models: what a scanner adds, so that a network can learn to take it away.

Magnitude MR is Rician (Gudbjartsson & Patz, Magn Reson Med 1995), the noise level varies with the g-factor of
parallel imaging (Pruessmann et al. 1999) and is correlated when the scanner interpolates. Low-dose CT adds quantum
and electronic noise to the line integrals (Yu et al., J Comput Assist Tomogr 2012); only the noise is reconstructed,
by filtered back-projection, and added to the image, so that the scan's own kernel is kept.
"""

import math
from collections.abc import Sequence

import numpy as np
import torch  # noqa: TID253
from numpy.typing import NDArray
from torch import Tensor  # noqa: TID253

WATER_ATTENUATION = 0.0193
"""Linear attenuation of water at 70 keV in 1/mm (NIST XCOM)."""


def rician(values: NDArray[np.float32], sigma: float, seed: int = 0) -> NDArray[np.float32]:
    """Add Rician noise to noise-free magnitudes.

    Parameters
    ----------
    values
        Any shape, float32, non-negative magnitudes.
    sigma
        Standard deviation of the real and of the imaginary channel, in the unit of ``values``.
    seed
        Same seed, same noise.

    Returns
    -------
    NDArray
        sqrt((A + n₁)² + n₂²), float32, same shape.
    """
    generator = torch.Generator().manual_seed(seed)
    return rician_tensor(torch.from_numpy(np.ascontiguousarray(values, np.float32)), sigma, generator).numpy()


def rician_tensor(values: Tensor, sigma: Tensor | float, generator: torch.Generator) -> Tensor:
    """As `rician`, for tensors; ``sigma`` may be a map that broadcasts against ``values``."""
    real = torch.randn(values.shape, generator=generator) * sigma + values
    imaginary = torch.randn(values.shape, generator=generator) * sigma
    return torch.hypot(real, imaginary)


def gaussian_blur(images: Tensor, width: float) -> Tensor:
    """Blur (B, C, H, W) with a Gaussian of standard deviation ``width`` pixels, reflecting at the border."""
    radius = max(1, math.ceil(3 * width))
    x = torch.arange(-radius, radius + 1, dtype=images.dtype)
    kernel = torch.exp(-0.5 * (x / width) ** 2)
    kernel = kernel / kernel.sum()
    channels = images.shape[1]
    row = kernel.view(1, 1, 1, -1).expand(channels, 1, 1, -1)
    padded = torch.nn.functional.pad(images, (radius,) * 4, mode="reflect")
    blurred = torch.nn.functional.conv2d(padded, row, groups=channels)
    return torch.nn.functional.conv2d(blurred, row.transpose(2, 3), groups=channels)


def smooth_field(shape: Sequence[int], cells: int, generator: torch.Generator) -> Tensor:
    """Smooth random (1, 1, *shape) field in [0, 1] with about ``cells`` bumps per side; ``shape`` is (H, W)."""
    coarse = torch.rand(1, 1, cells + 3, cells + 3, generator=generator)
    return torch.nn.functional.interpolate(coarse, tuple(shape), mode="bicubic", align_corners=True).clamp(0, 1)


def mr_noise(clean: Tensor, sigma: float, generator: torch.Generator) -> Tensor:
    """One random kind of MR noise on a patch: white, spatially varying (g-factor 1–3) or interpolated.

    Parameters
    ----------
    clean
        (1, C, H, W) noise-free magnitudes, float32.
    sigma
        Largest local standard deviation of each complex channel, in the unit of ``clean``.
    generator
        Source of all randomness.
    """
    kind = float(torch.rand((), generator=generator))
    if kind < 0.3:
        gain = 1.0 + 2.0 * smooth_field(clean.shape[-2:], 2, generator)
        return rician_tensor(clean, sigma * gain / gain.max(), generator)
    if kind < 0.4:
        real, imaginary = torch.randn((2, *clean.shape), generator=generator)
        width = 0.4 + 0.3 * float(torch.rand((), generator=generator))
        real, imaginary = gaussian_blur(real, width), gaussian_blur(imaginary, width)
        scale = sigma / float(real.std())
        return torch.hypot(clean + scale * real, scale * imaginary)
    return rician_tensor(clean, sigma, generator)


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


def _back_project(filtered: Tensor, angles: Tensor, size: int) -> Tensor:
    """Sum (draws, views, detectors) along lines into (draws, size, size)."""
    draws, views, detectors = filtered.shape
    axis = torch.arange(size, dtype=torch.float32) - (size - 1) / 2
    image = torch.zeros(draws, size * size)
    for view in range(views):
        cos, sin = float(angles[view].cos()), float(angles[view].sin())
        position = (axis[None, :] * cos + axis[:, None] * sin).reshape(-1) + (detectors - 1) / 2
        position.clamp_(0, detectors - 1.001)
        left = position.floor().long()
        weight = position - left
        row = filtered[:, view]
        image += torch.lerp(row[:, left], row[:, left + 1], weight)
    return image.view(draws, size, size) * (math.pi / views)


def ct_noise_images(
    hu: NDArray[np.float32],
    pixel_spacing: float,
    photons: float,
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
        Incident photons per detector element and view, I₀.
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
    variance = path.exp() / photons * (1 + electronic * path.exp() / photons)
    noise = torch.randn((draws, *path.shape), generator=generator) * variance.sqrt()
    spectrum = torch.fft.rfft(noise, n=2 * size) * _ramp(size, pixel_spacing)
    filtered = torch.fft.irfft(spectrum, n=2 * size)[..., :size]
    image = _back_project(filtered, angles, size) * (1000 / WATER_ATTENUATION)
    return image[:, :rows, :columns].contiguous().numpy()


def apodise(noise: Tensor, cutoff: float) -> Tensor:
    """Apply a Hann kernel to images, as a reconstruction kernel would (central slice theorem).

    Parameters
    ----------
    noise
        (…, H, W).
    cutoff
        Frequency at which the kernel reaches zero, in units of the Nyquist frequency.
    """
    rows, columns = noise.shape[-2:]
    fy = torch.fft.fftfreq(rows)[:, None]
    fx = torch.fft.rfftfreq(columns)[None]
    frequency = torch.hypot(fy, fx) / 0.5
    window = torch.where(frequency < cutoff, 0.5 + 0.5 * torch.cos(math.pi * frequency / cutoff), torch.zeros(()))
    return torch.fft.irfft2(torch.fft.rfft2(noise) * window, s=(rows, columns))


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
