"""Every common transfer syntax: a file of it opens, with the pixels it was made of."""

import base64
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import PIL.Image
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    HTJ2K,
    JPEG2000,
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    HTJ2KLossless,
    HTJ2KLosslessRPCL,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

from medae import readers
from medae.errors import ReadError

from . import odd

SHAPE = (40, 48)
SIGNED = (np.add.outer(np.arange(40) * 20, np.arange(48) * 7) - 500).astype(np.int16)
UNSIGNED = (SIGNED + 500).astype(np.uint16)
SMOOTH_8 = (UNSIGNED // 8).astype(np.uint8)

HTJ2K_STREAM = base64.b64decode(
    "/0//UQApQAAAAAAIAAAACAAAAAAAAAAAAAAACAAAAAgAAAAAAAAAAAABDwEB/1AACAACAAAACv9SAAwAAgABAAUEBEAB/1wAEyCIkJCQkJCQkJCQ"
    "kJCQiIiI/2QAFwABT3BlbkpQSCBWZXIgMC4yNi4zLv+QAAoAAAAAAFoAAf+TwAAmNfYFB3QAAADAABNAABMAKv4CB3QAZPEDh3QAwAATQAATgBAQ"
    "AYJ0AJIoiQDDVADAACogABVgOI7jqnCCdQDOO3fu/MBCAey2AP/Z"
)
"""``arange(64).reshape(8, 8) * 61`` as uint16, losslessly in RPCL order, by OpenJPH 0.26.3."""
HTJ2K_PIXELS = (np.arange(64).reshape(8, 8) * 61).astype(np.uint16)


def plain(array: np.ndarray) -> Dataset:
    """CT slice of an array."""
    return odd.dataset(0, array)


def save_as(array: np.ndarray, syntax: UID, path: Path) -> None:
    """Write uncompressed."""
    data = plain(array)
    data.file_meta.TransferSyntaxUID = syntax
    if syntax == ExplicitVRBigEndian:
        data.PixelData = array.astype(array.dtype.newbyteorder(">")).tobytes()
        data["PixelData"].VR = "OW"
    data.save_as(path, enforce_file_format=True)


def by_pydicom(array: np.ndarray, syntax: UID, path: Path, **options: object) -> None:
    """Compress by one of pydicom's encoders."""
    data = plain(array)
    data.compress(syntax, **options)
    data.save_as(path, enforce_file_format=True)


def by_gdcm(array: np.ndarray, syntax: UID, path: Path) -> None:
    """Compress by GDCM."""
    import gdcm

    plain(array).save_as(path.with_suffix(".plain"), enforce_file_format=True)
    reader = gdcm.ImageReader()
    reader.SetFileName(str(path.with_suffix(".plain")))
    assert reader.Read()
    change = gdcm.ImageChangeTransferSyntax()
    change.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.GetTSType(str(syntax))))
    change.SetInput(reader.GetImage())
    assert change.Change()
    writer = gdcm.ImageWriter()
    writer.SetFileName(str(path))
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    assert writer.Write()


def by_pillow(array: np.ndarray, syntax: UID, path: Path) -> None:
    """Baseline JPEG, which process 2 of JPEG Extended may hold too."""
    stream = io.BytesIO()
    PIL.Image.fromarray(array).save(stream, "JPEG", quality=98)
    encapsulated(array, syntax, path, stream.getvalue())


def encapsulated(array: np.ndarray, syntax: UID, path: Path, stream: bytes) -> None:
    """Write a stream that is there already."""
    data = plain(array)
    data.file_meta.TransferSyntaxUID = syntax
    data.PixelData = encapsulate([stream])
    data["PixelData"].VR = "OB"
    data["PixelData"].is_undefined_length = True
    data.save_as(path, enforce_file_format=True)


def high_throughput(array: np.ndarray, syntax: UID, path: Path) -> None:
    """The one stream that is at hand."""
    encapsulated(array, syntax, path, HTJ2K_STREAM)


CASES: list[tuple[str, UID, np.ndarray, Callable[..., None], dict[str, object], int]] = [
    ("implicit", ImplicitVRLittleEndian, SIGNED, save_as, {}, 0),
    ("explicit", ExplicitVRLittleEndian, SIGNED, save_as, {}, 0),
    ("big endian", ExplicitVRBigEndian, SIGNED, save_as, {}, 0),
    ("deflated", DeflatedExplicitVRLittleEndian, SIGNED, save_as, {}, 0),
    ("RLE", RLELossless, SIGNED, by_pydicom, {}, 0),
    ("JPEG baseline", JPEGBaseline8Bit, SMOOTH_8, by_pillow, {}, 3),
    ("JPEG extended, 8 bits", JPEGExtended12Bit, SMOOTH_8, by_pillow, {}, 3),
    ("JPEG lossless", JPEGLossless, UNSIGNED, by_gdcm, {}, 0),
    ("JPEG lossless, signed", JPEGLossless, SIGNED, by_gdcm, {}, 0),
    ("JPEG lossless SV1", JPEGLosslessSV1, SIGNED, by_gdcm, {}, 0),
    ("JPEG lossless SV1, 8 bits", JPEGLosslessSV1, SMOOTH_8, by_gdcm, {}, 0),
    ("JPEG-LS", JPEGLSLossless, SIGNED, by_pydicom, {}, 0),
    ("JPEG-LS near-lossless", JPEGLSNearLossless, UNSIGNED, by_pydicom, {"jls_error": 2}, 2),
    ("JPEG 2000 lossless", JPEG2000Lossless, SIGNED, by_pydicom, {}, 0),
    ("JPEG 2000", JPEG2000, UNSIGNED, by_pydicom, {"j2k_psnr": [100]}, 8),
    ("HTJ2K lossless", HTJ2KLossless, HTJ2K_PIXELS, high_throughput, {}, 0),
    ("HTJ2K lossless RPCL", HTJ2KLosslessRPCL, HTJ2K_PIXELS, high_throughput, {}, 0),
    ("HTJ2K", HTJ2K, HTJ2K_PIXELS, high_throughput, {}, 0),
]
"""Name, syntax, pixels, how they are written, options, largest difference allowed. 12-bit JPEG: test_jpeg_extended."""


@pytest.mark.parametrize(("name", "syntax", "array", "write", "options", "most"), CASES, ids=[c[0] for c in CASES])
def test_opens(
    tmp_path: Path,
    name: str,
    syntax: UID,
    array: np.ndarray,
    write: Callable[..., None],
    options: dict[str, object],
    most: int,
) -> None:
    path = tmp_path / "a.dcm"
    write(array, syntax, path, **options)
    assert pydicom.dcmread(path, stop_before_pixels=True).file_meta.TransferSyntaxUID == syntax
    volume = readers.open_volume(path)
    assert volume.array.dtype == array.dtype
    assert np.abs(volume.array[0].astype(int) - array).max() <= most


@pytest.mark.parametrize(("name", "syntax", "array", "write", "options", "most"), CASES, ids=[c[0] for c in CASES])
@pytest.mark.parametrize("kept", [0.5, 0.95])
def test_cut_off_is_one_sentence(
    tmp_path: Path,
    name: str,
    syntax: UID,
    array: np.ndarray,
    write: Callable[..., None],
    options: dict[str, object],
    most: int,
    kept: float,
) -> None:
    path = tmp_path / "a.dcm"
    write(array, syntax, path, **options)
    content = path.read_bytes()
    path.write_bytes(content[: round(len(content) * kept)])
    with pytest.raises(ReadError, match=r"cut off|damaged"):
        readers.open_volume(path)


@pytest.mark.parametrize("kind", ["explicit", "JPEG-LS"])
def test_cut_off_at_any_byte_of_its_header_is_one_sentence(tmp_path: Path, kind: str) -> None:
    _, syntax, array, write, options, _ = next(case for case in CASES if case[0] == kind)
    path = tmp_path / "a.dcm"
    write(array, syntax, path, **options)
    content = path.read_bytes()
    for kept in range(132, content.index(b"\xe0\x7f\x10\x00") + 8):  # PixelData
        path.write_bytes(content[:kept])
        with pytest.raises(ReadError, match=r"cut off|damaged"):
            readers.open_volume(path)
