"""Readers: from the paths that the user dropped to volumes. Add a format here.

::

    scan(paths)   headers only -> Scan(sources, skipped, results)
    read(source)  pixels       -> Volume
    open_volume   both, where a path holds exactly one volume
    attach        heatmaps, segments and reports that lie beside a scan, over it

A file that cannot be read never stops the others: it is in ``Scan.skipped`` with its reason.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from medae.errors import ReadError, SeveralSeries
from medae.progress import Report, part, silent
from medae.readers import analyze, archive, dicom, dicom_results, itk, nifti, picture
from medae.readers.dicom_results import attach
from medae.readers.files import GZIP, NOT_AN_IMAGE, ZIPPED, os_reason, read_head
from medae.readers.index import open_index
from medae.readers.reader import Reader, ResultFile, Scan, Skipped
from medae.readers.scanning import Found, Listener, Scanning, nobody
from medae.volume import HOUNSFIELD, Source, Volume

READERS: dict[str, Reader] = {
    "nifti": nifti,
    "analyze": analyze,
    "itk": itk,
    "picture": picture,
    "results": dicom_results,
    "dicom": dicom,
}
"""All formats; the first that accepts a file reads it."""

BESIDE_SCANS = "a picture beside scans, taken for a screenshot; name the file itself to read it as a radiograph"
"""Why a picture is skipped."""

__all__ = [
    "READERS",
    "Found",
    "Listener",
    "Reader",
    "ResultFile",
    "Scan",
    "Skipped",
    "attach",
    "open_volume",
    "read",
    "scan",
]


def scan(paths: Path | str | Sequence[Path | str], report: Report = silent, listener: Listener = nobody) -> Scan:
    """Find every volume at and below the paths, reading headers only.

    Headers of DICOM files that were read before are recalled (`medae.readers.index`).

    Parameters
    ----------
    paths
        A file, a folder (searched with all its sub-folders), or several of both.
    report
        Told the progress; may raise `medae.progress.Cancelled`.
    listener
        Told each series as soon as it is found, whenever it has grown, and at the end, in the caller's thread.

    Returns
    -------
    Scan
        The volumes found, each file that gave none with its reason, and the results that belong to a volume.
        Nothing is raised because of a file's content; a path that does not exist is among the skipped.
    """
    given = [Path(path) for path in ([paths] if isinstance(paths, str | Path) else paths)]
    archive.forget_old()
    with open_index() as index, dicom.quiet():
        scanning = Scanning(READERS, _reader_for, index, listener)
        scanning.run(given, report)
        screenshots = _screenshots(scanning.accepted, {path.absolute() for path in given})
        sources = tuple(
            dict.fromkeys(scanning.finish(part(report, 0.9, 1.0)))
        )  # the two files of a pair may give one each
    used = {path for source in sources for path in source.paths} | _companions(scanning.accepted)
    skipped = scanning.skipped + screenshots
    left_out = sorted((item for item in skipped if item.path not in used), key=lambda item: str(item.path))
    report(1.0, f"Found {len(sources)} series")
    return Scan(sources, tuple(left_out), tuple(scanning.results))


def read(source: Source, report: Report = silent, modality: str | None = None) -> Volume:
    """Load one volume that a scan found.

    Parameters
    ----------
    source
        An entry of ``Scan.sources``.
    report
        Told the progress; may raise `medae.progress.Cancelled`.
    modality
        What to call the modality where the file cannot say ("CT", "MR", …). For files other than DICOM,
        "CT" also says that the values are Hounsfield units.

    Returns
    -------
    Volume
        ``volume.source`` is ``source``, with the files that could be loaded and all warnings.

    Raises
    ------
    ReadError
        Nothing of the volume could be loaded.
    """
    if source.reader not in READERS:
        raise ReadError(source.paths[0] if source.paths else "", "it was made in memory, not read from a file")
    volume = READERS[source.reader].read(source, report)
    if modality is not None:
        unit = HOUNSFIELD if modality == "CT" and source.reader != "dicom" else volume.unit
        volume = replace(volume, modality=modality, unit=unit, source=replace(volume.source, modality=modality))
    return volume


def open_volume(path: Path | str, modality: str | None = None, report: Report = silent) -> Volume:
    """Load the one volume at ``path``: a file, or a folder that holds one series.

    Parameters
    ----------
    path
        File or folder.
    modality
        See `read`.
    report
        Told the progress; may raise `medae.progress.Cancelled`.

    Raises
    ------
    ReadError
        There is nothing readable; the reasons are named.
    SeveralSeries
        There is more than one volume; they are listed.
    """
    found = scan(path, part(report, 0.0, 0.3))
    if not found.sources:
        raise ReadError(path, _nothing_readable(Path(path), found.skipped))
    if len(found.sources) > 1:
        raise SeveralSeries(_several(Path(path), found.sources))
    volume = read(found.sources[0], part(report, 0.3, 1.0), modality)
    left_out = tuple(f"Left out {item.path.name}: {item.reason}." for item in found.skipped)
    warnings = (*volume.source.warnings, *left_out)
    return replace(volume, source=replace(volume.source, warnings=warnings))


def _reader_for(path: Path) -> str:
    """Key of the reader in charge, or the reason why there is none."""
    try:
        head = read_head(path)
    except OSError as error:
        return os_reason(error)
    if not head:
        return "the file is empty (0 bytes)"
    for key, reader in READERS.items():
        if reader.accepts(path, head):
            return key
    return ZIPPED if head.startswith(GZIP) else NOT_AN_IMAGE


def _screenshots(accepted: dict[str, list[Path]], named: set[Path]) -> list[Skipped]:
    """Take pictures that lie beside scans, and were not named themselves, out of what was accepted."""
    if not any(paths for key, paths in accepted.items() if key != "picture"):
        return []
    beside = [path for path in accepted["picture"] if path.absolute() not in named]
    accepted["picture"] = [path for path in accepted["picture"] if path.absolute() in named]
    return [Skipped(path, BESIDE_SCANS) for path in beside]


def _companions(accepted: dict[str, list[Path]]) -> set[Path]:
    """Files that belong to a header among those accepted; they are no failures."""
    detached = {companion for path in accepted["itk"] for companion in itk.companions(path)}
    return detached | {companion for path in accepted["analyze"] for companion in analyze.companions(path)}


def _nothing_readable(path: Path, skipped: Sequence[Skipped]) -> str:
    if not skipped:
        return "the folder holds no files; choose one with DICOM, NIfTI, NRRD or MetaImage files"
    if len(skipped) == 1 and skipped[0].path == path:
        return skipped[0].reason
    reasons = "; ".join(f"{item.path.name}: {item.reason}" for item in skipped[:3])
    more = f"; and {len(skipped) - 3} more" if len(skipped) > 3 else ""
    return f"none of the {len(skipped)} files is an image that MedAE can read ({reasons}{more})"


def _several(path: Path, sources: Sequence[Source]) -> str:
    listed = "; ".join(
        f"{'×'.join(map(str, source.shape))} {source.modality} from {source.paths[0].name}".replace("  ", " ")
        for source in sources[:4]
    )
    more = f"; and {len(sources) - 4} more" if len(sources) > 4 else ""
    return f"{path}: holds {len(sources)} volumes, name one of them ({listed}{more})"
