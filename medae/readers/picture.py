"""Pictures of radiographs (PNG, TIFF, JPEG), through Pillow.

Pictures do not say their modality, nor how large their pixels are in the patient: the resolution that they state is
that of paper.
"""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from medae.errors import ReadError
from medae.progress import Report
from medae.readers.dicom_colour import brightness
from medae.readers.files import os_reason
from medae.readers.reader import Scan, scan_each
from medae.volume import Source, Volume

if TYPE_CHECKING:
    from PIL.Image import Image

TITLE = "PNG, TIFF and JPEG"
SUFFIXES: tuple[str, ...] = (".png", ".tif", ".tiff", ".jpg", ".jpeg")

DTYPES = {"L": "u1", "I;16": "u2", "I;16B": "u2", "I;16L": "u2", "I": "i4", "F": "f4"}
"""Pillow's modes of one grey value per pixel, and how the values are stored here."""

COLOURS = frozenset({"RGB", "RGBA", "P", "PA", "LA", "CMYK", "YCbCr", "HSV", "LAB"})
"""Pillow's modes that are turned into red, green and blue."""

SPACING_WARNING = "A picture gives no pixel size; 1 mm is assumed, sizes in mm are not right."


def accepts(path: Path, head: bytes) -> bool:
    """Tell by the file's name, unless it is DICOM of that name."""
    return path.name.lower().endswith(SUFFIXES) and head[128:132] != b"DICM"


def scan(paths: Sequence[Path], report: Report) -> Scan:
    """Read the headers; each picture is a volume of one slice."""
    return scan_each(paths, report, _source)


def _source(path: Path) -> tuple[Source, int]:
    with _opened(path) as picture:
        columns, rows = picture.size
    source = Source(
        paths=(path,),
        reader="picture",
        description=path.stem,
        shape=(1, rows, columns),
        warnings=(SPACING_WARNING,),
    )
    return source, 1


def read(source: Source, report: Report) -> Volume:
    """Load one picture, 8 or 16 bit as stored; one that is saved in colours but grey is grey."""
    path = source.paths[0]
    report(0.0, f"Reading {path.name}")
    colour: NDArray[np.uint8] | None = None
    with _opened(path) as picture:
        if picture.mode in COLOURS:
            colour = np.array(picture.convert("RGB"))
            array: NDArray[np.generic] = brightness(colour)
            if (colour == array[..., None]).all():
                colour = None
        else:
            array = np.array(picture).astype(DTYPES[picture.mode])
    report(1.0, f"Read {path.name}")
    return Volume(
        array=array[None],
        affine=np.eye(4)[:, [2, 1, 0, 3]],
        modality=source.modality,
        colour=None if colour is None else colour[None],
        source=source,
    )


@contextmanager
def _opened(path: Path) -> Iterator["Image"]:
    """Open a picture of one page, and turn what Pillow says about its pixels into a `ReadError`."""
    import PIL.Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # they quote the file's tags
            with PIL.Image.open(path) as picture:
                _check(path, picture)
                yield picture
    except PIL.Image.DecompressionBombError as error:
        raise ReadError(path, "it has more pixels than a radiograph can have; make it smaller") from error
    except (PIL.UnidentifiedImageError, SyntaxError, ValueError) as error:
        raise ReadError(path, "it is damaged, or not the kind of picture that its name says") from error
    except OSError as error:
        reason = os_reason(error) if error.errno else "the file is cut off or damaged; copy it again"
        raise ReadError(path, reason) from error


def _check(path: Path, picture: "Image") -> None:
    pages = getattr(picture, "n_frames", 1)
    if pages != 1:
        raise ReadError(path, f"it has {pages} pages; MedAE reads pictures of one")
    if picture.mode == "1":
        raise ReadError(path, "the picture is black and white only; save it as greyscale of 8 or 16 bit")
    if picture.mode not in DTYPES and picture.mode not in COLOURS:
        raise ReadError(
            path, f"the picture is of an unusual kind ({picture.mode}); save it as greyscale of 8 or 16 bit"
        )
