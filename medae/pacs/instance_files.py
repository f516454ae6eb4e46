"""Instances that came over the network, as files: each whole or not there, named without patient data."""

import hashlib
import os
import uuid
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from medae.errors import ReadError

TEMPORARY = ".coming-"
"""Beginning of the names of files that are being written."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Which instance a file holds."""

    series_instance_uid: str
    sop_instance_uid: str


def key(*parts: str) -> str:
    """Name for what these parts identify: 24 hexadecimal digits, always the same for the same parts."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]


def identity(data: bytes) -> Identity:
    """Read from a DICOM file in memory which instance it is.

    Raises
    ------
    ReadError
        It has no readable header, or names no series or instance.
    """
    import pydicom  # here: the window imports this module at its start, and needs no pydicom then
    from pydicom.errors import InvalidDicomError

    try:
        header = pydicom.dcmread(
            BytesIO(data), specific_tags=["SeriesInstanceUID", "SOPInstanceUID"], stop_before_pixels=True
        )
        found = Identity(str(header.SeriesInstanceUID), str(header.SOPInstanceUID))
    except (InvalidDicomError, OSError, ValueError, TypeError, LookupError, AttributeError, EOFError) as error:
        raise ReadError("instance", "its header cannot be read or names no series") from error
    if not found.series_instance_uid or not found.sop_instance_uid:
        raise ReadError("instance", "it names no series or no instance")
    return found


def write_instance(data: bytes, sop_instance_uid: str, folder: Path) -> Path:
    """Write a DICOM file into a folder, whole or not at all; the same instance takes its earlier place.

    The bytes are on the disk when this returns.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{key(sop_instance_uid)}.dcm"
    temporary = folder / f"{TEMPORARY}{uuid.uuid4().hex}"
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        _sync_folder(folder)
    finally:
        temporary.unlink(missing_ok=True)
    return path


def _sync_folder(folder: Path) -> None:
    """Bring the new name onto the disk, too; Windows does so by itself."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def instance_files(folder: Path) -> tuple[Path, ...]:
    """Give the files of a folder that `write_instance` has written, in the order of their names."""
    return tuple(sorted(folder.glob("*.dcm")))
