"""From a scan to the scores of an anomaly model on the prepared grid, and back: the same for maps and calibration."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self, get_args

import numpy as np

from medae.families import Family
from medae.inference.device import Device
from medae.inference.engines import Choice, choose_engine
from medae.inference.familiar import signature
from medae.inference.normal import Mask
from medae.inference.prepare import intensity_scale, network_values
from medae.inference.restore import inner_body, restore
from medae.inference.scores import Map, features, smoothed, structure
from medae.inference.tiles import Runner
from medae.inference.transforms import SLICE_MM, preparation
from medae.inference.views import VIEWS, frame_around
from medae.networks import Network
from medae.progress import Report, part
from medae.results import Score
from medae.volume import Volume, spacing_of

PREPARATION = ("pixel_spacing", "anatomy", "bias_field", "slice_spacing", "whole_slices")
"""Settings of a bundle on which the preparation depends."""
SCORES: tuple[str, ...] = get_args(Score)
NEAR_MM = 4.0
"""Around voxels that are not trusted: scores are smoothed, so that what lies there tells here, too."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A scan as an anomaly model takes it.

    Attributes
    ----------
    images, body
        (slices, rows, columns) standardised values, and where the patient or the brain is.
    spacing
        (slices, rows, columns) in mm.
    """

    images: Map
    body: Mask
    spacing: tuple[float, float, float]

    def middle(self, slices: int) -> Self:
        """Give this many slices from the middle of the body, or all if there are no more."""
        filled = np.flatnonzero(self.body.any(axis=(1, 2)))
        middle = int(filled[0] + filled[-1] + 1) // 2 if filled.size else 0
        first = min(max(middle - slices // 2, 0), max(len(self.body) - slices, 0))
        chosen = slice(first, first + slices)
        return replace(self, images=self.images[chosen], body=self.body[chosen])


def prepare(
    volume: Volume, settings: Mapping[str, Any], modality: str, network: Network
) -> tuple[Prepared, Callable[[Map], Map]]:
    """Bring a scan to the grid and the values of a model.

    Parameters
    ----------
    volume
        The scan.
    settings, modality
        Of the model's bundle.
    network
        The model.

    Returns
    -------
    prepared, to_scan
        ``to_scan`` brings a map on the prepared grid to the grid of the scan.
    """
    size = None
    if settings.get("whole_slices") and network.window is not None:
        size = (network.window[-2], network.window[-1])
    steps = preparation(
        modality,
        settings.get("pixel_spacing"),
        settings.get("anatomy", "body"),
        bias=bool(settings.get("bias_field")),
        slice_spacing=float(settings.get("slice_spacing", SLICE_MM)),
        size=size,
    )
    values = network_values(volume, intensity_scale(volume))
    item = steps({"image": values[None], "affine": volume.affine})

    def to_scan(prepared: Map) -> Map:
        traced = {
            key: list(value) if isinstance(value, list) else value for key, value in item.items()
        }  # it is used up
        return np.asarray(steps.inverse({**traced, "image": prepared[None]})["image"][0], np.float32)

    return Prepared(item["image"][0], item["mask"][0], spacing_of(item["affine"])), to_scan


@dataclass(frozen=True, slots=True)
class Scored:
    """Scores of one scan (`medae.inference.scores`) and what they come from.

    Attributes
    ----------
    scores
        By name, each (slices, rows, columns).
    restored
        The scan as it would be with usual anatomy, smoothed as the scores are.
    mask
        Where scores can be trusted.
    code
        `medae.inference.familiar.signature`.
    residual
        Median |residual| in the mask, smoothed: how well anatomy is restored, whatever the noise.
    """

    scores: Mapping[str, Map]
    restored: Map
    mask: Mask
    code: Map
    residual: float


@dataclass(slots=True)
class Scorer:
    """An anomaly model that is ready to compute.

    Attributes
    ----------
    network, family, device
        The model, and where it computes.
    wanted
        Names of the scores.
    views, draws, coarse_noise
        As `medae.inference.restore.restore` takes them.
    identity
        SHA-256 of the weights, under which the engine's measurement is remembered.
    runner, choice
        What computes, and why; known after the first scan.
    """

    network: Network
    family: Family
    device: Device
    wanted: tuple[str, ...] = SCORES
    views: int = len(VIEWS)
    draws: int = 1
    coarse_noise: float = 0.0
    identity: str = ""
    runner: Runner | None = None
    choice: Choice | None = None

    def score(self, prepared: Prepared, report: Report, trusted: Mask | None = None) -> Scored:
        """Restore a prepared scan and compare; what is not ``trusted``, and `NEAR_MM` around it, does not count."""
        images, body, spacing = prepared.images, prepared.body, prepared.spacing
        runner = self._runner(prepared, part(report, 0.0, 0.1))
        restored, *lesions = restore(
            self.network,
            images,
            body,
            spacing[2],
            self.device,
            part(report, 0.1, 0.8),
            runner,
            views=self.views,
            draws=self.draws,
            coarse_noise=self.coarse_noise,
        )
        scores = self._scores(prepared, restored, lesions, part(report, 0.8, 1.0))
        mask = inner_body(body, spacing)
        mask = mask if trusted is None else mask & _far_from(body & ~trusted, spacing)
        residual = scores["residual"] if "residual" in scores else smoothed(images - restored, body, spacing)
        level = np.abs(residual[mask])
        return Scored(
            scores,
            smoothed(restored, body, spacing),
            mask,
            self.code(prepared),
            float(np.median(level)) if level.size else 0.0,
        )

    def code(self, prepared: Prepared) -> Map:
        """Describe a scan (`medae.inference.familiar.signature`)."""
        return signature(self.network, self.family, prepared.images, prepared.body)

    def _scores(self, prepared: Prepared, restored: Map, lesions: Sequence[Map], report: Report) -> dict[str, Map]:
        images, body, spacing = prepared.images, prepared.body, prepared.spacing
        found: dict[str, Map] = {}
        for n, name in enumerate(self.wanted):
            inner = part(report, n / len(self.wanted), (n + 1) / len(self.wanted))
            inner(0.0, "Comparing the scan with its restored version")
            score: Map | None = images - restored
            if name == "structure":
                score = structure(images, restored)
            elif name == "features":
                score = features(self.network, images, restored, inner)
            elif name == "intensity":
                score = images
            elif name == "lesions":
                score = lesions[0] if lesions else None
            if score is not None:
                found[name] = smoothed(score, body, spacing)
        return found

    def _runner(self, prepared: Prepared, report: Report) -> Runner:
        if self.runner is None:
            shape = prepared.images.shape
            if self.views > 1 and self.network.window is None:
                frame = frame_around(prepared.body, self.network.stride)
                shape = (shape[0], frame.rows, frame.columns)
            engine, self.choice = choose_engine(
                self.network,
                self.device,
                shape[-self.network.spatial_dims :],
                int(np.prod(shape)) * self.views * self.draws,
                report,
                identity=self.identity,
                exact=True,
            )
            self.runner = Runner(self.network, engine, self.device)
        return self.runner


def _far_from(voxels: Mask, spacing: tuple[float, float, float]) -> Mask:
    from scipy import ndimage

    if not voxels.any():
        return ~voxels
    return np.asarray(ndimage.distance_transform_edt(~voxels, sampling=spacing) > NEAR_MM)
