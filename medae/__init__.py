"""MedAE: autoencoders for medical images. Research use only, not for diagnosis.

The API for notebooks::

    import medae
    volume = medae.open("scan.nii.gz", modality="MR")
    clean = medae.denoise(volume)                 # Volume, same grid, unit and dtype
    anomaly_map = medae.detect(volume)            # AnomalyMap in z-scores, with .findings
    medae.export(medae.Result(volume, clean, anomaly_map), "out", ("nifti", "png"))

Names are resolved on first use, so that ``import medae`` stays fast.
"""

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from medae.exporters import export
    from medae.inference.denoise import denoise
    from medae.inference.detect import detect
    from medae.jobs.batch import batch
    from medae.readers import open_volume as open  # noqa: A004 - medae.open, like PIL.Image.open
    from medae.readers import scan
    from medae.results import AnomalyMap, Finding, Result
    from medae.volume import Source, Volume

    __version__: str

_HOMES = {
    "open": ("medae.readers", "open_volume"),
    "scan": ("medae.readers", "scan"),
    "denoise": ("medae.inference", "denoise"),
    "detect": ("medae.inference", "detect"),
    "export": ("medae.exporters", "export"),
    "batch": ("medae.jobs.batch", "batch"),
    "AnomalyMap": ("medae.results", "AnomalyMap"),
    "Finding": ("medae.results", "Finding"),
    "Result": ("medae.results", "Result"),
    "Source": ("medae.volume", "Source"),
    "Volume": ("medae.volume", "Volume"),
}

__all__ = [
    "AnomalyMap",
    "Finding",
    "Result",
    "Source",
    "Volume",
    "batch",
    "denoise",
    "detect",
    "export",
    "open",
    "scan",
]


def __getattr__(name: str) -> object:
    """Import public names on first use (PEP 562)."""
    if name == "__version__":
        try:
            return version("medae")
        except PackageNotFoundError:
            return "0+checkout"
    if name not in _HOMES:
        raise AttributeError(f"module 'medae' has no attribute {name!r}")
    module, attribute = _HOMES[name]
    return getattr(import_module(module), attribute)
