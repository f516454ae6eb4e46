"""What a training would use and need: scans and their use, memory, and the time measured on a few steps."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from medae.errors import SettingsError
from medae.families import Task
from medae.inference.device import Device, choose_device
from medae.networks import parameter_count
from medae.progress import Report, part, silent
from medae.training import memory, pace
from medae.training.defaults import Size, checked_options, recipe_for
from medae.training.recipe import Recipe
from medae.training.scans import Found, FoundScan, Use, find, scan_folders

FEW_SLICES = 50
"""Below so many slices to learn from, a model learns them by heart."""


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True)


class PlannedScan(_Answer):
    """One scan: `medae.training.scans.FoundScan` for people.

    Attributes
    ----------
    name
        Path below the chosen folder.
    patient
        Number of the patient in this plan, from 1; those that are used come first.
    """

    name: str
    patient: int
    modality: str
    shape: tuple[int, int, int]
    spacing: tuple[float, float, float]
    use: Use
    reason: str
    warnings: tuple[str, ...] = ()


class SkippedFile(_Answer):
    """A file that is no readable image."""

    path: Path
    reason: str


class Count(_Answer):
    """How much there is."""

    patients: int = 0
    scans: int = 0
    slices: int = 0


class Plan(_Answer):
    """What a training would use and need.

    Attributes
    ----------
    recipe
        Complete, as a `TrainJob` takes it.
    problem
        Why it cannot be trained; empty if it can.
    scans, skipped
        All that lies in the folders.
    counts
        By use: ``"train"``, ``"validation"``, ``"held_out"``, ``"not_used"``.
    modalities
        All that was found, by modality.
    samples
        Patches seen in all: steps × batch size.
    parameters
        Trainable numbers of the network.
    memory_mb, memory_how
        Of one training step, and how it was told.
    device
        What will compute, and why.
    seconds_per_step
        Measured on this device with these scans; None where it was not.
    preparation_seconds, seconds
        Estimates from what was measured: of reading and preparing all scans, and of all together.
    warnings
        Sentences that the user should read first.
    """

    recipe: Recipe
    problem: str = ""
    scans: tuple[PlannedScan, ...] = ()
    skipped: tuple[SkippedFile, ...] = ()
    counts: dict[Use, Count]
    modalities: dict[str, Count]
    samples: int
    parameters: int
    memory_mb: float
    memory_how: str
    device: str
    seconds_per_step: float | None = None
    preparation_seconds: float | None = None
    seconds: float | None = None
    warnings: tuple[str, ...] = ()


def plan(
    report: Report = silent,
    *,
    recipe: Recipe | None = None,
    family: str = "denoising",
    data: Sequence[Path] = (),
    task: Task | None = None,
    modality: str | None = None,
    size: Size = "small",
    name: str | None = None,
    options: Mapping[str, Any] | None = None,
    changes: Mapping[str, Any] | None = None,
    max_steps: int | None = None,
    measure: bool = True,
    device: str = "auto",
) -> Plan:
    """Find out what a training would use and need.

    Parameters
    ----------
    report
        Progress; may raise `Cancelled`.
    recipe
        What to train on what. Without one it is made from the rest (`medae.training.defaults.recipe_for`).
    family, task, modality, size
        See `medae.training.defaults.recipe_for`; nothing where there is a recipe.
    name, options, data
        The same; where there is a recipe they go over its own.
    changes
        Fields of the recipe to set, whether given or made.
    max_steps
        Train no longer than so many steps.
    measure
        Time a few real steps; reads one scan.
    device
        ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"cuda:N"``.

    Raises
    ------
    SettingsError
        If no data are named, or family, task, options or device make no sense.
    """
    used = choose_device(device)
    free = memory.available_mb(used.name)
    if recipe is not None:
        recipe = recipe.with_data(data) if data else recipe
        recipe = recipe.changed(name=name or recipe.name, options={**recipe.options, **(options or {})})
    folders = [entry.path for entry in recipe.data] if recipe is not None else list(data)
    if not folders and (recipe is None or not recipe.phantoms):
        raise SettingsError("there is nothing to learn from: name a folder of scans (--data FOLDER)")
    scanned = scan_folders(folders, part(report, 0.0, 0.4))
    if recipe is None:
        recipe = recipe_for(
            family, scanned, task=task, modality=modality, size=size, name=name, options=options, memory_mb=free
        )
    recipe = recipe.changed(**(changes or {}))
    if max_steps is not None:
        recipe = recipe.changed(steps=min(recipe.steps, max_steps))
    found = find(recipe, part(report, 0.4, 0.6), scanned)
    return _answer(recipe, found, used, free, part(report, 0.6, 1.0) if measure else None)


def _answer(recipe: Recipe, found: Found, device: Device, free: float, report: Report | None) -> Plan:
    """Say what follows from the scans found; time a few steps where there is a ``report``."""
    family, options = checked_options(recipe.family, recipe.options)
    patch = recipe.patch(options.spatial_dims)
    network = memory.sketch(family.network_def(options, patch))
    needed, how = memory.training_mb(network, recipe.batch_size, patch), memory.HOW
    problem = _problem(found, recipe)
    measured = None
    if report is not None and not problem:
        measured = pace.measure(recipe, found, device, report)
        if measured.peak_mb is not None:
            needed, how = measured.peak_mb, "measured on the device"
    return Plan(
        recipe=recipe,
        problem=problem,
        scans=_planned(found.scans),
        skipped=tuple(SkippedFile(path=item.path, reason=item.reason) for item in found.skipped),
        counts={use: _count(found.used(use)) for use in ("train", "validation", "held_out", "not_used")},
        modalities=_by_modality(found.scans),
        samples=recipe.steps * recipe.batch_size,
        parameters=parameter_count(network),
        memory_mb=round(needed, 1),
        memory_how=how,
        device=device.describe(),
        warnings=(*found.warnings, *_warnings(found, needed, free)),
        **_times(measured, found, recipe),
    )


def _problem(found: Found, recipe: Recipe) -> str:
    if found.used("train") or recipe.phantoms:
        return ""
    reasons = Counter(scan.reason for scan in found.scans) + Counter(item.reason for item in found.skipped)
    listed = "; ".join(f"{count} × {reason}" for reason, count in reasons.most_common(3))
    return f"No {recipe.modality} scan can be learnt from{f' ({listed})' if listed else ''}. Choose another folder."


def _warnings(found: Found, needed: float, free: float) -> list[str]:
    warnings = []
    slices = _count(found.used("train")).slices
    if 0 < slices < FEW_SLICES:
        warnings.append(f"Only {slices} slices to learn from: the model will know them by heart.")
    if needed > 0.8 * free:
        warnings.append(
            f"A training step needs about {needed:.0f} MB of {free:.0f} MB that are free: "
            "choose a smaller batch_size, patch_size or model."
        )
    return warnings


def _times(measured: "pace.Pace | None", found: Found, recipe: Recipe) -> dict[str, float]:
    if measured is None:
        return {}
    slices = sum(_count(found.used(use)).slices for use in ("train", "validation", "held_out"))
    preparation = measured.seconds_per_slice * slices
    return {
        "seconds_per_step": measured.seconds_per_step,
        "preparation_seconds": preparation,
        "seconds": preparation + measured.seconds_per_step * recipe.steps,
    }


def _count(scans: Iterable[FoundScan]) -> Count:
    listed = list(scans)
    patients = {scan.patient for scan in listed}
    return Count(patients=len(patients), scans=len(listed), slices=sum(scan.source.shape[0] for scan in listed))


def _by_modality(scans: Sequence[FoundScan]) -> dict[str, Count]:
    slices: Counter[str] = Counter()
    for scan in scans:
        slices[scan.modality] += scan.source.shape[0]
    return {modality: _count(s for s in scans if s.modality == modality) for modality, _ in slices.most_common()}


def _planned(scans: Sequence[FoundScan]) -> tuple[PlannedScan, ...]:
    first_used = sorted(scans, key=lambda scan: scan.use == "not_used")
    numbers = {patient: n for n, patient in enumerate(dict.fromkeys(scan.patient for scan in first_used), start=1)}
    names = [_name(scan) for scan in scans]
    shared = Counter(names)
    return tuple(
        PlannedScan(
            name=f"{name}/{scan.path.name}" if shared[name] > 1 and scan.source.reader == "dicom" else name,
            patient=numbers[scan.patient],
            modality=scan.modality,
            shape=scan.source.shape,
            spacing=scan.source.spacing,
            use=scan.use,
            reason=scan.reason,
            warnings=(*scan.warnings, *scan.source.warnings) if scan.use != "not_used" else (),
        )
        for scan, name in zip(scans, names, strict=True)
    )


def _name(scan: FoundScan) -> str:
    """Path below the chosen folder: of the file, or of the folder of a DICOM series."""
    root = scan.entry.path.expanduser().absolute()
    path = scan.path.absolute()
    path = path.parent if scan.source.reader == "dicom" and path != root else path
    if path == root or root not in path.parents:
        return path.name
    return str(path.relative_to(root))
