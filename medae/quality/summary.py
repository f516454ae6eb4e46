"""The trust report in words: what the page and the window print, so that both say the same."""

from dataclasses import dataclass
from math import floor, log10

from medae.quality.residual import STRUCTURE_LIMIT
from medae.quality.trust import TrustReport, follows_anatomy, gaps
from medae.volume import HOUNSFIELD

__all__ = [
    "Comparison",
    "Figure",
    "bias_text",
    "comparisons",
    "number",
    "removed",
    "tissue_rows",
    "unit_text",
    "verdict",
    "warnings_and_notes",
]

NO_WARNING = "No figure is outside its limit. That is no proof: compare the pictures."


@dataclass(frozen=True, slots=True)
class Comparison:
    """One figure before and after denoising, and what to make of it."""

    label: str
    before: str
    after: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure about what was removed, and what to make of it."""

    label: str
    value: str
    meaning: str


def unit_text(unit: str) -> str:
    """Short name of a UCUM unit: ``HU`` for Hounsfield, nothing for no unit."""
    return {HOUNSFIELD: "HU", "1": ""}.get(unit, unit)


def number(value: float, unit: str = "", digits: int = 3) -> str:
    """Write a value with so many significant digits (whole numbers keep all of theirs), and a unit text behind it.

    >>> number(0.012345), number(-1234.5, "HU")
    ('0.0123', '−1234 HU')
    """
    decimals = digits if value == 0 else max(0, digits - 1 - floor(log10(abs(value))))
    text = f"{value:.{min(decimals, 6)}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    text = "0" if text == "-0" else text.replace("-", "−")
    return f"{text} {unit}".strip()


def percent(share: float) -> str:
    """Write a share of 1 in percent: ``4.2 %``, ``63 %``."""
    return f"{number(100 * share, digits=2)} %"


def comparisons(trust: TrustReport) -> tuple[Comparison, ...]:
    """Noise, edges and spectrum before and after; what could not be measured is left out."""
    unit = unit_text(trust.unit)
    found = [
        Comparison(
            "Noise level",
            number(trust.noise_before, unit),
            number(trust.noise_after, unit),
            f"{_change(trust.noise_before, trust.noise_after, 'less', 'more')}; deviation in tissue, estimated blind",
        )
    ]
    if trust.edges is not None:
        edges = trust.edges
        found.append(
            Comparison(
                "Edge width",
                number(edges.width_before_mm, "mm"),
                number(edges.width_after_mm, "mm"),
                f"{_change(1.0, edges.ratio, 'narrower', 'wider')}; 10 to 90 % of the step, median of {edges.edges}",
            )
        )
    if trust.spectrum is not None:
        found.append(
            Comparison(
                "Noise power peak",
                number(trust.spectrum.peak_before, "/mm", digits=2),
                number(trust.spectrum.peak_after, "/mm", digits=2),
                "if it moves down, what is left is blotchier",
            )
        )
    return tuple(found)


def removed(trust: TrustReport) -> tuple[Figure, ...]:
    """Figures about what was taken away, the structure score first."""
    unit = unit_text(trust.unit)
    low, high = number(trust.noise_map_low), number(trust.noise_map_high, unit)
    found = [
        Figure("Structure score", f"{trust.structure_score:.2f}", verdict(trust)),
        Figure(
            "Blocks with structure",
            percent(trust.structure_blocks),
            "of those with edges, beyond what noise alone gives",
        ),
        Figure(
            "Amount removed",
            number(trust.residual_std, unit),
            "deviation of original minus denoised; above the noise level it is not noise alone",
        ),
        Figure("Noise map", f"{low} to {high}", "10th to 90th percentile over the body, before denoising"),
    ]
    if len(trust.autocorrelation) > 1:
        found.append(
            Figure(
                "Autocorrelation at 1 pixel",
                f"{round(trust.autocorrelation[1], 2) + 0.0:.2f}".replace("-", "−"),
                "of what was removed; 0 for white noise, more where the scanner smooths",
            )
        )
    found.append(Figure("Values clipped", str(trust.values_clipped), "voxels that did not fit into the stored range"))
    return tuple(found)


def warnings_and_notes(trust: TrustReport) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Tell the warnings that give reason to doubt from those that only say what could not be measured."""
    notes = gaps(trust)
    return (
        tuple(sentence for sentence in trust.warnings if sentence not in notes),
        tuple(sentence for sentence in trust.warnings if sentence in notes),
    )


def verdict(trust: TrustReport) -> str:
    """Say in one sentence what the structure score means for this scan."""
    if trust.residual_std == 0:
        return "Nothing was removed."
    if follows_anatomy(trust):
        return "It follows the anatomy: details may be gone (0: noise only, 1: anatomy only)."
    if trust.structure_score > STRUCTURE_LIMIT:
        return "It follows the anatomy, but is little beside the noise (0: noise, 1: anatomy)."
    return "It looks like noise, not like anatomy (0: noise only, 1: anatomy only)."


def tissue_rows(trust: TrustReport) -> tuple[tuple[str, str, str, str, str], ...]:
    """Rows of the tissue table: class, voxels, mean before, mean after, bias."""
    unit = unit_text(trust.unit)
    largest = max((abs(tissue.mean_before) for tissue in trust.tissues), default=0.0)
    decimals = 1 if largest >= 100 or largest == 0 else min(2 - floor(log10(largest)), 6)
    return tuple(
        (
            tissue.name,
            f"{tissue.voxels:,}",
            f"{tissue.mean_before:.{decimals}f}".replace("-", "−"),
            f"{tissue.mean_after:.{decimals}f}".replace("-", "−"),
            bias_text(tissue.bias, unit),
        )
        for tissue in trust.tissues
    )


def bias_text(bias: float, unit: str) -> str:
    """Write a difference with its sign: ``+0.31 HU``, ``−2 HU``."""
    return f"{'+' if bias > 0 else ''}{number(bias, unit, digits=2)}"


def _change(before: float, after: float, less: str, more: str) -> str:
    """Write how much a figure has changed: ``63 % less``."""
    share = after / before - 1 if before > 0 else 0.0
    if round(100 * share) == 0:
        return "unchanged"
    return f"{abs(share):.0%} {less if share < 0 else more}".replace("%", " %")
