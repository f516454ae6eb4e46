"""DICOMDIR: the files that an index names, looked for without regard to case and inside its folder only (PS3.10 8)."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from medae.readers.reader import Skipped

INDEX_CLASS = b"1.2.840.10008.1.3.10"
"""SOP class of a DICOMDIR (Media Storage Directory Storage)."""

OUTSIDE = "the DICOMDIR names a file outside of its folder; it was not opened"


def is_index(path: Path, head: bytes) -> bool:
    """Tell from the name and the first bytes whether a file is a DICOMDIR."""
    return path.name.upper() == "DICOMDIR" or INDEX_CLASS in head


def referenced(index: Path) -> tuple[list[Path], list[Skipped]] | None:
    """Find the files that a DICOMDIR names.

    Parameters
    ----------
    index
        The DICOMDIR.

    Returns
    -------
    files, skipped
        The files that are there, in the order of the index, each once; and those that are not there or may not be
        opened. None where the index cannot be read or names nothing: then its folder is all that is known.
    """
    root = index.parent.resolve()
    listing: dict[Path, dict[str, Path]] = {}
    files: dict[Path, None] = {}
    skipped: list[Skipped] = []
    for parts in _names(index):
        if any(part in ("", ".", "..") or "/" in part or "\\" in part or ":" in part for part in parts):
            skipped.append(Skipped(index.parent / index.name, OUTSIDE))
            continue
        path = _find(index.parent, parts, listing)
        if path is None:
            skipped.append(Skipped(index.parent.joinpath(*parts), "the DICOMDIR names it, but it is not there"))
        elif not path.resolve().is_relative_to(root):
            skipped.append(Skipped(path, OUTSIDE))
        else:
            files[path] = None
    return (list(files), skipped) if files or skipped else None


def _names(index: Path) -> Iterator[Sequence[str]]:
    """Components of each ReferencedFileID (0004,1500) of a record in use."""
    import warnings

    from medae.readers.dicom_file import read_dataset

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # they quote values, and so may hold patient data
        try:
            records = read_dataset(index).get("DirectoryRecordSequence") or ()
            values = [
                record.get("ReferencedFileID") for record in records if record.get("RecordInUseFlag", 0xFFFF) != 0
            ]
        except Exception:  # noqa: BLE001 - pydicom raises almost anything on malformed files
            return
    for value in values:
        if value:
            yield [value] if isinstance(value, str) else [str(part) for part in value]


def _find(folder: Path, parts: Sequence[str], listing: dict[Path, dict[str, Path]]) -> Path | None:
    """Follow names down from a folder, whatever their case; ISO 9660's ``;1`` and last dot do not count."""
    path = folder
    for part in parts:
        if path not in listing:
            try:
                listing[path] = {_plain(child.name): child for child in sorted(path.iterdir(), reverse=True)}
            except OSError:
                listing[path] = {}
        exact = path / part
        found = exact if exact in listing[path].values() else listing[path].get(_plain(part))
        if found is None:
            return None
        path = found
    return path if path.is_file() else None


def _plain(name: str) -> str:
    return name.split(";")[0].rstrip(".").casefold()
