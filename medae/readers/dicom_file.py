"""Reading a data set with pydicom: memory stays bounded whatever lengths a damaged file declares."""

import os
import struct
import zlib
from io import BufferedReader, FileIO
from pathlib import Path
from typing import Any

import pydicom
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError

from medae.errors import ReadError
from medae.readers.files import os_reason

DAMAGED = "the DICOM header is damaged or cut off; copy the file again"
MOST_RATIO = 200
"""A deflated file may expand so many times, where that makes more than `ALWAYS_BYTES`."""
ALWAYS_BYTES = 256 * 1024**2

_BLOCK = 1 << 20
_DEFLATED = b"1.2.840.10008.1.2.1.99"


class BoundedFile(BufferedReader):
    """A file that never makes room for more bytes than it has."""

    def __init__(self, path: Path) -> None:
        super().__init__(FileIO(path))
        self._size = os.fstat(self.fileno()).st_size

    def read(self, size: int | None = -1, /) -> bytes:
        """Read at most ``size`` bytes, and no more than there are."""
        if size is not None and size > _BLOCK:
            size = min(size, max(self._size - self.tell(), 0))
        return super().read(size)


def read_dataset(path: Path, **options: Any) -> Dataset:
    """Read a DICOM file, with or without preamble; raises ReadError.

    Parameters
    ----------
    path
        The file.
    options
        Of ``pydicom.dcmread``.
    """
    try:
        with BoundedFile(path) as file:
            return parse(path, file, **options)
    except OSError as error:
        raise ReadError(path, os_reason(error)) from error


def parse(path: Path, file: BufferedReader, **options: Any) -> Dataset:
    """Read a data set from an opened file, which is left where reading stopped; raises ReadError, OSError."""
    _refuse_bomb(path, file)
    file.seek(0)
    try:
        return pydicom.dcmread(file, force=True, **options)
    except (InvalidDicomError, EOFError, NotImplementedError, zlib.error, struct.error) as error:
        raise ReadError(path, DAMAGED) from error
    except OSError:
        raise
    except Exception as error:  # pydicom raises almost anything on malformed headers
        raise ReadError(
            path, f"the DICOM header is damaged or cut off ({type(error).__name__}); copy the file again"
        ) from error


def _refuse_bomb(path: Path, file: BufferedReader) -> None:
    """Measure what a deflated data set (PS3.5 A.5) expands to, and raise ReadError where that is absurd."""
    file.seek(0)
    head = file.read(1024)
    if _DEFLATED not in head or head[132:138] != b"\2\0\0\0UL":
        return
    file.seek(144 + struct.unpack("<L", head[140:144])[0])
    inflate, total, packed = zlib.decompressobj(-zlib.MAX_WBITS), 0, 0
    try:
        while block := file.read(_BLOCK):
            packed += len(block)
            while block:
                total += len(inflate.decompress(block, _BLOCK))
                block = inflate.unconsumed_tail
                if total > ALWAYS_BYTES and total > MOST_RATIO * packed:
                    raise ReadError(path, "it expands far more than scans do; unpack it first if you trust it")
    except zlib.error:
        return  # reading it says so
