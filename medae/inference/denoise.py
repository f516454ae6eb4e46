"""Denoise a volume slice by slice with its neighbours, tiled with a halo, in the stored dtype."""

import time
from collections.abc import Callable
from datetime import datetime

import numpy as np
import torch  # noqa: TID253
from numpy.typing import NDArray

import medae
from medae import bundle
from medae.errors import SettingsError
from medae.inference.adapted import Adapted
from medae.inference.device import Device, channels_last, choose_device
from medae.inference.prepare import IntensityScale, intensity_scale, neighbours, network_values
from medae.inference.tiles import run_network
from medae.networks import Network
from medae.progress import Report, silent
from medae.provenance import Provenance
from medae.volume import Volume


def denoise(
    volume: Volume,
    model: str = "auto",
    strength: float = 1.0,
    device: str = "auto",
    report: Report = silent,
    *,
    first_slice: int = 0,
    out: "NDArray[np.generic] | None" = None,
    slice_done: Callable[[int], None] | None = None,
    adapted: Adapted | None = None,
) -> Volume:
    """Remove noise from a scan.

    Parameters
    ----------
    volume
        CT in HU, or MR magnitudes.
    model
        Name of a bundle, ``"auto"`` for the one that fits the modality, ``"none"`` to hand the scan through.
    strength
        0 (nothing) to 1 (all that the model would remove).
    device
        ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"cuda:N"``.
    report
        Progress; may raise `Cancelled` after each tile.
    first_slice
        Slice that is done first; the others follow outward.
    out
        Array of the volume's shape and dtype that is filled slice by slice.
    slice_done
        Called with the index of each slice after it stands in ``out``.
    adapted
        Network to use in the place of the bundle's own weights.

    Returns
    -------
    Volume
        Same grid, dtype, unit and rescale. Padding and values outside the scale keep their stored value.
        ``provenance`` tells the model, the device and why, the noise before and after, and how many values were
        clipped to the stored range.

    Raises
    ------
    ModelError, UnsupportedVolume, SettingsError
        If no model fits, the model is damaged, or an option makes no sense.
    Cancelled
        If ``report`` raised it.
    """
    if not 0.0 <= strength <= 1.0:
        raise SettingsError(f"strength must lie between 0 and 1, not {strength}")
    if out is None:
        out = np.empty_like(volume.array)
    started, clock = datetime.now().astimezone(), time.perf_counter()
    order = outward(first_slice, volume.shape[0])
    if model == bundle.NONE:
        _hand_through(volume, out, order, slice_done, report)
        used, name, version, sha256, clipped = Device("cpu", "nothing to compute"), bundle.NONE, "", "", 0
    else:
        info = bundle.choose("denoise", volume.modality) if model == "auto" else bundle.find(model)
        bundle.check_fits(info, "denoise", volume.modality)
        used = choose_device(device)
        report(0.0, f"Loading {info.title} on {used.describe()}")
        network = channels_last(bundle.load_network(info) if adapted is None else adapted.network, used)
        name, version, sha256 = info.name, info.version, info.sha256
        clipped = 0
        scale = intensity_scale(volume)
        restore = _restorer(volume, scale, network, used, report)
        for count, k in enumerate(order):
            report(count / len(order), f"Denoising slice {k + 1} of {volume.shape[0]}")
            clipped += _write_slice(volume, scale, *restore(k), k, strength, out)
            if slice_done is not None:
                slice_done(k)
    report(1.0, "Denoised")
    return volume.with_array(
        out,
        Provenance(
            task="denoise",
            bundle=name,
            version=version,
            sha256=sha256,
            options={"strength": strength} | ({} if adapted is None else {"adapted": adapted.describe()}),
            medae_version=medae.__version__,
            device=used.describe(),
            started=started,
            seconds=time.perf_counter() - clock,
            notes={"values_clipped": clipped} | ({} if adapted is None else {"adapted": adapted.notes}),
        ),
    )


def outward(first: int, count: int) -> list[int]:
    """All indices below ``count``, the nearest to ``first`` first."""
    first = min(max(first, 0), count - 1)
    return sorted(range(count), key=lambda k: (abs(k - first), k))


def _hand_through(
    volume: Volume,
    out: "NDArray[np.generic]",
    order: list[int],
    slice_done: Callable[[int], None] | None,
    report: Report,
) -> None:
    for count, k in enumerate(order):
        report(count / len(order))
        out[k] = volume.array[k]
        if slice_done is not None:
            slice_done(k)


_Restorer = Callable[[int], tuple[NDArray[np.float32], NDArray[np.float32]]]


def _restorer(volume: Volume, scale: IntensityScale, network: Network, device: Device, report: Report) -> _Restorer:
    """Give a function from a slice's index to its network values (rows, columns) before and after denoising.

    A 2-D network sees a slice with its neighbours when the slice is asked for, a 3-D one the volume at once.
    """
    slices = volume.shape[0]
    if network.spatial_dims == 3:
        report(0.0, "Denoising the volume")
        values = network_values(volume, scale)
        restored = run_network(network, torch.from_numpy(values)[None, None], device)[0, 0].numpy()
        return lambda k: (values[k], restored[k])
    channels = 2 * network.middle + 1

    def restore(k: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        stack = np.concatenate([network_values(volume, scale, n, n + 1) for n in neighbours(k, channels, slices)])
        return stack[network.middle], run_network(network, torch.from_numpy(stack)[None], device)[0, 0].numpy()

    return restore


def _write_slice(
    volume: Volume,
    scale: IntensityScale,
    before: NDArray[np.float32],
    after: NDArray[np.float32],
    k: int,
    strength: float,
    out: "NDArray[np.generic]",
) -> int:
    """Write denoised slice ``k`` into ``out[k]`` in stored values; give the number of values that were clipped."""
    values = volume.values(k, k + 1)
    seen = before > 0  # air below the scale, padding and NaN stay as they are
    change = np.where(seen, np.maximum(after, 0.0) - before, 0.0) * np.float32(strength * scale.scale)
    stored, clipped = volume.to_stored(values + change[None], k)
    untouched = ~seen[None]
    stored[untouched] = volume.array[k : k + 1][untouched]
    out[k] = stored[0]
    return clipped
