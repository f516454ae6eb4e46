"""Noise of MR scanners, and what all noise models share: smooth fields and blur.

A magnitude of one coil is Rician (Gudbjartsson & Patz, Magn Reson Med 1995), the root of the sum of squares of several
coils follows the non-central χ distribution (Constantinides et al., Magn Reson Med 1997). Parallel imaging makes the
noise level vary in space by the g-factor and raises it by the root of the acceleration (Pruessmann et al., Magn Reson
Med 1999); where the scanner interpolates by zero-filling, noise of neighbouring pixels is alike.
"""

import math
from collections.abc import Sequence

import numpy as np
import torch  # noqa: TID253
from numpy.typing import NDArray
from torch import Tensor  # noqa: TID253


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


def non_central_chi(values: Tensor, sigma: Tensor | float, coils: int, generator: torch.Generator) -> Tensor:
    """Root of the sum of squares of ``coils`` noisy coils (Constantinides et al. 1997, eq. 3); Rician for one.

    Parameters
    ----------
    values
        Noise-free magnitudes, any shape.
    sigma
        Standard deviation of each of the 2 · ``coils`` channels; may be a map that broadcasts against ``values``.
    coils
        Number of coils.
    generator
        Source of randomness.
    """
    squares = (torch.randn(values.shape, generator=generator) * sigma + values) ** 2
    for _ in range(2 * coils - 1):
        squares += (torch.randn(values.shape, generator=generator) * sigma) ** 2
    return squares.sqrt()


def zero_filled(shape: Sequence[int], share: float, generator: torch.Generator) -> Tensor:
    """White noise (…, H, W) of standard deviation 1 whose outer k-space is empty, as interpolation leaves it.

    Parameters
    ----------
    shape
        Of the noise.
    share
        Of the matrix that was acquired, along each of the last two axes.
    generator
        Source of randomness.
    """
    spectrum = torch.fft.fft2(torch.randn(tuple(shape), generator=generator))
    for axis, n in ((-2, shape[-2]), (-1, shape[-1])):
        acquired = torch.fft.fftfreq(n).abs() <= 0.5 * share
        spectrum = spectrum * (acquired[:, None] if axis == -2 else acquired)
    noise = torch.fft.ifft2(spectrum).real
    return noise / noise.std()


def g_factor_map(shape: Sequence[int], generator: torch.Generator) -> Tensor:
    """Relative noise level (1, 1, H, W) with a largest value of 1: a smooth g of 1 to 3 over its maximum."""
    gain = 1.0 + 2.0 * smooth_field(shape, 2, generator)
    return gain / gain.max()


def mr_noise(clean: Tensor, sigma: float, generator: torch.Generator) -> Tensor:
    """One random kind of MR noise on a patch: white, spatially varying, of several coils, or interpolated.

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
    if kind < 0.25:
        return rician_tensor(clean, sigma * g_factor_map(clean.shape[-2:], generator), generator)
    if kind < 0.3:
        return non_central_chi(clean, sigma, int(torch.randint(2, 9, (), generator=generator)), generator)
    if kind < 0.4:
        share = 0.5 + 0.4 * float(torch.rand((), generator=generator))
        real, imaginary = (zero_filled(clean.shape, share, generator) * sigma for _ in range(2))
        return torch.hypot(clean + real, imaginary)
    return rician_tensor(clean, sigma, generator)
