"""How fast a training would be: a few real steps on a real scan, and nothing kept."""

import time
from dataclasses import dataclass, replace

import numpy as np
import torch  # noqa: TID253

from medae import bundle
from medae.inference.device import Device
from medae.progress import Report, part, silent
from medae.training.cache import Scan, load, with_ct_noise
from medae.training.defaults import checked_options
from medae.training.fabric import launched
from medae.training.patches import Patches, batches
from medae.training.recipe import Recipe
from medae.training.scans import Found
from medae.training.trainer import Trainer, deterministic

WARM_UP = 2
STEPS = 5
"""Steps that are timed, after `WARM_UP` that are not."""

SLICES = 8
"""Of the scan that is read, at least; and for how many of them CT noise is simulated, which takes long."""


@dataclass(frozen=True, slots=True)
class Pace:
    """What was measured.

    Attributes
    ----------
    seconds_per_step
        Median over the timed steps, with drawing the batch.
    seconds_per_slice
        Reading and preparing.
    peak_mb
        Most memory that the device held; None on the CPU, where it cannot be told apart.
    """

    seconds_per_step: float
    seconds_per_slice: float
    peak_mb: float | None


def measure(recipe: Recipe, found: Found, device: Device, report: Report = silent) -> Pace:
    """Do a few steps of a training on one of its scans.

    Parameters
    ----------
    recipe
        What to train on what.
    found
        Its scans, one of which is read. Phantoms are made where there is none.
    device
        What computes.
    report
        Progress and cancellation.
    """
    family, options = checked_options(recipe.family, recipe.options)
    scans, seconds_per_slice = _read(recipe, found, options.spatial_dims, part(report, 0.0, 0.6))
    network = bundle.build_network(family.network_def(options, recipe.patch(options.spatial_dims)))
    shape = (2 * network.middle + 1, network.spatial_dims)
    trainer = Trainer(launched(recipe, device), network, family, options, recipe, device)
    patches = Patches(scans, recipe, shape)
    if device.name != "cpu":
        torch.cuda.reset_peak_memory_stats(device.name)
    ends = []
    with deterministic():
        for step, batch in enumerate(batches(patches, 0, WARM_UP + STEPS, recipe.batch_size)):
            report(0.6 + 0.4 * step / (WARM_UP + STEPS), f"Timing a step: {step + 1} of {WARM_UP + STEPS}")
            trainer.step(step, batch)
            ends.append(time.perf_counter())
    peak_mb = None if device.name == "cpu" else torch.cuda.max_memory_allocated(device.name) / 1e6
    durations = np.diff(ends)[WARM_UP - 1 :]
    return Pace(float(np.median(durations)), seconds_per_slice, peak_mb)


def _read(recipe: Recipe, found: Found, dims: int, report: Report) -> tuple[list[Scan], float]:
    """Read one scan to learn from, a small one; give it, and the seconds that a slice took."""
    training = sorted(found.used("train"), key=lambda scan: scan.source.shape[0])
    whole = [scan for scan in training if scan.source.shape[0] >= SLICES]
    chosen = (whole or training[::-1])[:1]
    alone = recipe.model_copy(update={"phantoms": recipe.phantoms[:1] if not chosen else ()})
    started = time.perf_counter()
    scans = load(alone, report, Found(tuple(chosen), ())).used("train")[:1]
    seconds = (time.perf_counter() - started) / len(scans[0].images)
    if recipe.task == "denoise" and recipe.modality == "CT":
        scans = [_cut(scans[0], recipe.patch(dims)[0] if dims == 3 else SLICES)]
        started = time.perf_counter()
        scans = with_ct_noise(scans, recipe.seed)
        seconds += (time.perf_counter() - started) / len(scans[0].images)
    return scans, seconds


def _cut(scan: Scan, slices: int) -> Scan:
    first = max(0, (len(scan.images) - slices) // 2)
    kept = slice(first, first + slices)
    return replace(scan, images=scan.images[kept], trusted=scan.trusted[kept], body=scan.body[kept])
