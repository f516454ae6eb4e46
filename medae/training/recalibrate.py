"""Calibrate a model anew on a site's own normal scans: the same weights, another population to be compared with."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from medae import bundle, readers
from medae.errors import MedaeError, SettingsError
from medae.families import FAMILIES
from medae.inference.device import choose_device
from medae.inference.mapping import Scorer, prepare
from medae.inference.normal import ENOUGH, Calibration
from medae.networks import Network
from medae.progress import Report, part, silent
from medae.training.calibrate import Normal, calibrate, mix_for
from medae.training.scans import modality_of, patient_of

KEPT = ("dark_weight", "accepted_findings")
"""What a copy's calibration takes over from the model's, besides the weights of its scores."""


def recalibrate(
    model: str, paths: Sequence[Path], name: str = "", device: str = "auto", report: Report = silent
) -> tuple[Path, dict[str, object]]:
    """Write a copy of a model whose z-scores are told against other normal scans.

    Parameters
    ----------
    model
        Name of an anomaly model.
    paths
        Files or folders of normal scans, of the model's modality.
    name
        Of the copy; by default the model's with ``-site``. One of that name is replaced.
    device
        ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"cuda:N"``.
    report
        Progress; may raise `Cancelled`, and nothing is written then.

    Returns
    -------
    folder, facts
        The bundle, and what was found: scans used, threshold, scans left out with the reason, warnings.

    Raises
    ------
    SettingsError
        If no normal scan can be used.
    ModelError, UnsupportedVolume
        If there is no such model, or it does not map anomalies.
    """
    info = bundle.find(model)
    modality = info.modalities[0] if info.modalities else ""
    bundle.check_fits(info, "anomaly", modality)
    network = bundle.load_network(info)
    normals, left_out = _normals(info, network, paths, part(report, 0.0, 0.3))
    if not normals:
        reason = f": {left_out[0]}" if left_out else ""
        raise SettingsError(f"no {info.modalities[0]} scan to calibrate on was found{reason}; name a folder of scans")
    before = Calibration.stored(info.settings)
    mix = before.mix if before is not None and before.mix else mix_for(modality, network)
    kept: dict[str, Any] = before.model_dump(include=set(KEPT)) if before is not None else {}
    scorer = Scorer(network, FAMILIES[info.family], choose_device(device), tuple(mix), identity=info.sha256)
    within = info.settings.get("spreads_within")
    settings, metrics = calibrate(
        scorer,
        normals,
        part(report, 0.3, 0.98),
        mix=mix,
        modality=modality,
        spreads_within=within,
        **kept,
    )
    warnings = []
    if len(normals) < ENOUGH:
        warnings.append(
            f"{len(normals)} normal scans tell little: p is never below {1 / (len(normals) + 1):.2g}; "
            f"from {ENOUGH} on a level of 0.1 can be guaranteed"
        )
    made = bundle.derive(
        info,
        name or f"{info.name}-site",
        title=f"{info.title} (calibrated on own normal scans)",
        settings=settings,
        metrics=metrics,
        note=f"The z-scores of this copy of {info.name} are told against {len(normals)} normal scans of its user.",
    )
    return made.folder, {**metrics, "left_out": left_out, "warnings": warnings}


def _normals(
    info: bundle.BundleInfo, network: Network, paths: Sequence[Path], report: Report
) -> tuple[list[Normal], list[str]]:
    """Read and prepare all scans of the model's modality; say why the others are left out."""
    normals: list[Normal] = []
    left_out: list[str] = []
    modality = info.modalities[0]
    for n, root in enumerate(paths):
        found = readers.scan(root.expanduser(), part(report, 0.5 * n / len(paths), 0.5 * (n + 1) / len(paths)))
        left_out += [f"{item.path.name}: {item.reason}" for item in found.skipped]
        for m, source in enumerate(found.sources):
            report(0.5 + 0.5 * (n + m / len(found.sources)) / len(paths), f"Reading normal scan {len(normals) + 1}")
            kind = modality_of(source, root) or modality
            if kind not in info.modalities:
                left_out.append(f"{source.paths[0].name}: {kind}, the model is for {modality}")
                continue
            try:
                volume = readers.read(source, modality=modality)
            except MedaeError as error:
                left_out.append(f"{source.paths[0].name}: {error}")
                continue
            prepared, _ = prepare(volume, info.settings, modality, network)
            normals.append(Normal(prepared, None, patient_of(source, root)))
    return normals, left_out
