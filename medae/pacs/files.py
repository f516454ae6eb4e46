"""Which files are DICOM, among those that the user names."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from pydicom.misc import is_dicom


def dicom_files(paths: Sequence[Path]) -> tuple[tuple[Path, ...], int]:
    """Find the DICOM files (with a preamble, PS3.10 7.1) at and below some paths.

    Parameters
    ----------
    paths
        Files and folders; what is hidden below a folder, and DICOMDIRs, are passed over.

    Returns
    -------
    tuple of Path, int
        The files, each once, in the order of their names; and how many others there are.
    """
    found: dict[Path, None] = {}
    others = 0
    for path in _files(paths):
        if _is_wanted(path):
            found[path.absolute()] = None
        else:
            others += 1
    return tuple(found), others


def _files(paths: Sequence[Path]) -> Iterable[Path]:
    for path in paths:
        if path.is_dir():
            below = (each for each in path.rglob("*") if each.is_file())
            yield from sorted(
                each for each in below if not any(n.startswith(".") for n in each.relative_to(path).parts)
            )
        else:
            yield path


def _is_wanted(path: Path) -> bool:
    try:
        return path.name.upper() != "DICOMDIR" and is_dicom(path)
    except OSError:
        return False
