"""What goes into a bundle besides the weights: metadata that tell how the model was made, and nothing of a patient."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch  # noqa: TID253

import medae
from medae.networks import Network
from medae.training.cache import PHANTOM, Scan
from medae.training.recipe import Recipe

TASKS = {"denoise": "denoising", "anomaly": "anomaly detection", "reconstruct": "reconstruction"}
"""MONAI's ``task``."""
STOPPED = {"planned": "as planned", "early": "early: no better on the validation patients", "asked": "by the user"}


def facts(scans: Sequence[Scan], network: Network, recipe: Recipe, made: Mapping[str, object]) -> dict[str, object]:
    """Describe the training data by counts and hashes, and the run.

    Parameters
    ----------
    scans
        All that were used, on every side.
    network
        For its size.
    recipe
        For what it was meant to be.
    made
        Steps, seconds, device, precision, why it ended, scans that could not be read.
    """
    sides = {use: [scan for scan in scans if scan.use == use] for use in ("train", "validation", "held_out")}
    learnt = list({scan.digest: scan for scan in sides["train"]}.values())  # a scan may be seen from several sides
    return {
        "modality": recipe.modality,
        "scans": len(learnt),
        "scans_validation": len(sides["validation"]),
        "scans_held_out": len(sides["held_out"]),
        "patients": _patients(learnt),
        "patients_validation": _patients(sides["validation"]),
        "patients_held_out": _patients(sides["held_out"]),
        "phantoms": sum(scan.patient.startswith(PHANTOM) for scan in learnt),
        "slices": sum(len(scan.images) for scan in learnt),
        "spacing_mm": {
            axis: [round(min(s.spacing[n] for s in learnt), 3), round(max(s.spacing[n] for s in learnt), 3)]
            for n, axis in enumerate(("slice", "row", "column"))
        },
        "scan_sha256": sorted(scan.digest for scan in learnt),
        "parameters": sum(tensor.numel() for tensor in network.parameters()),
        **made,
    }


def _patients(scans: Sequence[Scan]) -> int:
    return len({scan.patient for scan in scans if not scan.patient.startswith(PHANTOM)})


def without_paths(recipe: Recipe) -> dict[str, Any]:
    """Give a recipe as JSON without the places and names of scans, which may tell of patients, and of other models."""
    kept = recipe.model_dump(mode="json", exclude={"data": {"__all__": {"path", "include", "hold_out"}}})
    return kept | {"start": recipe.start and Path(recipe.start).name}


def metadata(
    recipe: Recipe,
    network: Network,
    settings: Mapping[str, object],
    metrics: Mapping[str, object],
    described: Mapping[str, object],
) -> dict[str, Any]:
    """Metadata of a MONAI bundle, with MedAE's own part."""
    spatial = list(network.window) if network.window is not None else ["*"] * network.spatial_dims
    image = {"type": "image", "spatial_shape": spatial, "dtype": "float32", "format": "magnitude"}
    channels = 2 * network.middle + 1
    given = {**image, "num_channels": channels, "modality": recipe.modality, "is_patch_data": True}
    return {
        "schema": "https://github.com/Project-MONAI/MONAI-extra-test-data/releases/download/0.8.1/"
        "meta_schema_20240725.json",
        "version": recipe.version,
        "name": recipe.title,
        "description": recipe.description,
        "task": TASKS[recipe.task],
        "authors": "The MedAE authors",
        "license": recipe.licence,
        "copyright": "The MedAE authors",
        "intended_use": "Research use only, not for diagnosis",
        "monai_version": "1.6.1",
        "pytorch_version": torch.__version__.split("+")[0],
        "numpy_version": "2.0",
        "required_packages_version": {"medae": medae.__version__},
        "network_data_format": {
            "inputs": {"image": given},
            "outputs": {"pred": {**image, "num_channels": network.outputs, "is_patch_data": True}},
        },
        "metrics": dict(metrics),
        "training": dict(described),
        "medae": {
            "task": recipe.task,
            "family": recipe.family,
            "modalities": list(recipe.modalities),
            "settings": dict(settings),
            "recipe": without_paths(recipe),
        },
    }
