"""The trust report: what a denoiser did to a scan, in numbers, and sentences where that gives reason to doubt."""

from dataclasses import asdict, dataclass, replace

import numpy as np

from medae.progress import Report, silent
from medae.quality.noise import estimate_on
from medae.quality.residual import AMPLITUDE_LIMIT, STRUCTURE_LIMIT, autocorrelation, structure
from medae.quality.sample import near_body, take_sample
from medae.quality.sharpness import EdgeSharpness, edge_sharpness
from medae.quality.spectrum import NoiseSpectrum, flat_blocks, noise_spectrum, steepness
from medae.quality.tissue import THIRDS, TissueBias, tissue_bias
from medae.volume import HOUNSFIELD, Volume

__all__ = ["EdgeSharpness", "NoiseSpectrum", "TissueBias", "TrustReport", "measure"]


@dataclass(frozen=True, slots=True)
class TrustReport:
    """What was measured on a scan and its denoised version. Plain data; all numbers are finite.

    Attributes
    ----------
    modality
        DICOM Modality, ``""`` when unknown.
    unit
        UCUM code of the values: ``"[hnsf'U]"`` for CT, ``"1"`` otherwise.
    noise_before, noise_after
        Standard deviation of the noise in tissue, estimated blind, in ``unit``.
    noise_map_low, noise_map_high
        10th and 90th percentile over the body of the original's noise map, in ``unit``: how much noise varies.
    residual_std
        Standard deviation of original minus denoised inside the body, in ``unit``.
    structure_score
        0 when what was removed has nothing to do with the anatomy (noise), 1 when it is nothing but anatomy: mean
        correlation of the residual with the denoised image in blocks with edges, what chance gives taken off.
    structure_blocks
        Share (0 to 1) of the blocks with edges where residual and image correlate by more than 0.1, beyond the share
        that noise alone gives.
    autocorrelation
        Of the residual at in-plane distances of 0, 1, 2, … pixels; starts with 1; empty when nothing was removed.
    tissues
        Means before and after by tissue class.
    edges
        Edge widths before and after; None where the scan shows no edges that rise above the noise.
    spectrum
        Noise power spectra; None where there is no flat region or no noise.
    values_clipped
        Voxels that the denoiser had to clip to the stored range.
    warnings
        Sentences for the user, most serious first.
    measured_slices
        How many slices were looked at.
    model, version, sha256
        What denoised the scan; empty strings when the volume does not say.
    structure_amplitude
        Root mean square at edges of the part of the residual that follows the anatomy, in ``unit``.
    """

    modality: str
    unit: str
    noise_before: float
    noise_after: float
    noise_map_low: float
    noise_map_high: float
    residual_std: float
    structure_score: float
    structure_blocks: float
    autocorrelation: tuple[float, ...]
    tissues: tuple[TissueBias, ...]
    edges: EdgeSharpness | None
    spectrum: NoiseSpectrum | None
    values_clipped: int
    warnings: tuple[str, ...]
    measured_slices: int
    model: str = ""
    version: str = ""
    sha256: str = ""
    structure_amplitude: float = 0.0

    def to_dict(self) -> dict[str, object]:
        """Plain JSON values; tuples become lists when written."""
        return asdict(self)


def measure(original: Volume, denoised: Volume, report: Report = silent) -> TrustReport:
    """Compare a scan with its denoised version.

    At most 16 slices are looked at, spread over the volume, so that time and memory are bounded. Padding and voxels
    that are not finite never count.

    Parameters
    ----------
    original, denoised
        Volumes of the same shape and unit; what denoised it is read from ``denoised.provenance[-1]``.
    report
        Progress; may raise `Cancelled`.

    Raises
    ------
    ValueError
        If the shapes differ.
    """
    if original.shape != denoised.shape:
        raise ValueError(f"the volumes have different shapes: {original.shape} and {denoised.shape}")
    report(0.0, "Measuring what was removed")
    sample = take_sample(original, denoised)
    before, after = sample.before, sample.after
    residual = before - after
    mask = sample.body if sample.body.any() else sample.valid
    report(0.2, "Estimating the noise")
    noise = estimate_on(sample, before)[0]
    left = estimate_on(sample, after)[0]
    report(0.5, "Looking for structure in what was removed")
    found = structure(residual, after, mask)
    report(0.6, "Comparing edges and tissues")
    edges = edge_sharpness(before, after, near_body(sample), sample.spacing, noise.sigma)
    tissues = tissue_bias(before, after, sample.valid if sample.modality == "CT" else mask, sample.modality)
    report(0.8, "Comparing noise power spectra")
    spectrum = noise_spectrum(before, after, flat_blocks(steepness(before), mask), sample.spacing)
    made = denoised.provenance[-1] if denoised.provenance else None
    notes = made.notes if made else {}
    measured = TrustReport(
        modality=original.modality,
        unit=original.unit,
        noise_before=noise.sigma,
        noise_after=left.sigma,
        noise_map_low=noise.map_low,
        noise_map_high=noise.map_high,
        residual_std=float(residual[mask].std(dtype=np.float64)) if mask.any() else 0.0,
        structure_score=found.score,
        structure_blocks=found.blocks,
        autocorrelation=autocorrelation(residual, mask),
        tissues=tissues,
        edges=edges,
        spectrum=spectrum,
        values_clipped=_whole(notes.get("values_clipped")),
        warnings=_sentences(notes.get("domain")),
        measured_slices=len(sample.indices),
        model=made.bundle if made else "",
        version=made.version if made else "",
        sha256=made.sha256 if made else "",
        structure_amplitude=found.amplitude,
    )
    report(1.0, "Measured")
    return replace(measured, warnings=(*doubts(measured), *measured.warnings, *gaps(measured)))


WIDER = 1.1
"""Edges may widen by this factor."""
BIAS_HU = 1.0
"""Means of flat tissue may move by so much in CT, …"""
BIAS_PART = 0.02
"""… and by this part of themselves elsewhere."""
TOO_MUCH = 1.5
"""What is removed may be so many times the noise (90th percentile of its map)."""


def doubts(trust: TrustReport) -> tuple[str, ...]:
    """Sentences on what was measured and should make the user look twice."""
    unit = "HU" if trust.unit == HOUNSFIELD else ""
    found = []
    if follows_anatomy(trust):
        found.append(
            f"What was removed follows the anatomy (structure score {trust.structure_score:.2f}, noise alone stays "
            f"below {STRUCTURE_LIMIT}): detail may be lost. Compare with the original, or lower the strength."
        )
    if trust.noise_map_high > 0 and trust.residual_std > TOO_MUCH * trust.noise_map_high:
        found.append(
            f"More was removed ({trust.residual_std:.3g} {unit}".rstrip()
            + f") than there was noise ({trust.noise_before:.3g} {unit}".rstrip()
            + "): anatomy may be among it. Compare with the original."
        )
    if trust.edges is not None and trust.edges.ratio > WIDER:
        found.append(
            f"Edges became {100 * (trust.edges.ratio - 1):.0f} % wider. Lower the strength to keep them sharp."
        )
    found += [
        f"The mean of {tissue.name} moved by {tissue.bias:+.3g} {unit}".rstrip() + ": do not measure on this series."
        for tissue in trust.tissues
        if _moved(tissue, trust)
    ]
    if trust.values_clipped:
        found.append(f"{trust.values_clipped} values did not fit into the stored range of the file and were clipped.")
    return tuple(found)


def follows_anatomy(trust: TrustReport) -> bool:
    """Whether what was removed follows the anatomy, by an amount that matters beside the noise."""
    enough = trust.structure_amplitude > AMPLITUDE_LIMIT * trust.noise_before
    return trust.structure_score > STRUCTURE_LIMIT and enough


def gaps(trust: TrustReport) -> tuple[str, ...]:
    """Sentences on what could not be measured, and why."""
    found = []
    if not trust.autocorrelation:
        found.append("Nothing was removed from the slices that were measured.")
    if trust.noise_before == 0:
        found.append("No noise could be measured: the scan is too small, too uniform or free of noise.")
    if trust.edges is None:
        found.append("Sharpness was not measured: there are too few clean edges that rise above the noise.")
    if trust.spectrum is None:
        found.append("Noise power spectra were not measured: there are too few flat regions, or no noise in them.")
    return tuple(found)


def _moved(tissue: TissueBias, trust: TrustReport) -> bool:
    """Whether a mean moved by more than is allowed, beyond what chance and the removal of Rician bias explain."""
    chance = 6 * trust.residual_std / tissue.voxels**0.5
    if trust.modality == "CT":
        return abs(tissue.bias) > BIAS_HU + chance
    mean = abs(tissue.mean_before)
    if tissue.name == THIRDS[0] or mean == 0:
        return False
    rician = trust.noise_before**2 / (2 * mean) if trust.modality == "MR" else 0.0
    return abs(tissue.bias + rician) > BIAS_PART * mean + chance


def _whole(note: object) -> int:
    return note if isinstance(note, int) else 0


def _sentences(note: object) -> tuple[str, ...]:
    return tuple(str(sentence) for sentence in note) if isinstance(note, list | tuple) else ()
