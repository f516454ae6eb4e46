"""What can be exported from a result, and what each export would write: asked before anything is written."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from medae.errors import MedaeError, SettingsError
from medae.results import Result

if TYPE_CHECKING:
    from medae.exporters.exporter import Exporter, Output
    from medae.volume import Window

NAME = "{name}"
"""Stands in the names of the outputs for the name that is still to be chosen."""

_ASKED_ELSEWHERE = ("deterministic_uids", "file_name", "flat")
"""Options that hold for the whole export, or for scripts that want files at an exact place."""


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
        What it would write with the options asked for; `NAME` stands in the names.
    picture
        (rows, columns, 3) of the first slice as it will look, None where it is no picture.
    schema
        JSON schema of the options that the user may set; without properties where there are none.
    problem
        Why the options asked for cannot be used; empty where they can.
    """

    key: str
    title: str
    reason: str | None
    outputs: "tuple[Output, ...]" = ()
    picture: NDArray[np.uint8] | None = None
    schema: Mapping[str, Any] = field(default_factory=dict)
    problem: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Offer:
    """All exporters, and what de-identification would leave in the pixels (sentences)."""

    choices: tuple[Choice, ...]
    warnings: tuple[str, ...] = ()


def offer(result: Result, options: Mapping[str, Mapping[str, Any]] | None = None) -> Offer:
    """Ask every exporter about a result. Reads headers and looks for findings: call it in a thread.

    Parameters
    ----------
    result
        What is to be exported, as it will be exported (`medae.results.adjusted`).
    options
        By exporter, those that differ from the defaults.
    """
    from medae.exporters import EXPORTERS
    from medae.windowing import default_window

    window = default_window(result.original)
    choices = [_choice(result, key, EXPORTERS[key], (options or {}).get(key, {}), window) for key in EXPORTERS]
    return Offer(tuple(choices), _warnings(result))


def _choice(result: Result, key: str, exporter: "Exporter", options: Mapping[str, Any], window: "Window") -> Choice:
    from medae.exporters import chosen_options

    reason = exporter.accepts(result)
    if reason is not None:
        return Choice(key, exporter.TITLE, reason)
    schema = exporter.Options.model_json_schema()
    schema["properties"] = {
        name: entry for name, entry in schema.get("properties", {}).items() if name not in _ASKED_ELSEWHERE
    }
    try:
        ((_, chosen),) = chosen_options((key,), {key: options})
        outputs = exporter.outputs(result, NAME, chosen)
    except SettingsError as error:
        return Choice(key, exporter.TITLE, None, schema=schema, problem=str(error))
    return Choice(key, exporter.TITLE, None, outputs, _picture(result, key, chosen, window), schema)


def _picture(result: Result, key: str, options: Any, window: "Window") -> NDArray[np.uint8] | None:
    """Draw the first slice, or the one asked for, with the opacity and window asked for."""
    from medae.exporters.drawing import fuse, grey
    from medae.windowing import window_with

    kind = _shown_by(key, result)
    k = min(max(getattr(options, "slice_number", 0) - 1, 0), result.original.shape[0] - 1)
    window = window_with(window, getattr(options, "window_center", None), getattr(options, "window_width", None))
    if kind == "denoised" and result.denoised is not None:
        return grey(result.denoised, k, window)
    if kind == "heatmap" and result.anomaly_map is not None:
        return fuse(result.original, result.anomaly_map, k, window, getattr(options, "opacity", 0.6))
    return None


def _shown_by(key: str, result: Result) -> str:
    """Which picture stands for an exporter; empty where it writes no picture."""
    if key in ("parametric-map", "secondary-capture", "segmentation", "presentation-state"):
        return "heatmap" if result.anomaly_map is not None else "denoised"
    if key in ("derived-series", "nifti", "png", "animation"):
        return "denoised" if result.denoised is not None else "heatmap"
    return ""


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
