"""Train a model by a recipe: scans in, a bundle out; paused, resumed, finished early, in one process or several."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import Timeout

from medae import bundle
from medae.errors import Cancelled, MedaeError, SettingsError
from medae.families import FAMILIES
from medae.inference.device import Device, choose_device
from medae.inference.mapping import Scorer
from medae.progress import Report, part, silent
from medae.runs import Run, RunState
from medae.training.cache import LEFT_OUT, PHANTOM, Cache, Scan, load, noisy_phantoms, normal_phantoms, with_ct_noise
from medae.training.calibrate import Normal, calibrate, mix_for
from medae.training.defaults import checked_options
from medae.training.evaluate import evaluate_denoising, evaluate_reconstruction
from medae.training.fabric import launched, precision
from medae.training.loop import JUDGED, Loop
from medae.training.model_card import model_card
from medae.training.patches import SHOWN, VALIDATION, Patches, batch_of
from medae.training.recipe import Recipe
from medae.training.record import STOPPED, facts, metadata
from medae.training.seen import seen
from medae.training.start import first_network, origin
from medae.training.trainer import Trainer, deterministic

PREVIEW = "preview.png"

_log = logging.getLogger(__name__)


def train(
    recipe: Recipe, report: Report = silent, *, out: Path | None = None, device: str = "auto", resume: bool = False
) -> Path:
    """Train a model and write it as a bundle.

    The run has a folder of its own (`medae.runs.Run`), where its state is stored after each epoch and when it is
    paused; one that was killed goes on from there and ends with the same weights. Under ``torchrun`` all processes
    train together, and the first one writes.

    Parameters
    ----------
    recipe
        What to train on what. When a run is resumed, only its name counts: the stored recipe is used.
    report
        Progress; may raise `Cancelled` after each step, which pauses the run.
    out
        Folder of bundles; the user's own models by default.
    device
        ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"cuda:N"``.
    resume
        Go on where the run of that name stopped.

    Returns
    -------
    Path
        The bundle folder.

    Raises
    ------
    SettingsError
        If the recipe makes no sense, there is nothing to learn from, the run is in use, or cannot be resumed.
    Cancelled
        If ``report`` raised it; the run is paused and can be resumed.
    """
    run = Run.named(recipe.name)
    if resume:
        recipe = _resumable(run)
    _check(recipe)
    used = choose_device(device)
    with deterministic():
        fabric = launched(recipe, used)
        report = report if fabric.is_global_zero else silent
        with _opened(run, recipe, fabric, resume):
            folder = _train(run, recipe, fabric, used, report, (out or bundle.user_models_folder()) / recipe.name)
        fabric.barrier()
        return folder


def _check(recipe: Recipe) -> None:
    family, _ = checked_options(recipe.family, recipe.options)
    if recipe.task not in family.TASKS:
        known = " or ".join(family.TASKS)
        raise SettingsError(f"family {recipe.family} is not for task {recipe.task}, but for {known}")


def _resumable(run: Run) -> Recipe:
    """Give the stored recipe of a run that can go on."""
    recipe = Recipe.model_validate(run.recipe())
    state = run.state()
    if state.state == "finished":
        raise SettingsError(
            f"the run {run.name!r} is finished, its model is in {state.bundle}; "
            "give the recipe another name, or train anew without --resume"
        )
    return recipe


@contextmanager
def _opened(run: Run, recipe: Recipe, fabric: Any, resume: bool) -> Iterator[None]:
    """Hold the run's lock, and tell in its state how it ended. Only the first process does anything here."""
    if not fabric.is_global_zero:
        fabric.barrier()
        yield
        return
    lock = run.lock()
    try:
        lock.acquire(timeout=1)  # who looks whether the run is alive holds it for a moment
    except Timeout as error:
        raise SettingsError(
            f"the run {run.name!r} is being trained by another process; wait for it, stop it, or choose another name"
        ) from error
    try:
        if not resume:
            _clear(run)
            run.write("recipe.json", recipe.model_dump_json(indent=2).encode())
        run.write_state(run.state().model_copy(update={"state": "running", "steps": recipe.steps, "message": ""}))
        fabric.barrier()
        with _told(run, recipe):
            yield
    finally:
        lock.release()


@contextmanager
def _told(run: Run, recipe: Recipe) -> Iterator[None]:
    try:
        yield
    except (Cancelled, KeyboardInterrupt):
        _end(run, recipe, "paused", "Paused; it can be resumed.")
        raise
    except MedaeError as error:
        _end(run, recipe, "failed", str(error))
        raise
    except BaseException as error:
        _end(run, recipe, "failed", f"Unexpected error ({type(error).__name__}).")
        raise


def _end(run: Run, recipe: Recipe, state: Any, message: str) -> None:
    run.write_state(RunState(state=state, step=run.state().step, steps=recipe.steps, message=message))


def _clear(run: Run) -> None:
    """Empty the folder of an older run of that name, but for the lock that is held."""
    import shutil

    for item in run.folder.iterdir():
        if item.is_dir():
            shutil.rmtree(item)
        elif item.name != ".lock":
            item.unlink()


def _train(run: Run, recipe: Recipe, fabric: Any, device: Device, report: Report, folder: Path) -> Path:
    loop, cache = prepare(run, recipe, fabric, device, part(report, 0.0, 0.15))
    loop.restore()
    try:
        loop.fit(part(report, 0.15, 0.9))
    finally:
        if fabric.is_global_zero:
            step = loop.progress.step
            run.write_state(RunState(state="running", step=step, steps=recipe.steps))
    if not fabric.is_global_zero:
        return folder
    made = _write(recipe, loop, cache, device, folder, part(report, 0.9, 1.0))
    message = " ".join([f"Ended {STOPPED[loop.progress.ended or 'planned']}.", *cache.warnings])
    (run.folder / "finish").unlink(missing_ok=True)
    run.write_state(
        RunState(state="finished", step=loop.progress.step, steps=recipe.steps, message=message, bundle=made)
    )
    return made


def prepare(run: Run, recipe: Recipe, fabric: Any, device: Device, report: Report) -> tuple[Loop, Cache]:
    """Read the scans, build the network and all around it; the run's folder is not touched."""
    family, options = checked_options(recipe.family, recipe.options)
    cache = load(recipe, part(report, 0.0, 0.7))
    for warning in cache.warnings:
        _log.warning(warning)
    fabric.seed_everything(recipe.seed % 2**32, verbose=False)
    network = first_network(recipe, family.network_def(options, recipe.patch(options.spatial_dims)))
    trainer = Trainer(fabric, network, family, options, recipe, device)
    sides = {use: cache.used(use) for use in ("train", "validation")}
    if recipe.task == "denoise" and recipe.modality == "CT":
        noisy = with_ct_noise([*sides["train"], *sides["validation"]], recipe.seed, report=part(report, 0.7, 1.0))
        sides = {use: [scan for scan in noisy if scan.use == use] for use in sides}
    shape = (2 * network.middle + 1, network.spatial_dims)
    training = Patches(sides["train"], recipe, shape, rank=fabric.global_rank)
    validation = Patches(sides["validation"], recipe, shape, purpose=VALIDATION) if sides["validation"] else None
    shown = Patches(sides["validation"] or sides["train"], recipe, shape, purpose=SHOWN)
    return Loop(run, recipe, trainer, training, validation, shown), cache


def _write(recipe: Recipe, loop: Loop, cache: Cache, device: Device, folder: Path, report: Report) -> Path:
    """Measure, describe, and write the bundle."""
    network, held_out = loop.trainer.averaged, cache.used("held_out")
    settings: dict[str, object] = {}
    if recipe.pixel_spacing is not None:
        settings["pixel_spacing"] = recipe.pixel_spacing
    if recipe.whole_slices:
        settings["whole_slices"] = True
    metrics: dict[str, object]
    if recipe.task == "denoise":
        settings |= seen(cache.used("train"), recipe)
        metrics = evaluate_denoising(network, held_out, recipe, device, report)
    elif recipe.task == "reconstruct":
        metrics = evaluate_reconstruction(network, held_out, device, report)
    else:
        if recipe.anatomy != "body":
            settings |= {"anatomy": recipe.anatomy, "slice_spacing": recipe.slice_spacing}
        if recipe.bias_field:
            settings["bias_field"] = True
        if recipe.spreads_within is not None:
            settings["spreads_within"] = recipe.spreads_within
        if not recipe.automatic:
            settings["automatic"] = False
        normal, odd = (held_out, []) if recipe.held_out_normal else ([], held_out)
        learnt_from = cache.used("train")
        unseen = normal + normal_phantoms(recipe, part(report, 0.0, 0.2))
        scans = unseen or learnt_from
        mix = dict[str, float](recipe.scores.items()) or mix_for(recipe.modality, network)
        scorer = Scorer(network, FAMILIES[recipe.family], device, tuple(mix))
        known = [Normal.of(scan) for scan in learnt_from] if unseen else []
        noisy = [Normal.of(scan) for scan in noisy_phantoms(recipe)]
        calibrated, metrics = calibrate(
            scorer,
            [Normal.of(scan) for scan in scans],
            part(report, 0.2, 1.0),
            known,
            noisy,
            [Normal.of(scan) for scan in odd],
            mix=mix,
            modality=recipe.modality,
            spreads_within=recipe.spreads_within,
            dark_weight=recipe.dark_weight,
            accepted_findings=recipe.accepted_findings,
        )
        settings |= calibrated
        metrics["calibrated_on"] = _kinds(scans)
    if held_out and recipe.task != "denoise":
        metrics |= _held_out_terms(loop, held_out)
    described = facts(
        cache.scans,
        network,
        recipe,
        {
            "steps": loop.progress.step,
            "steps_planned": recipe.steps,
            "ended": STOPPED[loop.progress.ended or "planned"],
            "seconds": round(loop.progress.seconds),
            "device": device.describe(),
            "precision": precision(recipe, device),
            "processes": loop.fabric.world_size,
            "scans_not_read": sum(warning.startswith(LEFT_OUT) for warning in cache.warnings),
            **origin(recipe),
        },
    )
    family, options = checked_options(recipe.family, recipe.options)
    definition = family.network_def(options, recipe.patch(options.spatial_dims))
    return bundle.write(
        folder,
        network.state_dict(),
        definition,
        metadata(recipe, network, settings, metrics, described),
        model_card(recipe, metrics, described, PREVIEW),
        {f"docs/{PREVIEW}": loop.picture()},
    ).folder


def _kinds(scans: Sequence[Scan]) -> str:
    """Say how many scans were learnt from, held out or made: ``"2 held-out scans, 18 phantoms"``."""
    names = [
        "phantom" if s.patient.startswith(PHANTOM) else "training scan" if s.use == "train" else "held-out scan"
        for s in scans
    ]
    return ", ".join(f"{names.count(name)} {name}{'s' * (names.count(name) > 1)}" for name in dict.fromkeys(names))


def _held_out_terms(loop: Loop, scans: list[Any]) -> dict[str, object]:
    """Each term of the loss on patches of held-out scans."""
    network, recipe = loop.trainer.averaged, loop.recipe
    shape = (2 * network.middle + 1, network.spatial_dims)
    patches = Patches(scans, recipe, shape, purpose=VALIDATION)
    terms = loop.trainer.judge([batch_of(patches, n, recipe.batch_size) for n in range(JUDGED)])
    return {f"loss_{name}": float(f"{value:.4g}") for name, value in terms.items()}
