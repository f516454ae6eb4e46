"""A complete recipe from a family and a folder: what the user has not said is told from the scans' headers."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from pydantic import ValidationError

from medae import bundle, runs
from medae.errors import SettingsError
from medae.families import FAMILIES, Family, Options, Task
from medae.readers import Scan
from medae.training.memory import sketch, training_mb
from medae.training.recipe import Recipe
from medae.training.scans import modality_of
from medae.volume import Source

Size = Literal["small", "medium", "large"]

SIZES: Mapping[str, Mapping[Size, Mapping[str, Any]]] = {
    "undercomplete": {
        "small": {"code_size": 32, "hidden": [256]},
        "medium": {"code_size": 64, "hidden": [512]},
        "large": {"code_size": 128, "hidden": [1024, 512]},
    },
    "sparse": {"small": {"code_size": 256}, "medium": {"code_size": 512}, "large": {"code_size": 1024}},
    "contractive": {"small": {"code_size": 64}, "medium": {"code_size": 128}, "large": {"code_size": 256}},
    "denoising": {
        "small": {"features": [16, 32, 64], "blocks": 1},
        "medium": {"features": [32, 64, 128], "blocks": 2},
        "large": {"features": [48, 96, 192], "blocks": 3},
    },
    "convolutional": {
        "small": {"features": [16, 32, 64], "latent_channels": 8, "blocks": 1},
        "medium": {"features": [32, 64, 128], "latent_channels": 16, "blocks": 2},
        "large": {"features": [48, 96, 192, 256], "latent_channels": 32, "blocks": 2},
    },
    "variational": {
        "small": {"latent_size": 32, "features": [16, 32, 64]},
        "medium": {"latent_size": 64, "features": [16, 32, 64, 128]},
        "large": {"latent_size": 128, "features": [32, 64, 128, 256]},
    },
}
"""Options of each family by size. "small" is for minutes on a laptop, "large" for a GPU."""


@dataclass(frozen=True, slots=True)
class _Scale:
    """What the size of a model means for its training: steps, steps per epoch, side of a patch and of whole slices."""

    steps: int
    steps_per_epoch: int
    patch: int
    slices: int
    batch_size: int


_SCALES: Mapping[Size, _Scale] = {
    "small": _Scale(steps=600, steps_per_epoch=50, patch=96, slices=64, batch_size=8),
    "medium": _Scale(steps=4000, steps_per_epoch=100, patch=128, slices=96, batch_size=16),
    "large": _Scale(steps=20000, steps_per_epoch=250, patch=128, slices=128, batch_size=16),
}
DEPTH = 32
"""Slices of a 3-D patch."""

SMALLEST_BATCH = 2


def checked_options(family: str, options: Mapping[str, Any]) -> tuple[Family, Options]:
    """Give a family and its options.

    Raises
    ------
    SettingsError
        If there is no such family, or an option is unknown or out of range.
    """
    if family not in FAMILIES:
        raise SettingsError(f"unknown family {family!r}; the families are {', '.join(FAMILIES)}")
    chosen = FAMILIES[family]
    try:
        return chosen, chosen.Options.model_validate(dict(options))
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        known = ", ".join(chosen.Options.model_fields)
        raise SettingsError(f"option {name!r} of family {family}: {first['msg']}; its options are {known}") from error


def recipe_for(
    family: str,
    scanned: Mapping[Path, Scan],
    *,
    task: Task | None = None,
    modality: str | None = None,
    size: Size = "small",
    name: str | None = None,
    options: Mapping[str, Any] | None = None,
    memory_mb: float = 4000,
) -> Recipe:
    """Make a recipe.

    Parameters
    ----------
    family
        Key of `medae.families.FAMILIES`.
    scanned
        What `medae.readers.scan` found in each folder of the data.
    task
        By default the family's first.
    modality
        DICOM Modality; by default the one of most slices.
    size
        Of the network, its patches and its training.
    name
        Of the model; by default made from family and modality, other than all models and runs that there are.
    options
        Options of the family; they go before those of ``size``.
    memory_mb
        Memory of the device: the batch takes at most half of it.

    Raises
    ------
    SettingsError
        If the family, the task or an option is unknown, or no file says its modality.
    """
    wanted = {**SIZES.get(family, {}).get(size, {}), **(options or {})}
    chosen, _ = checked_options(family, wanted)
    task = _task(family, task)
    wanted = {**_for_task(chosen, task, wanted), **wanted}
    _, checked = checked_options(family, wanted)
    found = [(source, modality_of(source, folder)) for folder, scan in scanned.items() for source in scan.sources]
    modality = modality or _modality([(source, kind) for source, kind in found if kind])
    sources = [source for source, kind in found if kind in (modality, "")]
    scale = _SCALES[size]
    place = _place(chosen, checked, sources, scale, common=task == "anomaly")
    patch = place["patch_size"]
    network = sketch(chosen.network_def(checked, patch))
    batch_size = scale.batch_size * (4 if place["whole_slices"] else 1)
    while batch_size > SMALLEST_BATCH and training_mb(network, batch_size, patch) > memory_mb / 2:
        batch_size //= 2
    return Recipe.made(
        {
            "name": name or _free_name(f"my-{family}-{modality.lower()}"),
            "title": f"{chosen.TITLE} autoencoder, {modality}",
            "description": f"{chosen.PURPOSE}.",
            "task": task,
            "modality": modality,
            "data": tuple({"path": folder} for folder in scanned),
            "family": family,
            "options": checked.model_dump(mode="json"),
            "validation": 0.1,
            "patience": 10,
            "steps": scale.steps,
            "steps_per_epoch": scale.steps_per_epoch,
            "batch_size": batch_size,
            **place,
        }
    )


def _task(family: str, task: Task | None) -> Task:
    tasks = FAMILIES[family].TASKS
    if task is not None and task not in tasks:
        raise SettingsError(f"family {family} cannot be trained to {task!r}; it can be for {', '.join(tasks)}")
    return task or tasks[0]


def _for_task(family: Family, task: Task, wanted: Mapping[str, object]) -> dict[str, object]:
    """Options that differ by task, as far as the family has them.

    Normal anatomy is learnt of one slice with a loss that forgives small errors; noise with the squared error, by
    which `medae.training.corruption` weighs its levels, and with maps of its level in slices.
    """
    chosen: dict[str, object] = {}
    if task == "anomaly":
        chosen = {"in_channels": 1, "epsilon": 0.3}
    elif task == "denoise":
        in_slices = wanted.get("spatial_dims", 2) == 2 and wanted.get("unshuffle", 2) == 2
        chosen = {"noise_maps": in_slices, "epsilon": 0.3}
    return {name: value for name, value in chosen.items() if name in family.Options.model_fields}


def _modality(found: Sequence[tuple[Source, str]]) -> str:
    """Give the modality of most slices."""
    known = get_args(Recipe.model_fields["modality"].annotation)
    slices: Counter[str] = Counter()
    for source, kind in found:
        slices[kind] += source.shape[0] if kind in known else 0
    if not slices.total():
        raise SettingsError("the files do not say of what modality they are; name it (--modality CT, MR or XR)")
    return slices.most_common(1)[0][0]


def _place(
    family: Family, options: Options, sources: Sequence[Source], scale: _Scale, *, common: bool
) -> dict[str, Any]:
    """Choose patch size, pixel spacing, and whether patches are whole slices.

    Networks of one fixed size see whole slices, shrunk so that the field of view fits; the others see patches that
    are multiples of their stride and no larger than most slices.
    """
    dims = options.spatial_dims
    network = sketch(family.network_def(options, (scale.slices,) * dims))
    if network.window is not None and dims == 2:
        view = _quantile([max(s.shape[1] * s.spacing[1], s.shape[2] * s.spacing[2]) for s in sources], 0.5, 240.0)
        spacing = round(max(view / scale.slices, 0.1), 2)
        return {"whole_slices": True, "pixel_spacing": spacing, "patch_size": (scale.slices, scale.slices)}
    spacing = round(max(_quantile([max(s.spacing[1:]) for s in sources], 0.5, 1.0), 0.1), 2)
    resampled = common or network.window is not None
    sides = [min(s.shape[1:]) * (max(s.spacing[1:]) / spacing if resampled else 1) for s in sources]
    side = min(scale.patch, int(_quantile(sides, 0.25, scale.patch)))
    step = max(network.stride, 8)
    patch = [max(side // step * step, step)] * 2
    if dims == 3:
        least = max(network.strides[0], 8)
        deep = [s.shape[0] for s in sources if s.shape[0] >= least]
        depth = min(DEPTH, int(_quantile(deep, 0.25, least)))
        patch = [max(depth // least * least, least), *(min(side, 64) for side in patch)]
    return {"whole_slices": False, "pixel_spacing": spacing if resampled else None, "patch_size": tuple(patch)}


def _quantile(values: Sequence[float], share: float, otherwise: float) -> float:
    return float(np.quantile(values, share)) if len(values) else otherwise


def _free_name(stem: str) -> str:
    """Give the first of ``stem``, ``stem-2``, … that no model and no run has."""
    taken = {info.name for info in bundle.bundles()} | {run.name for run in runs.runs()}
    number = 1
    name = stem
    while name in taken:
        number += 1
        name = f"{stem}-{number}"
    return name
