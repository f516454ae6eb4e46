"""Headers of compressed pixels that decoders of C and C++ do not survive are refused before."""

from pathlib import Path

import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.encaps import generate_frames

from medae import readers
from medae.errors import ReadError
from medae.readers.codestreams import fits_jpeg, fits_jpeg_2000


def frame_of(name: str) -> bytes:
    data = pydicom.dcmread(get_testdata_file(name))
    return next(generate_frames(data.PixelData, number_of_frames=1))


def put(stream: bytes, after: bytes, offset: int, *values: int) -> bytes:
    """Overwrite bytes so far behind a mark."""
    changed = bytearray(stream)
    at = changed.index(after) + offset
    changed[at : at + len(values)] = bytes(values)
    return bytes(changed)


LOSSLESS, EXTENDED, J2K = (
    frame_of(name) for name in ("SC_rgb_jpeg_gdcm.dcm", "JPGExtended.dcm", "MR_small_jp2klossless.dcm")
)
SOF3, SOF1, DHT, SOS, SIZ = b"\xff\xc3", b"\xff\xc1", b"\xff\xc4", b"\xff\xda", b"\xff\x51"


def test_whole_codestreams_are_fit() -> None:
    assert fits_jpeg("lossless", LOSSLESS, (100, 100), 3)
    assert fits_jpeg("extended", EXTENDED, (1024, 256), 1)
    assert fits_jpeg_2000(J2K, (64, 64), 1)


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        LOSSLESS[:30],
        put(LOSSLESS, SOF3, 4, 99),  # precision
        put(LOSSLESS, SOF3, 5, 200),  # rows
        put(LOSSLESS, SOF3, 9, 1),  # components
        put(LOSSLESS, SOF3, 1, 0xC9),  # another process
        put(LOSSLESS, b"Adobe", 11, 2),  # YCCK of three components
        put(LOSSLESS, b"\xff\xee", 2, 0, 0),  # segment without length
        put(LOSSLESS, DHT, 5, 255),  # more codes of one bit than there can be
        put(LOSSLESS, SOS, 5, 0x77),  # a component that there is not
        put(LOSSLESS, SOS, 6, 0xF0),  # a table that there is not
        put(LOSSLESS, SOS, 40, 0xFF, 0xC0),  # a header within the pixels
    ],
)
def test_damaged_jpeg_is_not(damaged: bytes) -> None:
    assert not fits_jpeg("lossless", damaged, (100, 100), 3)


def test_one_process_is_not_the_other() -> None:
    assert not fits_jpeg("extended", LOSSLESS, (100, 100), 3)
    assert not fits_jpeg("extended", put(EXTENDED, SOF1, 4, 0x45), (1024, 256), 1)


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        J2K[:20],
        put(J2K, SIZ, 10, 0xFC),  # rows by the million
        put(J2K, SIZ, 22, 0, 0, 0, 1, 0, 0, 0, 0),  # tiles without height
        put(J2K, SIZ, 39, 9),  # components
    ],
)
def test_damaged_jpeg_2000_is_not(damaged: bytes) -> None:
    assert not fits_jpeg_2000(damaged, (64, 64), 1)


def test_more_tiles_than_there_can_be() -> None:
    stream = put(J2K, SIZ, 6, *(4096).to_bytes(4), *(4096).to_bytes(4))
    assert fits_jpeg_2000(stream, (4096, 4096), 1)
    assert not fits_jpeg_2000(put(stream, SIZ, 22, 0, 0, 0, 8, 0, 0, 0, 8), (4096, 4096), 1)


@pytest.mark.parametrize(
    ("name", "after", "offset", "value"),
    [
        ("SC_rgb_jpeg_gdcm.dcm", b"Adobe", 11, 2),
        ("JPGExtended.dcm", SOF1, 4, 0x45),
        ("MR_small_jp2klossless.dcm", SIZ, 10, 0xFC),
    ],
)
def test_a_damaged_file_ends_in_a_sentence_and_not_the_process(
    name: str, after: bytes, offset: int, value: int, tmp_path: Path
) -> None:
    damaged = tmp_path / name
    damaged.write_bytes(put(Path(str(get_testdata_file(name))).read_bytes(), after, offset, value))
    (source,) = readers.scan(damaged).sources
    with pytest.raises(ReadError, match=r"pixel data are damaged"):
        readers.read(source)
