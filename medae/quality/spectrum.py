"""Noise power spectra, in the definition of IEC 62220-1 and ICRU 87."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NoiseSpectrum:
    """Radial noise power spectra of flat parts of the scan.

    Attributes
    ----------
    frequencies
        1/mm, ascending.
    before
        NPS of the original, in the volume's unit squared times mm².
    removed
        NPS of what the denoiser took away, same unit.
    peak_before, peak_after
        Frequency at which the NPS of the original and of the denoised scan is largest, 1/mm.
    """

    frequencies: tuple[float, ...]
    before: tuple[float, ...]
    removed: tuple[float, ...]
    peak_before: float
    peak_after: float
