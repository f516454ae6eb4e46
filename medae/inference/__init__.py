"""Inference: denoise a scan, map its anomalies."""

from medae.inference.denoise import denoise
from medae.inference.detect import detect

__all__ = ["denoise", "detect"]
