"""Denoise a volume slice by slice with its neighbours, tiled with a halo, in the stored dtype."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

import numpy as np
import torch  # noqa: TID253
from numpy.typing import NDArray

import medae
from medae import bundle
from medae.errors import SettingsError
from medae.inference.adapted import Adapted
from medae.inference.caution import removed_share
from medae.inference.device import Device, choose_device
from medae.inference.domain import outside_domain
from medae.inference.engines import choose_engine
from medae.inference.local_means import hold_local_means
from medae.inference.prepare import intensity_scale, network_values, refuse_colour
from medae.inference.streaming import SliceStacks, StoredOutput, cut, stacked
from medae.inference.tiles import Runner
from medae.networks import Network
from medae.progress import Report, part, silent
from medae.provenance import Provenance
from medae.quality.noise import estimate_on
from medae.quality.sample import denoised_slices, take_sample
from medae.volume import Volume

NOISE_SIDE = 384
"""Pixels; side of the square in the middle of a slice that noise is estimated on."""
SLICES_PER_PAIR = 75
"""For so many slices of a volume one pair of neighbours is looked at."""


@dataclass(slots=True)
class _Done:
    """What the record tells about a denoising."""

    bundle: str
    device: str
    version: str = ""
    sha256: str = ""
    notes: dict[str, object] = field(default_factory=lambda: {"values_clipped": 0})


@dataclass(frozen=True, slots=True)
class _Work:
    """What is to be denoised, and whom to tell."""

    volume: Volume
    out: "NDArray[np.generic]"
    strength: float
    first_slice: int
    report: Report
    slice_done: Callable[[int], None]


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
        0 (nothing) to 1 (all that may be removed at the scan's noise level).
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
        Same grid, dtype, unit and rescale. Padding, what the scan is filled with (`medae.quality.fill`) and values
        outside the scale keep their stored value; slices of CT and radiographs keep their local means
        (`medae.inference.local_means`).
        ``provenance`` tells the model, the device and why; its notes: ``values_clipped`` to the stored range,
        ``noise_before`` and ``noise_after`` (standard deviation, in the volume's unit), ``removed_share`` (how much of
        what the network sees as noise was removed, see `medae.inference.caution`), ``engine`` and what was
        measured of it, ``domain`` (sentences, where the scan is unlike those that the model has seen), ``memory``
        (sentences, where it did not suffice for the planned tiles), ``adapted``.

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
    work = _Work(volume, out, strength, first_slice, report, slice_done or (lambda _: None))
    if model == bundle.NONE:
        done = _hand_through(work)
    else:
        info = bundle.choose("denoise", volume.modality) if model == "auto" else bundle.find(model)
        bundle.check_fits(info, "denoise", volume.modality)
        refuse_colour(volume)
        done = _denoise(work, info, choose_device(device), adapted)
    report(1.0, "Denoised")
    return volume.with_array(
        out,
        Provenance(
            task="denoise",
            bundle=done.bundle,
            version=done.version,
            sha256=done.sha256,
            options={"strength": strength} | ({} if adapted is None else {"adapted": adapted.describe()}),
            medae_version=medae.__version__,
            device=done.device,
            started=started,
            seconds=time.perf_counter() - clock,
            notes=done.notes | ({} if adapted is None else {"adapted": adapted.notes}),
        ),
    )


def outward(first: int, count: int) -> list[int]:
    """All indices below ``count``, the nearest to ``first`` first."""
    first = min(max(first, 0), count - 1)
    return sorted(range(count), key=lambda k: (abs(k - first), k))


def _hand_through(work: _Work) -> _Done:
    slices = work.volume.shape[0]
    for count, k in enumerate(outward(work.first_slice, slices)):
        work.report(count / slices)
        work.out[k] = work.volume.array[k]
        work.slice_done(k)
    return _Done(bundle.NONE, Device("cpu", "nothing to compute").describe())


def _denoise(work: _Work, info: bundle.BundleInfo, device: Device, adapted: Adapted | None) -> _Done:
    """Fill ``work.out``; the engine is chosen for the tiles that will be asked for."""
    volume, report = work.volume, work.report
    report(0.0, f"Loading {info.title} on {device.describe()}")
    if adapted is not None and not adapted.is_kept:
        adapted = None
    network = bundle.load_network(info) if adapted is None else adapted.network
    shape = volume.shape[-network.spatial_dims :]
    identity = info.sha256 if adapted is None else ""
    engine, choice = choose_engine(network, device, shape, volume.array.size, report, identity=identity)
    runner = Runner(network, engine, device)
    scale = intensity_scale(volume)
    middle, share = _middle(volume), 1.0
    sample = take_sample(volume, slices=max(2, min(volume.shape[0] // SLICES_PER_PAIR * 2, 8)), plane=middle)
    before = estimate_on(sample, sample.before)[0].sigma
    if adapted is None and "own_noise" in info.settings:
        share = removed_share(before / scale.scale, float(info.settings["own_noise"]))
    output = StoredOutput(volume, scale, work.strength * share, work.out)
    run = _run_volume if network.spatial_dims == 3 else _run_slices
    run(work, network, runner, output)
    notes: dict[str, object] = {"values_clipped": output.clipped, "removed_share": round(share, 3), **choice.notes()}
    if before > 0:
        after = denoised_slices(sample, cut(volume.with_array(work.out), (slice(None), *middle)))
        notes |= {"noise_before": before, "noise_after": estimate_on(sample, after)[0].sigma}
    notes |= {"domain": sentences} if (sentences := outside_domain(volume, info)) else {}
    notes |= {"memory": runner.notes} if runner.notes else {}
    return _Done(info.name, runner.device.describe(runner.engine.title), info.version, info.sha256, notes)


def _run_slices(work: _Work, network: Network, runner: Runner, output: StoredOutput) -> None:
    """Run a network that sees a slice with its neighbours, the slice that is wanted first."""
    slices = work.volume.shape[0]
    stacks = SliceStacks(work.volume, output.scale, 2 * network.middle + 1)
    for count, k in enumerate(outward(work.first_slice, slices)):
        told = part(work.report, count / slices, (count + 1) / slices)
        told(0.0, f"Denoising slice {k + 1} of {slices}")
        runner.report = told
        stack = stacks.stack(k)
        seen, restored = stack[network.middle], np.empty(work.volume.shape[1:], np.float32)
        for box, piece in runner.parts(restored.shape, partial(stacked, stack)):
            restored[box] = piece[0, 0].numpy()
        held = hold_local_means(seen, restored, work.volume.modality)
        output.write((slice(k, k + 1), slice(None), slice(None)), seen[None], held[None])
        work.slice_done(k)


def _run_volume(work: _Work, network: Network, runner: Runner, output: StoredOutput) -> None:
    """Run a network that sees blocks of the volume; slices are done when all blocks that they cross are."""

    def read(box: tuple[slice, ...]) -> torch.Tensor:
        return torch.from_numpy(network_values(cut(work.volume, box), output.scale))[None, None]

    slices, done = work.volume.shape[0], 0
    runner.report = work.report
    for box, restored in runner.parts(work.volume.shape, read):
        for k in range(done, box[0].start):
            work.slice_done(k)
        done = max(done, box[0].start)
        output.write(box, read(box)[0, 0].numpy(), restored[0, 0].numpy())
        runner.report = part(work.report, box[0].start / slices, 1.0)
        runner.report(0.0, "Denoising the volume")
    for k in range(done, slices):
        work.slice_done(k)


def _middle(volume: Volume) -> tuple[slice, slice]:
    """Give the rows and columns that noise is estimated on.

    Only the middle of a few slices is looked at, so that it takes no more than a few percent of the time; the trust
    report measures more.
    """
    rows, columns = (slice(max(0, (n - NOISE_SIDE) // 2), (n + NOISE_SIDE) // 2) for n in volume.shape[1:])
    return rows, columns
