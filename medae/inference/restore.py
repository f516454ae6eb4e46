"""What an anomaly autoencoder takes a scan for: the same scan with usual anatomy."""

from functools import partial

import numpy as np
import torch  # noqa: TID253
from numpy.typing import NDArray
from torch import Tensor  # noqa: TID253

from medae.inference.device import Device
from medae.inference.prepare import neighbours
from medae.inference.tiles import Runner, torch_runner
from medae.inference.views import copied, frame_around, put_back
from medae.networks import Network
from medae.progress import Report, part

COARSE_MM = 12.0
"""Distance of the grid points that coarse noise is interpolated from."""
RIM_MM = 3.0
"""Rim of the body where no score can be trusted."""


def restore(
    network: Network,
    images: NDArray[np.float32],
    body: NDArray[np.bool_],
    pixel_spacing: float,
    device: Device,
    report: Report,
    runner: Runner | None = None,
    *,
    views: int = 1,
    draws: int = 1,
    coarse_noise: float = 0.0,
) -> NDArray[np.float32]:
    """Normal-looking version of standardised slices: the mean over some restorations.

    With coarse noise on the input, as in training (Kascenas et al., MIDL 2022), a network trusts less what it sees.

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
    views
        How many of `medae.inference.views.VIEWS` are averaged. With one the scan is taken as it lies on its grid, as it
        always is by networks of a fixed window, which are given it framed already.
    draws
        Restorations of each that are averaged.
    coarse_noise
        Standard deviation of the coarse noise of each, in standardised values; every second one is that of the one
        before, turned round.

    Returns
    -------
    NDArray
        (outputs, slices, rows, columns) float32: the restored scan and, where the network tells one, a map of lesions;
        the same for the same input.
    """
    runner = runner or torch_runner(network, device)
    once = partial(_restored, network, pixel_spacing, runner, draws=draws, coarse_noise=coarse_noise)
    if views == 1 or network.window is not None:
        return once(images, body, report)
    frame = frame_around(body, network.stride)
    mean = np.zeros((network.outputs, *images.shape), np.float32)
    for n in range(views):
        copy, inside = copied(frame, images, n), copied(frame, body, n)
        found = once(copy, inside, part(report, n / views, (n + 1) / views))
        mean += np.stack([put_back(frame, one, n, images.shape[1:]) for one in found]) / views
    return mean


def _restored(
    network: Network,
    pixel_spacing: float,
    runner: Runner,
    images: NDArray[np.float32],
    body: NDArray[np.bool_],
    report: Report,
    *,
    draws: int,
    coarse_noise: float,
) -> NDArray[np.float32]:
    """Restore slices as they lie on their grid."""
    shape = images.shape
    run = runner.whole
    generator = torch.Generator().manual_seed(0)
    cells = tuple(max(2, round(n * pixel_spacing / COARSE_MM)) for n in shape[1:])

    def corrupted(stack: Tensor, inside: Tensor, bumps: Tensor, draw: int) -> Tensor:
        if coarse_noise == 0:
            return stack
        sign = 1 if draw % 2 == 0 else -1
        return (stack + sign * coarse_noise * bumps * inside).clamp(min=0)

    def noise(count: int) -> Tensor:
        coarse = torch.randn((count, 1, *cells), generator=generator)
        return torch.nn.functional.interpolate(coarse, shape[1:], mode="bilinear")[:, 0]

    restored = np.zeros((network.outputs, *shape), np.float32)
    if network.spatial_dims == 3:
        volume, inside = torch.from_numpy(images), torch.from_numpy(body)
        bumps = noise(1)
        for draw in range(draws):
            report(draw / draws, "Restoring normal anatomy")
            bumps = noise(1) if draw % 2 == 0 else bumps
            told = _by_slices(part(report, draw / draws, (draw + 1) / draws), shape[0])
            restored += run(corrupted(volume, inside, bumps, draw)[None, None], told)[0].numpy() / draws
        return restored
    for k in range(shape[0]):
        if not body[k].any():
            continue
        stack = torch.from_numpy(images[neighbours(k, 2 * network.middle + 1, shape[0])])
        inside = torch.from_numpy(body[k : k + 1])
        bumps = noise(1)
        for draw in range(draws):
            report((k + draw / draws) / shape[0], f"Restoring normal anatomy, slice {k + 1} of {shape[0]}")
            bumps = noise(1) if draw % 2 == 0 else bumps
            restored[:, k] += run(corrupted(stack, inside, bumps, draw)[None])[0].numpy() / draws
    return restored


def _by_slices(report: Report, slices: int) -> Report:
    """Give a report that says how many of the slices are restored."""

    def told(fraction: float, _: str = "", /) -> None:
        report(fraction, f"Restoring normal anatomy, slice {round(fraction * slices)} of {slices}")

    return told


def inner_body(body: NDArray[np.bool_], spacing: tuple[float, float, float]) -> NDArray[np.bool_]:
    """Give the body mask without its outer `RIM_MM`; where the scan ends, the body is taken to go on."""
    from scipy import ndimage

    disc, line = np.zeros((3, 3, 3), bool), np.zeros((3, 1, 1), bool)
    disc[1] = ndimage.generate_binary_structure(2, 1)
    line[:] = True
    inner = ndimage.binary_erosion(body, disc, iterations=max(1, round(RIM_MM / spacing[2])), border_value=1)
    across = round(RIM_MM / spacing[0])
    return ndimage.binary_erosion(inner, line, iterations=across, border_value=1) if across else inner
