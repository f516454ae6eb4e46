"""How sharp edges are: the 10–90 % width of the strongest edges, measured across the same edges before and after."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EdgeSharpness:
    """Median 10–90 % width of edges before and after denoising.

    Attributes
    ----------
    edges
        How many were measured.
    width_before_mm, width_after_mm
        Median distance over which an edge climbs from 10 to 90 % of its height.
    ratio
        Median of the widths' ratios, after over before: 1.1 means 10 % wider.
    """

    edges: int
    width_before_mm: float
    width_after_mm: float
    ratio: float
