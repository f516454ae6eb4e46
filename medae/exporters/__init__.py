"""Exporters: every way in which a result leaves MedAE. To add one, write its module and name it here."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from medae.confidentiality import Deidentify
from medae.errors import ExportError, SettingsError, UnsupportedVolume
from medae.exporters import (
    animation,
    derived_series,
    findings,
    nifti,
    parametric_map,
    png,
    presentation_state,
    secondary_capture,
    segmentation,
    structured_report,
    trust_report,
)
from medae.exporters.deidentify import Deidentifier, deidentify_file, name_reveals
from medae.exporters.dicom_file import read_header
from medae.exporters.encoding import Compression, compress_file
from medae.exporters.exporter import Exporter, ExporterOptions, staged
from medae.exporters.findings import findings_csv, findings_json
from medae.progress import Report, part, silent
from medae.results import Result

__all__ = [
    "EXPORTERS",
    "Compression",
    "Deidentifier",
    "Exporter",
    "chosen_options",
    "export",
    "findings_csv",
    "findings_json",
]

EXPORTERS: dict[str, Exporter] = {
    "derived-series": derived_series,
    "parametric-map": parametric_map,
    "secondary-capture": secondary_capture,
    "segmentation": segmentation,
    "structured-report": structured_report,
    "presentation-state": presentation_state,
    "nifti": nifti,
    "png": png,
    "animation": animation,
    "findings": findings,
    "trust-report": trust_report,
}


def export(
    result: Result,
    folder: Path | str,
    exporters: Sequence[str] = ("derived-series",),
    *,
    name: str = "series",
    options: Mapping[str, Any] | None = None,
    deidentify: Deidentify | Deidentifier | None = None,
    compression: Compression = "none",
    overwrite: bool = False,
    report: Report = silent,
) -> tuple[Path, ...]:
    """Write a result in one or more ways, whole or not at all.

    Parameters
    ----------
    result
        What was computed.
    folder
        Where to write; made when absent.
    exporters
        Keys of `EXPORTERS`.
    name
        First part of every file name; carry no patient data in it.
    options
        Either options by exporter, ``{"derived-series": {"flat": True}}``, or options for every chosen exporter
        that has them, ``{"deterministic_uids": True}``.
    deidentify
        Take out of every DICOM output what tells whose scan it is. Give the same `Deidentifier` to several calls
        to keep references between their outputs.
    compression
        Of DICOM images; lossless.
    overwrite
        Replace outputs that exist. Input files are never replaced.
    report
        Progress and cancel.

    Returns
    -------
    tuple of Path
        The files written, in the order of ``exporters``.

    Raises
    ------
    SettingsError
        For an unknown exporter, option or an impossible name.
    UnsupportedVolume
        When an exporter cannot take this result; the sentence says why.
    ExportError
        When the output exists or cannot be written. Nothing partial is left behind.
    """
    folder = Path(folder)
    _check_name(name, result, anonymous=deidentify is not None)
    chosen = chosen_options(exporters, options or {})
    check_accepted(result, exporters)
    written: dict[str, tuple[Path, ...]] = {}
    with staged(folder, result.original.source.paths, overwrite) as stage:
        share = 0.7 if deidentify is not None or compression != "none" else 1.0
        for number, (key, exporter_options) in enumerate(chosen):
            progress = part(report, share * number / len(chosen), share * (number + 1) / len(chosen))
            written[key] = _run(EXPORTERS[key], result, stage, name, exporter_options, progress)
        paths = [path for key in dict.fromkeys(exporters) for path in written[key]]
        _finish(paths, _deidentifier(deidentify, options or {}), compression, part(report, share, 1.0))
        report(1.0, "Exported")  # the last moment to cancel: what stands in its place is not taken back
    return tuple(folder / path.relative_to(stage) for path in paths)


def _deidentifier(wanted: Deidentify | Deidentifier | None, options: Mapping[str, Any]) -> Deidentifier | None:
    if isinstance(wanted, Deidentify):
        return Deidentifier(wanted, deterministic=bool(options.get("deterministic_uids")))
    return wanted


def check_accepted(result: Result, keys: Sequence[str]) -> None:
    """Raise `UnsupportedVolume` with the reason if an exporter cannot write the result."""
    for key in keys:
        reason = EXPORTERS[key].accepts(result)
        if reason is not None:
            raise UnsupportedVolume(f"{EXPORTERS[key].TITLE}: {reason}")


def _check_name(name: str, result: Result, *, anonymous: bool) -> None:
    """Refuse what cannot be a file name, and a name of a de-identified output that tells the patient."""
    if not name or name != Path(name).name or name.startswith("."):
        raise SettingsError(f"{name!r} cannot be the name of an output; use letters, digits, - and _.")
    source = result.original.source
    if anonymous and source.reader == "dicom" and source.paths and name_reveals(name, read_header(source.paths[0])):
        raise SettingsError("The name of the outputs holds the patient's name or ID; choose another one.")


def _finish(paths: Sequence[Path], deidentifier: Deidentifier | None, compression: Compression, report: Report) -> None:
    """De-identify and compress the DICOM files that the exporters wrote."""
    if deidentifier is None and compression == "none":
        return
    files = [path for path in paths if path.suffix == ".dcm"]
    for number, path in enumerate(files):
        report(number / len(files), f"Finishing file {number + 1} of {len(files)}")
        if deidentifier is not None:
            deidentify_file(path, deidentifier)
        if compression != "none":
            compress_file(path, compression)


def _run(
    exporter: Exporter, result: Result, stage: Path, name: str, options: ExporterOptions, report: Report
) -> tuple[Path, ...]:
    """Run one exporter; what its libraries raise about odd headers becomes an `ExportError`."""
    try:
        return exporter.export(result, stage, name, options, report)
    except (ValueError, TypeError, AttributeError, LookupError, RuntimeError, NotImplementedError) as error:
        # The text of the error may quote the patient's data: it stays in the chain, out of the message.
        raise ExportError(
            f"{exporter.TITLE}: the headers of this scan do not allow it ({type(error).__name__}); "
            "try another format. Nothing was left behind."
        ) from error


def chosen_options(keys: Sequence[str], options: Mapping[str, Any]) -> list[tuple[str, ExporterOptions]]:
    """Pair each chosen exporter with its validated options, in the order of `EXPORTERS`.

    Parameters
    ----------
    keys, options
        As `export` takes them.

    Raises
    ------
    SettingsError
        For an unknown exporter or option, or a value that does not fit.
    """
    if not keys:
        raise SettingsError(f"Choose at least one exporter of: {', '.join(EXPORTERS)}.")
    unknown = [key for key in keys if key not in EXPORTERS]
    if unknown:
        raise SettingsError(f"No exporter is called {unknown[0]!r}; there are: {', '.join(EXPORTERS)}.")
    general = {key: value for key, value in options.items() if key not in EXPORTERS}
    known = {field for key in keys for field in EXPORTERS[key].Options.model_fields}
    for field in general:
        if field not in known:
            raise SettingsError(f"No chosen exporter has the option {field!r}; known: {', '.join(sorted(known))}.")
    chosen = []
    for key in sorted(set(keys), key=list(EXPORTERS).index):  # a presentation state looks at the series before it
        model = EXPORTERS[key].Options
        given = {field: value for field, value in general.items() if field in model.model_fields}
        try:
            chosen.append((key, model(**{**given, **options.get(key, {})})))
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(place) for place in first["loc"])
            raise SettingsError(f"{key}: option {where}: {first['msg']}.") from error
    return chosen
