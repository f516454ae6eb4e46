"""What an anomaly autoencoder changes in a scan, and how unusual that is.

The scan is restored from several copies with coarse noise, as in training (Kascenas et al., MIDL 2022, corrupt only
there): given the clean scan the network trusts what it sees and keeps lesions. The residual (scan minus mean restored
scan) is smoothed in three dimensions and divided by the spread that normal scans show at the same restored intensity
and gradient, so that edges, where every residual is large, do not light up.
"""

from collections.abc import Sequence
from typing import Self

import numpy as np
import torch  # noqa: TID253
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict
from torch import Tensor  # noqa: TID253

from medae.inference.device import Device
from medae.inference.prepare import neighbours
from medae.inference.tiles import Runner, torch_runner
from medae.networks import Network
from medae.progress import Report

SMOOTHING_MM = 1.8
"""Standard deviation of the Gaussian on the residual."""
DRAWS = 4
"""Restorations that are averaged, each from the scan with other coarse noise."""
COARSE_NOISE = 0.2
"""Standard deviation of the coarse noise, in standardised values."""
COARSE_MM = 12.0
"""Distance of the grid points that the coarse noise is interpolated from."""


class Calibration(BaseModel):
    """Residuals of normal scans: mean and spread by restored intensity and gradient.

    Attributes
    ----------
    intensity_edges, gradient_edges
        Inner bin edges, ascending; n edges make n + 1 bins.
    mean, spread
        (intensity bins, gradient bins) in network values.
    threshold
        z at which the calibration scans show at most five regions each, on average (at least 2.5).
    scans
        How many scans it was made from.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    intensity_edges: tuple[float, ...]
    gradient_edges: tuple[float, ...]
    mean: tuple[tuple[float, ...], ...]
    spread: tuple[tuple[float, ...], ...]
    threshold: float = 3.0
    scans: int = 0

    def z_scores(self, residual: NDArray[np.float32], restored: NDArray[np.float32]) -> NDArray[np.float32]:
        """Signed z-scores (slices, rows, columns) of smoothed residuals."""
        bins = self.bins(restored)
        mean = np.asarray(self.mean, np.float32).ravel()
        spread = np.asarray(self.spread, np.float32).ravel()
        return (residual - mean[bins]) / spread[bins]

    def bins(self, restored: NDArray[np.float32]) -> NDArray[np.intp]:
        """Flat bin index of each voxel."""
        across = len(self.gradient_edges) + 1
        intensity = np.digitize(restored, self.intensity_edges)
        return intensity * across + np.digitize(gradient(restored), self.gradient_edges)

    @classmethod
    def fit(
        cls,
        residuals: Sequence[NDArray[np.float32]],
        restored: Sequence[NDArray[np.float32]],
        masks: Sequence[NDArray[np.bool_]],
    ) -> Self:
        """Fit bins, means and spreads to the voxels inside the masks of normal scans.

        The spread is that of the central 98 %, so that a few odd voxels do not hide what is unusual.
        """
        inside = [(r[m], x[m], gradient(x)[m]) for r, x, m in zip(residuals, restored, masks, strict=True)]
        residual, intensity, slope = (np.concatenate(part) for part in zip(*inside, strict=True))
        intensity_edges = tuple(float(e) for e in np.unique(np.percentile(intensity, np.arange(10, 100, 10))))
        gradient_edges = tuple(float(e) for e in np.unique(np.percentile(slope, [25, 50, 75, 90, 97])))
        empty = cls(intensity_edges=intensity_edges, gradient_edges=gradient_edges, mean=(), spread=())
        shape = (len(intensity_edges) + 1, len(gradient_edges) + 1)
        flat = np.digitize(intensity, intensity_edges) * shape[1] + np.digitize(slope, gradient_edges)
        mean, spread = (
            np.zeros(shape[0] * shape[1]),
            np.full(shape[0] * shape[1], float(residual.std()) + 1e-6),
        )
        for index in range(mean.size):
            values = residual[flat == index]
            if values.size >= 50:
                low, high = np.percentile(values, [1, 99])
                kept = values[(values >= low) & (values <= high)]
                mean[index] = kept.mean()
                spread[index] = kept.std() / 0.94 + 1e-4  # a Gaussian cut to its central 98 % has 0.94 of its spread
        rows = [tuple(float(v) for v in row) for row in mean.reshape(shape)]
        spreads = [tuple(float(v) for v in row) for row in spread.reshape(shape)]
        return empty.model_copy(update={"mean": tuple(rows), "spread": tuple(spreads), "scans": len(residuals)})


def gradient(images: NDArray[np.float32]) -> NDArray[np.float32]:
    """Magnitude of the in-plane gradient of (slices, rows, columns), per pixel."""
    rows, columns = np.gradient(images, axis=(1, 2))
    return np.hypot(rows, columns).astype(np.float32)


def restore(
    network: Network,
    images: NDArray[np.float32],
    body: NDArray[np.bool_],
    pixel_spacing: float,
    device: Device,
    report: Report,
    runner: Runner | None = None,
) -> NDArray[np.float32]:
    """Normal-looking version of standardised slices: the mean over `DRAWS` restorations.

    Parameters
    ----------
    network
        An anomaly autoencoder.
    images, body
        (slices, rows, columns) standardised values, and where the patient is.
    pixel_spacing
        Millimetres per pixel.
    device, report
        Where to compute; told each slice, may raise `Cancelled`.
    runner
        What runs the network; torch by default.

    Returns
    -------
    NDArray
        (slices, rows, columns) float32; the same for the same input.
    """
    shape = images.shape
    run = (runner or torch_runner(network, device)).whole
    generator = torch.Generator().manual_seed(0)
    cells = tuple(max(2, round(n * pixel_spacing / COARSE_MM)) for n in shape[1:])

    def corrupted(stack: Tensor, inside: Tensor) -> Tensor:
        coarse = torch.randn((len(inside), 1, *cells), generator=generator)
        bumps = torch.nn.functional.interpolate(coarse, shape[1:], mode="bilinear")[:, 0]
        return (stack + COARSE_NOISE * bumps * inside).clamp(min=0)

    restored = np.zeros_like(images)
    if network.spatial_dims == 3:
        volume, inside = torch.from_numpy(images), torch.from_numpy(body)
        for draw in range(DRAWS):
            report(draw / DRAWS, "Restoring normal anatomy")
            block = corrupted(volume, inside)[None, None]
            restored += run(block)[0, 0].numpy() / DRAWS
        return restored
    for k in range(shape[0]):
        stack = torch.from_numpy(images[neighbours(k, 2 * network.middle + 1, shape[0])])
        inside = torch.from_numpy(body[k : k + 1])
        for draw in range(DRAWS):
            report((k + draw / DRAWS) / shape[0], f"Restoring normal anatomy, slice {k + 1} of {shape[0]}")
            restored[k] += run(corrupted(stack, inside)[None])[0, 0].numpy() / DRAWS
    return restored


def smoothed_residual(
    images: NDArray[np.float32],
    restored: NDArray[np.float32],
    body: NDArray[np.bool_],
    spacing: tuple[float, float, float],
) -> NDArray[np.float32]:
    """Signed residual, smoothed in millimetres with air left out (normalised convolution)."""
    from scipy import ndimage

    widths = tuple(SMOOTHING_MM / s for s in spacing)
    inside = body.astype(np.float32)
    residual = ndimage.gaussian_filter((images - restored) * inside, widths)
    share = ndimage.gaussian_filter(inside, widths)
    return np.where(body, residual / np.maximum(share, 1e-3), 0.0).astype(np.float32)


def inner_body(body: NDArray[np.bool_], pixel_spacing: float) -> NDArray[np.bool_]:
    """Body mask without its outer 3 mm, where no residual can be trusted."""
    from scipy import ndimage

    disc = ndimage.generate_binary_structure(2, 1)[None]
    return ndimage.binary_erosion(body, disc, iterations=max(1, round(3.0 / pixel_spacing)))
