"""Checks of `benchmarks.denoising` beside the noise levels: sharp kernel, clean, noise-free and padded input, time."""

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import torch
from scipy import ndimage

import medae
from benchmarks.denoising_scans import (
    CT,
    CT_OFFSET,
    CT_RANGE,
    MR,
    PHOTONS,
    QUANTA,
    SIGMAS,
    XRAY,
    Case,
    body,
    ct_cases,
    middle,
    mr_cases,
    xray_cases,
)
from benchmarks.denoising_scores import PIXELS, models, part_of
from benchmarks.denoising_tables import ASKED, table, text, verdict
from benchmarks.peers import BM3D, Images, Told
from benchmarks.report import SHARED
from medae import bundle, phantom
from medae.inference.device import choose_device
from medae.inference.engines import choose_engine
from medae.inference.engines.choice import WORTH_MEASURING
from medae.inference.prepare import intensity_scale, neighbours, network_values
from medae.progress import silent
from medae.quality import measure
from medae.training.ct_noise import ct_low_dose
from medae.training.noise import rician
from medae.volume import Volume

SHARP, SMOOTH = "ct/lung-dx-a0001-sharp", "ct/lung-dx-a0001-smooth"
TIMED, REPEATS, GPU_SLICES = (CT[0], "mr/forrest-t1"), 3, 300
"""Scans that are timed, of so many slices that `medae.denoise` measures its engines, as it does for a series. The MR
one was learnt from, which takes no time away."""
PHANTOM_SEED = 4711
VIEW, BESIDE = 0.4, (2, 30)
"""Radius of the round field of view that is left of a scan, as a part of the body's height, and the pixels inside its
edge that are looked at."""


def sharp_lines() -> list[str]:
    """Denoise the sharp-kernel series and compare it with the smooth-kernel one of the same scan (trained on)."""
    if not models("CT"):
        return []
    sharp, smooth = middle(medae.open(SHARED / SHARP), 5), medae.open(SHARED / SMOOTH)
    first = round(float(smooth.to_index(sharp.origin)[0]))
    truth = part_of(sharp, smooth.values(first, first + len(sharp.array)))
    restored = medae.denoise(sharp)
    blurred = ndimage.gaussian_filter(truth.values(), (0, 1.5, 1.5))
    slope = np.stack([np.hypot(*np.gradient(image)) for image in blurred])
    inside = ndimage.binary_erosion(body(truth), np.ones((1, 9, 9), bool))
    flat = inside & (slope < np.percentile(slope[inside], 50))
    before, after = (rmse(volume.values(), truth.values(), flat) for volume in (sharp, restored))
    edges = {name: measure(truth, volume).edges for name, volume in (("sharp", sharp), ("denoised", restored))}
    widths = [f"{name} {edge.width_after_mm:.2f}" for name, edge in edges.items() if edge]
    kept = edges["denoised"]
    width = f"{', '.join(widths)}, smooth {kept.width_before_mm:.2f} mm" if kept else "no edges were measured"
    asked = "sharp series, denoised, moves toward the smooth one in flat tissue"
    met = kept.width_after_mm <= kept.width_before_mm if kept else None
    return [
        *ASKED,
        verdict(asked, f"RMSE {before:.1f} → {after:.1f} HU", after < before),
        verdict("and keeps its edges: none wider than in the smooth series", width, met),
    ]


def rmse(images: Images, truth: Images, mask: "np.ndarray[tuple[int, ...], np.dtype[np.bool_]]") -> float:
    """Root mean square error inside a mask, in the images' unit."""
    return float(np.sqrt(np.mean((images - truth)[mask] ** 2, dtype=np.float64)))


def clean_lines(quick: bool) -> list[str]:
    """Denoise scans as they are, and noise-free phantoms: hardly anything may change."""
    rows, verdicts = [["scan as it is", "its own noise", "change", "change / noise"]], list(ASKED)
    ratios = []
    for scan in [*MR, *CT][:: 3 if quick else 1]:
        volume = middle(medae.open(SHARED / scan, modality="MR" if scan in MR else None))
        if models(volume.modality):
            trust = measure(volume, medae.denoise(volume))
            ratio = trust.residual_std / trust.noise_before if trust.noise_before > 0 else None
            ratios.append(ratio)
            rows.append([scan, f"{trust.noise_before:.2f}", f"{trust.residual_std:.2f}", text(ratio)])
    known = [ratio for ratio in ratios if ratio is not None]
    asked = "nearly clean input: change < half of its own noise, every scan"
    verdicts.append(verdict(asked, f"largest {text(max(known, default=None))}", max(known) < 0.5 if known else None))
    for name, volume in _phantoms():
        if models(volume.modality):
            values, restored = volume.values(), medae.denoise(volume).values()
            part = rmse(restored, values, np.ones(values.shape, bool)) / float(np.ptp(values))
            asked = f"noise-free phantom, {name}: RMSE < 0.1 % of range"
            verdicts.append(verdict(asked, f"{100 * part:.3f} %", part < 0.001))
    return [*table(*rows), *verdicts]


def empty_lines(quick: bool) -> list[str]:
    """Leave out what lies around the middle of noisy scans: noise beside it has to be removed as it was before."""
    rows = [["scan", "noisy", "denoised, nothing left out", "denoised, around it left out", "ratio"]]
    ratios = []
    for case in _one_level(quick):
        if not models(case.modality):
            continue
        _, height, width = case.box
        frame = [(side.start + side.stop) / 2 for side in (height, width)]
        shape = case.noisy.shape[1:]
        away = np.hypot(*np.ogrid[-frame[0] : shape[0] - frame[0], -frame[1] : shape[1] - frame[1]])
        shown = away[: shape[0], : shape[1]] < VIEW * (height.stop - height.start)
        empty = np.float32(-2000 if case.modality == "CT" else 0)
        depth = ndimage.distance_transform_edt(shown)[height, width]
        beside = case.mask & (depth > BESIDE[0]) & (depth < BESIDE[1])
        cut = replace(case.noisy, array=np.where(shown, case.noisy.array, empty))
        errors = [
            rmse(images.values()[case.box], case.clean, beside)
            for images in (case.noisy, *map(medae.denoise, (case.noisy, cut)))
        ]
        ratios.append(errors[2] / errors[1])
        rows.append([f"{case.scan}, {case.level:g}", *map(text, errors), text(ratios[-1])])
    asked = "padded input: error beside what is empty ≤ 1.25 × that where nothing is, every scan"
    worst = max(ratios, default=None)
    return [*table(*rows), *ASKED, verdict(asked, f"largest {text(worst)}", None if worst is None else worst <= 1.25)]


def _one_level(quick: bool) -> Iterator[Case]:
    """Give the cases of all modalities at one level of noise."""
    few = slice(None, 1 if quick else None)
    yield from ct_cases(CT[few], PHOTONS[1:2])
    yield from mr_cases(MR[few], SIGMAS[1:2])
    yield from xray_cases(XRAY[few], QUANTA[1:2], ())


def _phantoms() -> Iterator[tuple[str, Volume]]:
    """Noise-free phantoms under a seed that no recipe uses, as float32."""
    drawn = {
        "CT chest": phantom.thorax((5, 384, 384), (20.0, 1.0, 1.0), seed=PHANTOM_SEED),
        "MR head, T1": phantom.head("T1", (5, 256, 208), (9.0, 0.9, 0.9), seed=PHANTOM_SEED),
        "radiograph, chest": phantom.radiograph("chest", (1, 512, 512), (1.0, 0.8, 0.8), seed=PHANTOM_SEED),
    }
    for name, made in drawn.items():
        yield name, part_of(made.volume, made.volume.values())


def time_lines() -> list[str]:
    """Time slices of CT and of MR end to end, the bare network and BM3D, in this process one after the other."""
    lines: list[str] = []
    for scan in TIMED:
        whole = medae.open(SHARED / scan)
        if models(modality := whole.modality):
            info = bundle.choose("denoise", modality)
            clean = middle(whole, math.ceil(WORTH_MEASURING / whole.array[0].size))
            lines += [*_time_lines(scan, clean, info), *(_gpu_lines(clean, info.name) if modality == "CT" else []), ""]
    return lines


def _time_lines(scan: str, clean: Volume, info: bundle.BundleInfo) -> list[str]:
    values, (offset, scale) = clean.values(), (0.0, intensity_scale(clean).scale)
    if clean.modality == "CT":
        noisy, (offset, scale) = ct_low_dose(values[:1], PHOTONS[1], clean.spacing, seed=7), (CT_OFFSET, CT_RANGE)
    else:
        noisy = rician(values[:1], 0.03 * scale, seed=7)
    noise = noisy - values[:1]
    volume = part_of(clean, values + noise)
    medae.denoise(volume, model=info.name)  # engine is measured, models are compiled and kept
    ours, result = _median_seconds(volume, info.name)
    bare, title = _bare_network(volume, info)
    made = result.provenance[-1]
    told = Told(float(noise.std()) / scale)
    clock = time.perf_counter()
    if BM3D.installed():
        BM3D.settings["σ"]((volume.values()[0] - np.float32(offset)) / np.float32(scale), told)
    peer = time.perf_counter() - clock if BM3D.installed() else None
    per_512 = volume.array[0].size / PIXELS
    ours, bare = ours / per_512, bare / per_512
    engine = made.notes.get("engine", "torch float32")
    lines = [
        f"{len(volume.array)} slices of {volume.shape[1]} × {volume.shape[2]} of {scan}; {info.name} by {engine} on "
        f"{made.device}; torch {torch.get_num_threads()} threads; median of {REPEATS} runs from array to array, the "
        f"model's loading included; bare network: {title}.",
        *ASKED,
        verdict("≤ 0.1 s per 512² slice end to end", f"{ours:.3f} s", ours <= 0.1),
        verdict("≤ 1.3 × the bare network's time", f"{ours / bare:.2f} × {bare:.3f} s", ours / bare <= 1.3),
    ]
    ratio = None if peer is None else peer / per_512 / ours
    measured = f"{text(ratio, '.0f')} × (BM3D {text(None if peer is None else peer / per_512)} s)"
    lines.append(verdict("≥ 60 × faster than BM3D", measured, None if ratio is None else ratio >= 60))
    return lines


def _median_seconds(volume: Volume, model: str) -> tuple[float, Volume]:
    """Seconds per slice from array to array, and the last result."""
    found = []
    for _ in range(REPEATS):
        clock = time.perf_counter()
        result = medae.denoise(volume, model=model)
        found.append((time.perf_counter() - clock) / len(volume.array))
    return float(np.median(found)), result


def _bare_network(volume: Volume, info: bundle.BundleInfo) -> tuple[float, str]:
    """Seconds per slice of the network alone, whole slices in the same engine, and the engine's name."""
    network = bundle.load_network(info)
    device = choose_device()
    engine, choice = choose_engine(
        network, device, volume.shape[-network.spatial_dims :], volume.array.size, silent, identity=info.sha256
    )
    values = network_values(volume, intensity_scale(volume))
    if network.spatial_dims == 3:
        inputs, count = [torch.from_numpy(values)[None, None]], len(values)
    else:
        channels = 2 * network.middle + 1
        stacks = (values[neighbours(k, channels, len(values))] for k in range(len(values)))
        inputs, count = [torch.from_numpy(np.ascontiguousarray(stack))[None] for stack in stacks], len(values)
    engine.run(inputs[0])
    found = []
    for _ in range(REPEATS):
        clock = time.perf_counter()
        for images in inputs:
            engine.run(images)
        found.append((time.perf_counter() - clock) / count)
    return float(np.median(found)), choice.title


def _gpu_lines(clean: Volume, model: str) -> list[str]:
    """Time 300 slices of 512² from array to array on a CUDA device, if there is one."""
    asked = f"GPU: {GPU_SLICES} × 512² CT from array to array ≤ 2 s"
    if not torch.cuda.is_available():
        return [verdict(asked, "not run: no CUDA device", None)]
    repeated = np.resize(clean.array, (GPU_SLICES, *clean.array.shape[1:]))
    volume = part_of(clean, repeated)
    medae.denoise(volume, model=model)
    clock = time.perf_counter()
    medae.denoise(volume, model=model)
    seconds = time.perf_counter() - clock
    return [verdict(asked, f"{seconds:.2f} s on {torch.cuda.get_device_name()}", seconds <= 2)]


def own_names() -> Sequence[str]:
    """Names of all shipped denoisers with their SHA-256, so that figures can be told apart."""
    shipped = [info for info in bundle.bundles() if info.shipped and info.task == "denoise"]
    return [f"{info.name} {info.version} ({info.sha256[:12]})" for info in shipped]
