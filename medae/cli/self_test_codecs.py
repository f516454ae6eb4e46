"""Self-test of the decoders: one small file for each transfer syntax, compared with the image it was made from."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from medae.cli.check import Check

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SIZE = 32
"""Rows and columns of the sample image."""


@dataclass(frozen=True, slots=True)
class Syntax:
    """A transfer syntax (PS3.5 annex A).

    Attributes
    ----------
    name, uid
        As in PS3.6 table A-1, the name shortened.
    bits
        BitsStored of the sample: 8 where the syntax allows no more.
    tolerance
        Largest error of a pixel in stored values; 0 for lossless.
    """

    name: str
    uid: str
    bits: int = 12
    tolerance: float = 0.0


SYNTAXES = (
    Syntax("Implicit VR Little Endian", "1.2.840.10008.1.2"),
    Syntax("Explicit VR Little Endian", "1.2.840.10008.1.2.1"),
    Syntax("Deflated Explicit VR Little Endian", "1.2.840.10008.1.2.1.99"),
    Syntax("Explicit VR Big Endian", "1.2.840.10008.1.2.2"),
    Syntax("JPEG Baseline", "1.2.840.10008.1.2.4.50", bits=8, tolerance=8),
    Syntax("JPEG Extended", "1.2.840.10008.1.2.4.51", tolerance=60),
    Syntax("JPEG Lossless", "1.2.840.10008.1.2.4.57"),
    Syntax("JPEG Lossless SV1", "1.2.840.10008.1.2.4.70"),
    Syntax("JPEG-LS Lossless", "1.2.840.10008.1.2.4.80"),
    Syntax("JPEG-LS Near-lossless", "1.2.840.10008.1.2.4.81", tolerance=3),
    Syntax("JPEG 2000 Lossless", "1.2.840.10008.1.2.4.90"),
    Syntax("JPEG 2000", "1.2.840.10008.1.2.4.91", tolerance=60),
    Syntax("HTJ2K Lossless", "1.2.840.10008.1.2.4.201"),
    Syntax("HTJ2K", "1.2.840.10008.1.2.4.203", tolerance=60),
    Syntax("RLE Lossless", "1.2.840.10008.1.2.5"),
)
"""What MedAE reads."""


def sample_image(bits: int) -> "NDArray[np.uint16]":
    """Smooth image that every sample was made from: (rows, columns), ``bits`` stored."""
    import numpy as np

    row, column = np.mgrid[:SIZE, :SIZE]
    waves = 0.5 + 0.4 * np.sin(row / 5) * np.cos(column / 7)
    return np.rint(waves * (2**bits - 1)).astype(np.uint16)


def check_codecs() -> Iterator[Check]:
    """Decode the sample of every transfer syntax."""
    for syntax in SYNTAXES:
        try:
            worst = _worst_error(syntax)
        except Exception as error:  # noqa: BLE001 - a decoder may raise anything; the others are still tried
            yield Check(f"DICOM {syntax.name}", f"cannot be read ({type(error).__name__}: {error})", ok=False)
        else:
            found = "equal to the original" if worst == 0 else f"within {worst:g} of {2**syntax.bits - 1}"
            yield Check(f"DICOM {syntax.name}", found, ok=worst <= syntax.tolerance)


def _worst_error(syntax: Syntax) -> float:
    import numpy as np
    from pydicom import dcmread
    from pydicom.pixels import iter_pixels

    from medae.bundle import resources_folder
    from medae.readers import decoders

    decoders.prepare()
    data = dcmread(resources_folder() / "samples" / "codecs" / f"{syntax.uid}.dcm")
    found = data.file_meta.TransferSyntaxUID
    if found != syntax.uid:
        raise ValueError(f"the sample is in {found.name}")
    pixels = next(iter_pixels(data, decoding_plugin=decoders.plugin_for(data)))
    difference = pixels.astype(np.float64) - sample_image(syntax.bits)
    return float(np.abs(difference).max())
