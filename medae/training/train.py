"""The training loop: scans in, a bundle out."""

import copy
import math
import time
from collections.abc import Sequence
from pathlib import Path

import torch  # noqa: TID253
from torch import nn  # noqa: TID253

import medae
from medae import bundle
from medae.errors import SettingsError
from medae.families import FAMILIES, Options
from medae.inference.device import Device, channels_last, choose_device
from medae.networks import Network, parameter_count
from medae.progress import Report, part, silent
from medae.training.calibrate import calibrate
from medae.training.evaluate import evaluate_denoising
from medae.training.model_card import model_card
from medae.training.recipe import Recipe
from medae.training.samples import AnomalySamples, DenoisingSamples, Samples, Scan, load, with_ct_noise


def train(
    recipe: Recipe, report: Report = silent, *, out: Path | None = None, device: str = "auto", resume: bool = False
) -> Path:
    """Train a model and write it as a bundle.

    Parameters
    ----------
    recipe
        What to train on what.
    report
        Progress; may raise `Cancelled` after each step, in which case nothing is written.
    out
        Folder of bundles; the user's own models by default.
    device
        ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"cuda:N"``.

    Returns
    -------
    Path
        The bundle folder.

    Raises
    ------
    SettingsError
        If the family or its options are unknown, or no scan is found.
    """
    if recipe.family not in FAMILIES:
        raise SettingsError(f"unknown family {recipe.family!r}; the families are {', '.join(FAMILIES)}")
    family = FAMILIES[recipe.family]
    options = family.Options.model_validate(recipe.options)
    used = choose_device(device)
    torch.manual_seed(recipe.seed)
    scans = load(recipe, part(report, 0.0, 0.05))
    definition = family.network_def(options, recipe.patch(options.spatial_dims))
    network = bundle.build_network(definition)
    training = [scan for scan in scans if not scan.held_out]
    samples = _samples(training, recipe, 2 * network.middle + 1, part(report, 0.05, 0.15))
    started = time.perf_counter()
    averaged = _fit(network, samples, recipe, options, used, part(report, 0.15, 0.9))
    seconds = time.perf_counter() - started
    held_out = [scan for scan in scans if scan.held_out]
    judge = part(report, 0.9, 1.0)
    settings: dict[str, object] = {}
    if recipe.task == "denoise":
        metrics = evaluate_denoising(averaged, held_out, recipe, used, judge)
    else:
        settings["pixel_spacing"] = recipe.pixel_spacing
        settings["calibration"], metrics = calibrate(averaged, held_out or training, used, judge)
    facts: dict[str, object] = {
        "scans": len(training),
        "scans_held_out": len(held_out),
        "slices": sum(len(scan.images) for scan in training),
        "scan_sha256": sorted(scan.digest for scan in training),
        "steps": recipe.steps,
        "seconds": round(seconds),
        "device": used.describe(),
        "parameters": parameter_count(network),
    }
    metadata = _metadata(recipe, settings, metrics, facts)
    card = model_card(recipe, metrics, facts)
    folder = (out or bundle.user_models_folder()) / recipe.name
    return bundle.write(
        folder, averaged.state_dict(), family.network_def(options, recipe.patch(options.spatial_dims)), metadata, card
    ).folder


def _samples(scans: Sequence[Scan], recipe: Recipe, channels: int, report: Report) -> Samples:
    if recipe.task == "anomaly":
        return AnomalySamples(scans, recipe, channels)
    if recipe.modality == "CT":
        scans = with_ct_noise(scans, recipe.seed, report=report)
    return DenoisingSamples(scans, recipe, channels)


def _fit(
    network: Network, samples: Samples, recipe: Recipe, options: Options, device: Device, report: Report
) -> Network:
    """Minimise the family's loss; give the exponential moving average of the network."""
    family = FAMILIES[recipe.family]
    channels_last(network, device).train()
    averaged = copy.deepcopy(network).eval().requires_grad_(False)
    optimiser = torch.optim.AdamW(network.parameters(), lr=recipe.learning_rate, weight_decay=1e-4)
    smooth_loss = 0.0
    kind = device.name.split(":")[0]
    for step in range(recipe.steps):
        rate = _learning_rate(recipe, step)
        for group in optimiser.param_groups:
            group["lr"] = rate
        batch = samples.batch()
        for key in ("input", "target", "weight"):
            batch[key] = batch[key].to(device.name, memory_format=torch.channels_last)
        with torch.autocast(kind, torch.bfloat16):
            terms = family.loss(network, batch, options)
        total = torch.stack(list(terms.values())).sum()
        optimiser.zero_grad(set_to_none=True)
        total.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        decay = min(recipe.average, (1 + step) / (10 + step))
        with torch.no_grad():
            for mean, now in zip(averaged.parameters(), network.parameters(), strict=True):
                mean.lerp_(now, 1 - decay)
        smooth_loss = total.item() if step == 0 else 0.98 * smooth_loss + 0.02 * total.item()
        report((step + 1) / recipe.steps, f"Step {step + 1} of {recipe.steps}, loss {smooth_loss:.5f}")
    return averaged


def _learning_rate(recipe: Recipe, step: int) -> float:
    """Warm up over 100 steps, then one cosine down to a thousandth."""
    warm = min(1.0, (step + 1) / 100)
    return recipe.learning_rate * warm * (0.0005 + 0.4995 * (1 + math.cos(math.pi * step / recipe.steps)))


def _metadata(
    recipe: Recipe, settings: dict[str, object], metrics: dict[str, object], facts: dict[str, object]
) -> dict[str, object]:
    """Metadata of a MONAI bundle, with MedAE's own part."""
    plane = {"type": "image", "num_channels": 1, "spatial_shape": ["*", "*"], "dtype": "float32"}
    return {
        "schema": "https://github.com/Project-MONAI/MONAI-extra-test-data/releases/download/0.8.1/"
        "meta_schema_20240725.json",
        "version": recipe.version,
        "name": recipe.title,
        "description": recipe.description,
        "task": "denoising" if recipe.task == "denoise" else "anomaly detection",
        "authors": "The MedAE authors",
        "license": recipe.licence,
        "copyright": "The MedAE authors",
        "intended_use": "Research use only, not for diagnosis",
        "monai_version": "1.6.1",
        "pytorch_version": torch.__version__.split("+")[0],
        "numpy_version": "2.0",
        "required_packages_version": {"medae": medae.__version__},
        "network_data_format": {
            "inputs": {"image": {**plane, "format": "magnitude", "modality": recipe.modality, "is_patch_data": True}},
            "outputs": {"pred": {**plane, "format": "magnitude", "is_patch_data": True}},
        },
        "metrics": metrics,
        "training": facts,
        "medae": {
            "task": recipe.task,
            "family": recipe.family,
            "modalities": [recipe.modality],
            "settings": settings,
            "recipe": recipe.model_dump(mode="json"),
        },
    }
