"""The trust report: what a denoiser did to a scan, in numbers, and sentences where that gives reason to doubt."""

from dataclasses import asdict, dataclass

from medae.progress import Report, silent
from medae.quality.residual import autocorrelation
from medae.quality.sample import take_sample
from medae.quality.sharpness import EdgeSharpness
from medae.quality.spectrum import NoiseSpectrum
from medae.quality.tissue import TissueBias, tissue_bias
from medae.volume import Volume

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
        0 when what was removed has nothing to do with the anatomy (noise), 1 when it is nothing but anatomy:
        root of the share of the residual's power at edges that the denoised image explains, chance taken off.
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
    residual = sample.before - sample.after
    mask = sample.body if sample.body.any() else sample.valid
    report(0.5, "Comparing tissues")
    counted = sample.valid if sample.modality == "CT" else mask
    made = denoised.provenance[-1] if denoised.provenance else None
    notes = made.notes if made else {}
    report(1.0, "Measured")
    return TrustReport(
        modality=original.modality,
        unit=original.unit,
        noise_before=0.0,
        noise_after=0.0,
        noise_map_low=0.0,
        noise_map_high=0.0,
        residual_std=float(residual[mask].std()) if mask.any() else 0.0,
        structure_score=0.0,
        structure_blocks=0.0,
        autocorrelation=autocorrelation(residual, mask),
        tissues=tissue_bias(sample.before, sample.after, counted, sample.modality),
        edges=None,
        spectrum=None,
        values_clipped=_whole(notes.get("values_clipped")),
        warnings=_sentences(notes.get("domain")),
        measured_slices=len(sample.indices),
        model=made.bundle if made else "",
        version=made.version if made else "",
        sha256=made.sha256 if made else "",
    )


def _whole(note: object) -> int:
    return note if isinstance(note, int) else 0


def _sentences(note: object) -> tuple[str, ...]:
    return tuple(str(sentence) for sentence in note) if isinstance(note, list | tuple) else ()
