"""What can be exported from a result, and what each export would write: asked before anything is written."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from medae.errors import MedaeError
from medae.results import Result

if TYPE_CHECKING:
    from medae.exporters.exporter import Output

NAME = "{name}"
"""Stands in the names of the outputs for the name that is still to be chosen."""


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """One exporter as it is offered.

    Attributes
    ----------
    key, title
        Of the exporter.
    reason
        Why it cannot be used; None where it can.
    outputs
        What it would write with its usual options; `NAME` stands in the names.
    picture
        (rows, columns, 3) of the first slice as it will look, None where it is no picture.
    """

    key: str
    title: str
    reason: str | None
    outputs: "tuple[Output, ...]" = ()
    picture: NDArray[np.uint8] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Offer:
    """All exporters, and what de-identification would leave in the pixels (sentences)."""

    choices: tuple[Choice, ...]
    warnings: tuple[str, ...] = ()


def offer(result: Result, threshold: float | None = None) -> Offer:
    """Ask every exporter about a result. Reads headers and looks for findings: call it in a thread.

    Parameters
    ----------
    result
        What is to be exported.
    threshold
        z above which a voxel belongs to a finding, instead of the anomaly map's own.
    """
    from medae.exporters import EXPORTERS

    if result.anomaly_map is not None and threshold is not None:
        result = replace(result, anomaly_map=replace(result.anomaly_map, threshold=threshold))
    pictures = _pictures(result)
    choices = []
    for key, exporter in EXPORTERS.items():
        reason = exporter.accepts(result)
        if reason is not None:
            choices.append(Choice(key, exporter.TITLE, reason))
            continue
        outputs = exporter.outputs(result, NAME, exporter.Options())
        choices.append(Choice(key, exporter.TITLE, None, outputs, pictures.get(_shown_by(key, result))))
    return Offer(tuple(choices), _warnings(result))


def _shown_by(key: str, result: Result) -> str:
    """Which picture stands for an exporter; empty where it writes no picture."""
    if key in ("parametric-map", "secondary-capture", "segmentation", "presentation-state"):
        return "heatmap" if result.anomaly_map is not None else "denoised"
    if key in ("derived-series", "nifti", "png", "animation"):
        return "denoised" if result.denoised is not None else "heatmap"
    return ""


def _pictures(result: Result) -> dict[str, NDArray[np.uint8]]:
    from medae.exporters.drawing import fuse, grey
    from medae.windowing import default_window

    window = default_window(result.original)
    found = {}
    if result.denoised is not None:
        found["denoised"] = grey(result.denoised, 0, window)
    if result.anomaly_map is not None:
        found["heatmap"] = fuse(result.original, result.anomaly_map, 0, window, 0.6)
    return found


def _warnings(result: Result) -> tuple[str, ...]:
    from medae.exporters import deidentify, dicom_file

    source = result.original.source
    if source.reader != "dicom" or not source.paths:
        return ()
    try:
        return deidentify.warnings(dicom_file.read_header(source.paths[0]))
    except MedaeError:
        return ()


def size_text(size: int | None) -> str:
    """Give a size for people: ``"12 MB"``; empty where it is not known."""
    if size is None:
        return ""
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= factor:
            number = size / factor
            return f"{number:.1f} {unit}" if number < 10 else f"{number:.0f} {unit}"
    return f"{size} B"
