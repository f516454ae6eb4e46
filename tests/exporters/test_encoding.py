"""Compressed outputs: lossless, valid, smaller, and only where there is something to compress."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.uid import ExplicitVRLittleEndian, JPEG2000Lossless, JPEGLSLossless

from medae.errors import ExportError
from medae.exporters import encoding, export
from medae.exporters.encoding import Compression
from medae.results import Result

SYNTAXES: dict[Compression, str] = {"jpeg-ls": JPEGLSLossless, "jpeg-2000": JPEG2000Lossless}
IMAGES = ("derived-series", "parametric-map", "secondary-capture")


@pytest.mark.parametrize("compression", SYNTAXES)
@pytest.mark.parametrize("key", IMAGES)
def test_pixels_are_the_same_and_the_file_valid(
    key: str, compression: Compression, ct: Result, tmp_path: Path, dciodvfy: Callable[[Path], set[str]]
) -> None:
    options = {"deterministic_uids": True}
    plain = export(ct, tmp_path / "plain", (key,), options=options)
    packed = export(ct, tmp_path / "packed", (key,), options=options, compression=compression)
    for before, after in zip(plain, packed, strict=True):
        written = pydicom.dcmread(after)
        assert written.file_meta.TransferSyntaxUID == SYNTAXES[compression]
        assert written.SOPInstanceUID == pydicom.dcmread(before).SOPInstanceUID
        np.testing.assert_array_equal(written.pixel_array, pydicom.dcmread(before).pixel_array)
        assert written.get("LossyImageCompression", "00") == "00"
    assert dciodvfy(packed[0]) == set()
    assert packed[0].stat().st_size < plain[0].stat().st_size


@pytest.mark.parametrize("compression", SYNTAXES)
def test_signed_pixels(compression: Compression, ct: Result, tmp_path: Path) -> None:
    path = export(ct, tmp_path / "out")[0]
    ds = pydicom.dcmread(path)
    signed = ds.pixel_array.astype(np.int16) - 900
    ds.PixelRepresentation, ds.BitsStored, ds.HighBit = 1, 16, 15
    ds.PixelData = signed.tobytes()
    ds.save_as(path)
    encoding.compress_file(path, compression)
    np.testing.assert_array_equal(pydicom.dcmread(path).pixel_array, signed)


@pytest.mark.parametrize("key", ["segmentation", "structured-report"])
def test_what_has_no_such_pixels_stays(key: str, ct: Result, tmp_path: Path) -> None:
    (path,) = export(ct, tmp_path / "out", (key,), compression="jpeg-ls")
    assert pydicom.dcmread(path).file_meta.TransferSyntaxUID == ExplicitVRLittleEndian


@pytest.mark.parametrize("compression", SYNTAXES)
def test_bits_beyond_bits_stored_are_not_lost(compression: Compression, ct: Result, tmp_path: Path) -> None:
    path = export(ct, tmp_path / "out")[0]
    ds = pydicom.dcmread(path)
    ds.PixelData = (np.frombuffer(ds.PixelData, "<u2") | np.uint16(0x8000)).tobytes()
    ds.save_as(path)
    encoding.compress_file(path, compression)
    np.testing.assert_array_equal(pydicom.dcmread(path).pixel_array, ds.pixel_array)


def test_an_encoder_that_fails_says_what_to_do(ct: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("no plug-in")

    monkeypatch.setattr(pydicom.Dataset, "compress", fail)
    with pytest.raises(ExportError, match="without compression"):
        export(ct, tmp_path / "out", compression="jpeg-ls")
    assert not (tmp_path / "out").exists()
