"""Map anomalies: how far a scan is from what a model restores, in z-scores of normal scans."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

import numpy as np
from pydantic import ValidationError

import medae
from medae import bundle
from medae.bundle import BundleInfo
from medae.errors import ModelError, SettingsError
from medae.families import FAMILIES
from medae.inference.device import Device, choose_device
from medae.inference.domain import outside_domain, outside_sampling
from medae.inference.familiar import Familiar
from medae.inference.mapping import PREPARATION, Prepared, Scorer, prepare
from medae.inference.normal import Calibration
from medae.inference.prepare import refuse_colour
from medae.inference.scores import Map
from medae.inference.transforms import sampling
from medae.networks import Network
from medae.progress import Report, part, silent
from medae.provenance import Provenance
from medae.results import AnomalyMap, Normals
from medae.volume import Volume

MIDDLE_SLICES = 12
"""Slices of the middle by which models are compared."""
RATHER = 2.0
"""How many times as unlike as those of another contrast a model's normal scans are, to say so."""


def detect(
    volume: Volume,
    model: str = "auto",
    device: str = "auto",
    threshold: float | None = None,
    alpha: float | None = None,
    report: Report = silent,
) -> AnomalyMap:
    """Map what a model of normal anatomy would change.

    Parameters
    ----------
    volume
        CT in HU, or MR magnitudes.
    model
        Name of a bundle; several joined by ``+``, whose z-scores are averaged; or ``"auto"`` for the one that fits the
        modality, and the contrast where there are models for several.
    device
        ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"cuda:N"``.
    threshold
        |z| above which voxels make findings; by default the model's own calibrated one, and outside of the model's
        domain, where that does not hold, the largest |z| of any of its normal scans.
    alpha
        Instead of a threshold: the share of normal scans that may show any finding at all.
    report
        Progress; may raise `Cancelled` after each slice.

    Returns
    -------
    AnomalyMap
        float32 signed z on the scan's own grid (positive: brighter than restored), 0 outside the body.

    Raises
    ------
    ModelError, UnsupportedVolume, SettingsError
        If no model fits, the model is damaged, or the threshold makes no sense.
    Cancelled
        If ``report`` raised it.
    """
    if threshold is not None and not threshold > 0:
        raise SettingsError(f"the threshold must be a positive z-score, not {threshold}")
    started, clock = datetime.now().astimezone(), time.perf_counter()
    refuse_colour(volume)
    used = choose_device(device)
    scan = _Scan(volume)
    infos, report = _models(scan, model, used, report)
    parts = [
        _one(scan, info, used, started, part(report, n / len(infos), (n + 1) / len(infos)))
        for n, info in enumerate(infos)
    ]
    found = parts[0] if len(parts) == 1 else _averaged(parts)
    level = _level(found, threshold, alpha)
    seconds = (time.perf_counter() - clock) / len(infos)
    steps = tuple(_with(step, level, seconds) for step in found.provenance)
    report(1.0, "Anomalies mapped")
    return AnomalyMap(found.volume, level, found.calibration, steps, found.normals, found.outside)


class _Scan:
    """A scan, and how models take it: prepared once for all that want it alike, compared once with each."""

    def __init__(self, volume: Volume) -> None:
        self.volume = volume
        self._prepared: dict[str, tuple[Prepared, Callable[[Map], Map]]] = {}
        self._unlike: dict[str, float] = {}

    def prepared_for(self, info: BundleInfo, network: Network) -> tuple[Prepared, Callable[[Map], Map]]:
        """Give the scan on the model's grid, and the way back (`medae.inference.mapping.prepare`)."""
        how = repr((info.modalities[0], network.window, [info.settings.get(name) for name in PREPARATION]))
        if how not in self._prepared:
            self._prepared[how] = prepare(self.volume, info.settings, info.modalities[0], network)
        return self._prepared[how]

    def unlike(self, info: BundleInfo, device: Device, report: Report) -> float:
        """Tell how unlike a model's normal scans this one is, to compare models; infinite where that is not known.

        The distance of how values are spread (1 - cosine: the square of an angle, nearly), times the square of how
        badly the `MIDDLE_SLICES` are restored, as they lie on their grid, in network values, which are the same for all
        models of a modality: values of two contrasts may be spread alike, and one may be restored well by both models.
        """
        if info.name not in self._unlike:
            familiar, distance = _familiar(info), np.inf
            if familiar is not None and familiar.signatures:
                network = bundle.load_network(info)
                prepared, _ = self.prepared_for(info, network)
                scorer = Scorer(network, FAMILIES[info.family], device, ("residual",), views=1, identity=info.sha256)
                scored = scorer.score(prepared.middle(MIDDLE_SLICES), report)
                badly = scored.residual if scored.mask.any() else 1.0
                distance = familiar.unlike(prepared.images, prepared.body) * badly**2
            self._unlike[info.name] = float(distance)
        return self._unlike[info.name]


def _with(step: Provenance, threshold: float, seconds: float) -> Provenance:
    return replace(step, options={**step.options, "threshold": threshold}, seconds=seconds)


def _models(scan: _Scan, model: str, device: Device, report: Report) -> tuple[list[BundleInfo], Report]:
    """Give the models to use, and the rest of the progress."""
    modality = scan.volume.modality
    if model != "auto":
        infos = list(bundle.find_all(model))
        for info in infos:
            if info.task != "anomaly" or not info.modalities:
                bundle.check_fits(info, "anomaly", modality)
        return infos, report
    fitting = bundle.fitting("anomaly", modality)
    if len(fitting) == 1:
        return list(fitting), report
    return [_nearest(scan, fitting, device, part(report, 0.0, 0.1))], part(report, 0.1, 1.0)


def _nearest(scan: _Scan, infos: Sequence[BundleInfo], device: Device, report: Report) -> BundleInfo:
    """Give the model whose normal scans this one is most like, which tells its contrast."""
    distances = []
    for n, info in enumerate(infos):
        report(n / len(infos), "Finding the model for this contrast")
        distances.append(scan.unlike(info, device, part(report, n / len(infos), (n + 1) / len(infos))))
    return infos[int(np.argmin(distances))]


def _other_contrast(scan: _Scan, info: BundleInfo, device: Device, report: Report) -> list[str]:
    """Say so if a scan is rather like the normal scans of the model of another contrast."""
    modality = scan.volume.modality
    fitting = bundle.fitting("anomaly", modality) if info.shipped and modality in info.modalities else ()
    if len(fitting) < 2 or info.name not in {one.name for one in fitting}:
        return []
    best = _nearest(scan, fitting, device, report)
    if scan.unlike(info, device, report) <= RATHER * scan.unlike(best, device, report):
        return []
    return [f"it looks like the normal scans of model {best.name}; its contrast may be another"]


def _one(scan: _Scan, info: BundleInfo, device: Device, started: datetime, report: Report) -> AnomalyMap:
    """Map the anomalies of a volume with one model; the threshold is the model's own."""
    volume, calibration = scan.volume, _calibration(info)
    report(0.0, f"Loading {info.title} on {device.describe()}")
    how = {name: getattr(calibration, name) for name in ("views", "draws", "coarse_noise")}
    network, family, mix = bundle.load_network(info), FAMILIES[info.family], tuple(calibration.mix)
    scorer = Scorer(network, family, device, mix, identity=info.sha256, **how)
    report(0.02, "Preparing the scan")
    prepared, to_scan = scan.prepared_for(info, network)
    scored = scorer.score(prepared, part(report, 0.15, 0.9))
    z, own_spread = calibration.z_scores(scored.scores, scored.restored, scored.mask)
    outside = _outside(volume, info, calibration, scored.code, scored.residual)
    outside += _other_contrast(scan, info, device, part(report, 0.9, 1.0))
    array = to_scan(z)
    array[volume.padding_mask()] = 0.0
    runner = scorer.runner
    assert runner is not None
    assert scorer.choice is not None
    notes = scorer.choice.notes() | ({"memory": runner.notes} if runner.notes else {})
    notes |= {"spread_of_scan": round(own_spread, 3)} | ({"outside_domain": outside} if outside else {})
    step = Provenance(
        task="detect",
        bundle=info.name,
        version=info.version,
        sha256=info.sha256,
        options={},
        medae_version=medae.__version__,
        device=runner.device.describe(runner.engine.title),
        started=started,
        seconds=0.0,
        notes=notes,
    )
    normals = calibration.normals if outside else calibration.normals_like(prepared.spacing[0])
    found = Volume(array=array, affine=volume.affine, modality=volume.modality, source=volume.source)
    alike = "" if normals.scans == calibration.normals.scans else ", those with slices most like these"
    against = f"z against {normals.scans} normal scans that model {info.name} was calibrated on{alike}"
    return AnomalyMap(found, normals.threshold, against, (step,), normals, tuple(outside))


def _outside(volume: Volume, info: BundleInfo, calibration: Calibration, code: Map, residual: float) -> list[str]:
    sentences = []
    if volume.modality not in info.modalities:
        known = volume.modality or "of unknown modality"
        sentences.append(f"it is {known}; the model is for {', '.join(info.modalities)}")
    elif volume.modality == "CT":
        sentences += outside_domain(volume, info)
    spacing = sampling(volume.affine, info.settings.get("anatomy", "body"))
    normal = [scan.slice_spacing for scan in calibration.scans] if min(volume.shape) > 1 else []
    sentences += outside_sampling(spacing, info.settings.get("pixel_spacing"), normal)
    familiar = _familiar(info)
    if familiar is not None:
        return sentences + familiar.outside(code, residual)
    if "familiar" in info.settings:
        sentences.append(
            f"model {info.name} was calibrated by an older version of MedAE, and its domain is not known any more; "
            f"calibrate it on normal scans (medae calibrate {info.name} --normals FOLDER)"
        )
    return sentences


def _averaged(parts: Sequence[AnomalyMap]) -> AnomalyMap:
    """Average the z-scores of several models.

    A mean exceeds the mean of thresholds only where one of them exceeds its own: the expected false regions are added
    up, and the largest |z| of normal scans are matched in order (the largest of one with the largest of the others).
    """
    array = np.mean([one.volume.array for one in parts], axis=0).astype(np.float32)
    normals = Normals.together([one.normals for one in parts])
    names = " and ".join(one.provenance[0].bundle for one in parts)
    return AnomalyMap(
        parts[0].volume.with_array(array),
        normals.threshold,
        f"mean z of the models {names}, each against its own normal scans ({normals.scans} at least)",
        tuple(step for one in parts for step in one.provenance),
        normals,
        tuple(dict.fromkeys(sentence for one in parts for sentence in one.outside)),
    )


def _level(found: AnomalyMap, threshold: float | None, alpha: float | None) -> float:
    normals = found.normals
    if threshold is not None:
        return threshold
    if alpha is None:
        return max((normals.threshold, *normals.maxima)) if found.outside else normals.threshold
    level = normals.level(alpha)
    if level is None:
        needed = int(np.ceil(1 / alpha)) - 1 if 0 < alpha < 1 else 0
        raise SettingsError(
            f"a level of {alpha:g} cannot be guaranteed by {normals.scans} normal scans"
            + (f": at least {needed} are needed; calibrate the model on more (medae calibrate)" if needed else "")
        )
    return level


def _calibration(info: BundleInfo) -> Calibration:
    calibration = Calibration.stored(info.settings)
    if calibration is None:
        raise ModelError(
            f"model {info.name} has no calibration that this version of MedAE knows; calibrate it on normal scans "
            f"(medae calibrate {info.name} --normals FOLDER), or train it again"
        )
    return calibration


def _familiar(info: BundleInfo) -> Familiar | None:
    try:
        return Familiar.model_validate(info.settings.get("familiar"))
    except ValidationError:
        return None
