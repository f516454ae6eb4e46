"""Whether a scan is like those that a model has seen."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from medae.bundle import BundleInfo
from medae.inference.normal import ALIKE
from medae.volume import Volume

SLICES_LOOKED_AT = 9
"""Slices, evenly spread, whose values are looked at."""
AIR_OR_FAT = -50.0
"""HU; every CT that was not cut out holds something below."""
LOWEST_PADDING = -4096.0
"""HU; the values that scanners write outside of their field of view are not below."""
DENSEST = 32768.0
"""HU; nothing that scanners write, metal included, is above (DICOM's extended CT scale ends at 31,743 HU)."""

COARSER = 2.0
"""How much larger than its own the pixels of a scan may be for a model that resamples: it sees what is interpolated."""
TOLERANCE = 1e-3
"""Of spacings, which files round."""


class Domain(BaseModel):
    """What a model has seen in training, as its bundle states it.

    Attributes
    ----------
    pixel_spacing
        Smallest and largest distance of pixels in the plane, in mm.
    slice_spacing
        Smallest and largest distance of slices, in mm; None if it does not matter.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    pixel_spacing: tuple[float, float] = Field(description="mm")
    slice_spacing: tuple[float, float] | None = None

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> "Domain | None":
        """Read ``settings["domain"]`` of a bundle; None where it states none."""
        try:
            return cls.model_validate(settings.get("domain"))
        except ValidationError:
            return None


def outside_domain(volume: Volume, info: BundleInfo) -> list[str]:
    """Sentences that say in what a scan differs from those that the model has seen; none if it does not.

    Parameters
    ----------
    volume
        The scan.
    info
        The model; its ``settings["domain"]`` states the spacings it has seen.
    """
    domain = Domain.of(info.settings)
    sentences = [] if domain is None else _spacing(volume, domain)
    values = _some_values(volume)
    if values.size:
        sentences += _hounsfield(values) if volume.modality == "CT" else _magnitudes(values)
    return sentences


def _spacing(volume: Volume, domain: Domain) -> list[str]:
    sentences = []
    between, rows, columns = volume.spacing
    low, high = domain.pixel_spacing
    if not (low <= min(rows, columns) and max(rows, columns) <= high):
        apart = f"{rows:.2g}" if rows == columns else f"{rows:.2g} and {columns:.2g}"
        sentences.append(f"its pixels are {apart} mm apart; the model has seen {low:.2g} to {high:.2g} mm")
    if domain.slice_spacing is not None and volume.shape[0] > 1:
        low, high = domain.slice_spacing
        if not low <= between <= high:
            sentences.append(f"its slices are {between:.2g} mm apart; the model has seen {low:.2g} to {high:.2g} mm")
    return sentences


def outside_sampling(
    spacing: tuple[float, float, float], pixel_spacing: float | None, slice_spacings: Sequence[float]
) -> list[str]:
    """Sentences that say where a scan is sampled too coarsely for what an anomaly model knows; none if it is not.

    Slices closer together than those of normal scans show more of what is there, and are not remarked upon.

    Parameters
    ----------
    spacing
        Of the scan in mm, its axes as the model takes them (`medae.inference.transforms.sampling`).
    pixel_spacing
        mm per pixel that the model takes; None for the scan's own.
    slice_spacings
        Of the normal scans, in mm; none where they are not known.
    """
    sentences, pixel, most = [], max(spacing[1:]), max(slice_spacings, default=np.inf)
    if pixel_spacing is not None and pixel > COARSER * pixel_spacing * (1 + TOLERANCE):
        sentences.append(
            f"in slices as the model takes them its pixels are {pixel:.2g} mm apart, the model's {pixel_spacing:.2g} mm"
        )
    if spacing[0] > ALIKE * most * (1 + TOLERANCE):
        sentences.append(f"its slices are {spacing[0]:.2g} mm apart; those of its normal scans {most:.2g} mm at most")
    return sentences


def _some_values(volume: Volume) -> NDArray[np.float32]:
    """Values of some slices without padding and what is not finite."""
    chosen = np.unique(np.linspace(0, volume.shape[0] - 1, SLICES_LOOKED_AT).astype(int))
    return np.concatenate([volume.values(k, k + 1)[~volume.padding_mask(k, k + 1)] for k in chosen])


def _hounsfield(values: NDArray[np.float32]) -> list[str]:
    low, high = float(values.min()), float(values.max())
    sentences = []
    if low > AIR_OR_FAT:
        sentences.append(
            f"no value is below {AIR_OR_FAT:.0f} HU, so that there is neither air nor fat: the values may not be "
            f"Hounsfield units, or the surroundings were cut away"
        )
    if low < LOWEST_PADDING:
        sentences.append(f"values down to {low:.0f} cannot be Hounsfield units; they may be unmarked padding")
    if high > DENSEST:
        sentences.append(f"values up to {high:.0f} cannot be Hounsfield units")
    return sentences


def _magnitudes(values: NDArray[np.float32]) -> list[str]:
    share = float(np.mean(values < 0))
    if share == 0:
        return []
    return [f"{max(share, 0.0001):.2%} of the values are negative; they are left as they are"]
