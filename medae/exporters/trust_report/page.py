"""What stands on the page of one series, before anything is laid out: sentences, tables, pictures, curves.

No names, identifiers, dates of the patient or paths: the page can be handed on.
"""

from dataclasses import dataclass

from medae.errors import UnsupportedVolume
from medae.exporters.trust_report.chart import Chart, Curve
from medae.exporters.trust_report.pictures import Picture, pictures
from medae.progress import Report, part, silent
from medae.provenance import Provenance
from medae.quality import TrustReport, measure
from medae.quality.summary import Comparison, Figure, comparisons, removed, tissue_rows, unit_text, warnings_and_notes
from medae.results import Result
from medae.volume import Volume

TITLE = "Trust report"
SUBTITLE = "What denoising did to this scan"
RESEARCH_USE = "Research use only, not for diagnosis"
NO_DENOISED = "there is no denoised scan yet; run denoise first"

TISSUE_HEADER = ("Tissue", "Voxels", "Mean before", "Mean after", "Bias")
_BEFORE, _REMOVED = "#26415e", "#b3470f"


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """One series' page.

    Attributes
    ----------
    scan
        One line about the scan.
    warnings, notes
        Sentences that give reason to doubt, most serious first, and those on what could not be measured.
    pictures
        Of the middle slice.
    comparisons, removed, tissues
        The figures as texts; rows of ``tissues`` belong below `TISSUE_HEADER`.
    charts
        Noise power spectra and autocorrelation, whichever could be measured.
    made
        How it was made: pairs of a name and a value.
    """

    scan: str
    warnings: tuple[str, ...]
    notes: tuple[str, ...]
    pictures: tuple[Picture, ...]
    comparisons: tuple[Comparison, ...]
    removed: tuple[Figure, ...]
    tissues: tuple[tuple[str, str, str, str, str], ...]
    charts: tuple[Chart, ...]
    made: tuple[tuple[str, str], ...]


def page(result: Result, report: Report = silent) -> Page:
    """Put the page of a result together; what was not measured with the denoising is measured now.

    Raises
    ------
    UnsupportedVolume
        If there is no denoised volume.
    """
    if result.denoised is None:
        raise UnsupportedVolume(f"{TITLE}: {NO_DENOISED}.")
    trust = result.trust or measure(result.original, result.denoised, part(report, 0.0, 0.7))
    report(0.7, "Drawing the trust report")
    steps = [step for step in result.denoised.provenance if step.task == "denoise"]
    warnings, notes = warnings_and_notes(trust)
    drawn = pictures(result)
    report(0.9, "Drawing the trust report")
    return Page(
        scan=_scan(result.original),
        warnings=warnings,
        notes=notes,
        pictures=drawn,
        comparisons=comparisons(trust),
        removed=removed(trust),
        tissues=tissue_rows(trust),
        charts=_charts(trust),
        made=_made(trust, steps[-1] if steps else None),
    )


def _scan(volume: Volume) -> str:
    slices, rows, columns = volume.shape
    across = " × ".join(f"{size:.3g}" for size in volume.spacing[1:])
    size = f"{rows} × {columns} pixels of {across} mm"
    unit = unit_text(volume.unit)
    values = f"values in {unit}" if unit else "values without a unit"
    if slices == 1:
        return f"{volume.modality or 'Scan'}, {size}; {values}"
    return f"{volume.modality or 'Scan'}, {slices} slices of {size}, {volume.spacing[0]:.3g} mm apart; {values}"


def _charts(trust: TrustReport) -> tuple[Chart, ...]:
    charts = []
    if trust.spectrum is not None:
        spectrum = trust.spectrum
        unit = unit_text(trust.unit)
        charts.append(
            Chart(
                f"Noise power spectrum ({unit}² mm²)" if unit else "Noise power spectrum (unit² mm²)",
                "spatial frequency (1/mm)",
                (
                    Curve("before", spectrum.frequencies, spectrum.before, _BEFORE),
                    Curve("removed", spectrum.frequencies, spectrum.removed, _REMOVED, dashed=True),
                ),
            )
        )
    if len(trust.autocorrelation) > 1:
        distances = tuple(float(n) for n in range(len(trust.autocorrelation)))
        charts.append(
            Chart(
                "Autocorrelation of what was removed",
                "distance (pixels)",
                (Curve("removed", distances, trust.autocorrelation, _REMOVED),),
            )
        )
    return tuple(charts)


def _made(trust: TrustReport, step: Provenance | None) -> tuple[tuple[str, str], ...]:
    facts = [("Model", f"{trust.model} {trust.version}".strip() or "not recorded")]
    if trust.sha256:
        facts.append(("SHA-256 of its weights", trust.sha256))
    if step is not None:
        strength = step.options.get("strength")
        facts += [
            ("Strength", f"{strength:.0%}".replace("%", " %") if isinstance(strength, float | int) else "not recorded"),
            ("Adapted to this scan", _adapted(step)),
            *_engine(step),
            ("Computed by", step.device),
            ("Denoised", f"{step.started:%Y-%m-%d %H:%M}, in {step.seconds:.1f} s, by MedAE {step.medae_version}"),
        ]
    slices = "1 slice" if trust.measured_slices == 1 else f"{trust.measured_slices} slices"
    facts.append(("Measured on", f"{slices}, spread over the scan; the pictures show its middle slice"))
    return tuple(facts)


def _engine(step: Provenance) -> list[tuple[str, str]]:
    """Tell what ran the network, how far that is from the reference, and where memory did not suffice."""
    engine, far, memory = (step.notes.get(key) for key in ("engine", "engine_difference_in_noise", "memory"))
    facts = []
    if isinstance(engine, str):
        close = f"; within {far:.2g} of the noise of torch, on one tile" if isinstance(far, float) and far > 0 else ""
        facts.append(("Engine", f"{engine}{close}"))
    if isinstance(memory, list | tuple):
        facts.append(("Memory", " ".join(map(str, memory))))
    return facts


def _adapted(step: Provenance) -> str:
    adapted = step.notes.get("adapted")
    if adapted is None:
        return "no"
    kept = adapted.get("kept", True) if isinstance(adapted, dict) else True
    return "yes" if kept else "tried, not kept: the model as it is did better"
