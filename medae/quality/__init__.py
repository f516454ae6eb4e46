"""Measures of noise, and of what a denoiser did to a scan. Arrays are (slices, rows, columns)."""

from medae.quality.noise import NoiseEstimate, estimate_noise, noise_map
from medae.quality.sharpness import EdgeSharpness
from medae.quality.spectrum import NoiseSpectrum
from medae.quality.tissue import TissueBias
from medae.quality.trust import TrustReport, measure

__all__ = [
    "EdgeSharpness",
    "NoiseEstimate",
    "NoiseSpectrum",
    "TissueBias",
    "TrustReport",
    "estimate_noise",
    "measure",
    "noise_map",
]
