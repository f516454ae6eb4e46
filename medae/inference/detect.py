"""Map anomalies: how far a scan is from what the model restores, in z-scores of normal scans."""

import time
from datetime import datetime

import numpy as np
import torch  # noqa: TID253
from numpy.typing import NDArray
from pydantic import ValidationError

import medae
from medae import bundle
from medae.errors import ModelError, SettingsError
from medae.inference.device import Device, choose_device
from medae.inference.engines import choose_engine
from medae.inference.prepare import (
    Frame,
    body_mask,
    intensity_scale,
    network_values,
    refuse_colour,
    resize,
    standardised,
    to_pixel_spacing,
)
from medae.inference.residual import DRAWS, Calibration, inner_body, restore, smoothed_residual
from medae.inference.tiles import Runner
from medae.networks import Network
from medae.progress import Report, part, silent
from medae.provenance import Provenance
from medae.results import AnomalyMap
from medae.volume import Volume


def detect(
    volume: Volume,
    model: str = "auto",
    device: str = "auto",
    threshold: float | None = None,
    report: Report = silent,
) -> AnomalyMap:
    """Map what a model of normal anatomy would change.

    Parameters
    ----------
    volume
        CT in HU, or MR magnitudes.
    model
        Name of a bundle, or ``"auto"`` for the one that fits the modality.
    device
        ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"cuda:N"``.
    threshold
        z above which voxels make findings; the model's own calibrated one by default.
    report
        Progress; may raise `Cancelled` after each slice.

    Returns
    -------
    AnomalyMap
        float32 |z| on the scan's own grid, 0 outside the body.

    Raises
    ------
    ModelError, UnsupportedVolume, SettingsError
        If no model fits, the model is damaged, or the threshold is not positive.
    Cancelled
        If ``report`` raised it.
    """
    if threshold is not None and not threshold > 0:
        raise SettingsError(f"the threshold must be a positive z-score, not {threshold}")
    started, clock = datetime.now().astimezone(), time.perf_counter()
    info = bundle.choose("anomaly", volume.modality) if model == "auto" else bundle.find(model)
    bundle.check_fits(info, "anomaly", volume.modality)
    refuse_colour(volume)
    calibration = _calibration(info)
    used = choose_device(device)
    report(0.0, f"Loading {info.title} on {used.describe()}")
    network = bundle.load_network(info)
    scores, runner, notes = _scores(volume, info, network, calibration, used, part(report, 0.02, 0.95))
    report(1.0, "Anomalies mapped")
    level = calibration.threshold if threshold is None else threshold
    provenance = Provenance(
        task="detect",
        bundle=info.name,
        version=info.version,
        sha256=info.sha256,
        options={"threshold": level},
        medae_version=medae.__version__,
        device=runner.device.describe(runner.engine.title),
        started=started,
        seconds=time.perf_counter() - clock,
        notes=notes | ({"memory": runner.notes} if runner.notes else {}),
    )
    map_volume = Volume(array=scores, affine=volume.affine, modality=volume.modality, source=volume.source)
    sentence = f"z against the residuals of {calibration.scans} normal scans that model {info.name} was calibrated on"
    return AnomalyMap(map_volume, level, sentence, (provenance,))


def _calibration(info: bundle.BundleInfo) -> Calibration:
    try:
        return Calibration.model_validate(info.settings.get("calibration"))
    except ValidationError as error:
        raise ModelError(f"model {info.name} has no valid calibration; train it again") from error


def _scores(
    volume: Volume,
    info: bundle.BundleInfo,
    network: Network,
    calibration: Calibration,
    device: Device,
    report: Report,
) -> tuple[NDArray[np.float32], Runner, dict[str, object]]:
    """|z| on the volume's grid, what ran the network, and what the record tells of it."""
    pixel_spacing = float(info.settings.get("pixel_spacing") or volume.spacing[2])
    images = to_pixel_spacing(network_values(volume, intensity_scale(volume)), volume.spacing, pixel_spacing)
    body = body_mask(images, volume.modality)
    images = standardised(images, body, volume.modality)
    shape = images.shape[1:]
    frame = Frame(0, 0, *shape)
    if info.settings.get("whole_slices") and network.window is not None:
        frame = Frame.around(body, (network.window[-2], network.window[-1]))
        images, body = frame.cut(images), frame.cut(body)
    shape_seen = images.shape[-network.spatial_dims :]
    engine, choice = choose_engine(
        network, device, shape_seen, images.size * DRAWS, report, identity=info.sha256, exact=True
    )
    runner = Runner(network, engine, device)
    restored = restore(network, images, body, pixel_spacing, device, report, runner)
    spacing = (volume.spacing[0], pixel_spacing, pixel_spacing)
    z = np.abs(calibration.z_scores(smoothed_residual(images, restored, body, spacing), restored))
    z[~inner_body(body, pixel_spacing)] = 0.0
    z = frame.put_back(z, shape)
    rows, columns = volume.shape[1:]
    scores = np.empty(volume.shape, np.float32)
    for k, image in enumerate(z):
        scores[k] = resize(torch.from_numpy(image)[None, None], rows, columns)[0, 0].numpy()
    scores[volume.padding_mask()] = 0.0
    return scores, runner, choice.notes()
