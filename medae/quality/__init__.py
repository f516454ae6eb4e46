"""Measures of noise, and of what a denoiser did to a scan. Arrays are (slices, rows, columns)."""

from medae.quality.sharpness import EdgeSharpness
from medae.quality.spectrum import NoiseSpectrum
from medae.quality.tissue import TissueBias
from medae.quality.trust import TrustReport, measure

__all__ = ["EdgeSharpness", "NoiseSpectrum", "TissueBias", "TrustReport", "measure"]
