"""Are compressed pixels fit for their decoder: a look at the headers of JPEG and JPEG 2000 codestreams before decoding.

Decoders of C and C++ end the process or never end where these headers are damaged: GDCM asserts, OpenJPEG makes room
for a billion rows. What does not fit is refused here; entropy-coded data that are damaged only look so.
"""

import re
import struct
from collections.abc import Iterator

_SOI, _SOS, _DHT, _APP14 = 0xD8, 0xDA, 0xC4, 0xEE
_HARMLESS = {0xDB, 0xDD, 0xFE, *range(0xE0, 0xF0)}
"""Markers of segments that may stand before the scan: DQT, DRI, COM, APPn (ITU-T T.81 B.1.1.3)."""
_FRAME_HEADERS = {"lossless": {0xC3}, "extended": {0xC0, 0xC1}}
_PRECISIONS = {"lossless": range(2, 17), "extended": range(8, 13, 4)}
_STRAY_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xd9\xff]")
_ADOBE_TRANSFORMS = range(2)
"""None and YCbCr: of three components, 2 (YCCK) is what GDCM asserts against."""

_SIZ = b"\xff\x4f\xff\x51"
_MOST_TILES = 65535


def fits_jpeg(process: str, stream: bytes, size: tuple[int, int], samples: int) -> bool:
    """Whether a JPEG codestream is whole and holds what the data set says (ITU-T T.81 B.2).

    Parameters
    ----------
    process
        ``"lossless"`` (process 14) or ``"extended"`` (process 2 and 4).
    stream
        One frame.
    size, samples
        Rows and Columns, SamplesPerPixel.
    """
    components: set[int] = set()
    tables: set[int] = set()
    try:
        for marker, content, start in _segments(stream):
            if marker in _FRAME_HEADERS[process]:
                precision, rows, columns, count = struct.unpack(">BHHB", content[:6])
                components = {content[6 + 3 * n] for n in range(count)}
                is_fit = precision in _PRECISIONS[process] and (rows, columns) == size
                if not is_fit or count != samples or len(content) != 6 + 3 * count:
                    return False
            elif marker == _DHT:
                tables |= _huffman_tables(content)
            elif marker == _SOS:
                return _is_scan_fit(content, components, tables) and not _STRAY_MARKER.search(stream, start)
            elif marker == _APP14 and content[:5] == b"Adobe":
                if content[11] not in _ADOBE_TRANSFORMS:
                    return False
            elif marker not in _HARMLESS:
                return False
    except (IndexError, struct.error, ValueError):
        return False
    return False


def _segments(stream: bytes) -> Iterator[tuple[int, bytes, int]]:
    """Give marker, content and end of each segment; raises ValueError where there is none."""
    if stream[:2] != bytes((0xFF, _SOI)):
        raise ValueError("no start of image")
    at = 2
    while True:
        prefix, marker, length = struct.unpack(">BBH", stream[at : at + 4])
        end = at + 2 + length
        if prefix != 0xFF or length < 2 or end > len(stream):
            raise ValueError("no segment")
        yield marker, stream[at + 4 : end], end
        at = end


def _huffman_tables(content: bytes) -> set[int]:
    """Give the class and destination of each table of a DHT segment; raises ValueError for an impossible one."""
    found, at = set(), 0
    while at < len(content):
        counts = content[at + 1 : at + 17]
        codes = sum(count << (16 - length) for length, count in enumerate(counts, start=1))
        if len(counts) < 16 or codes > 1 << 16 or at + 17 + sum(counts) > len(content):
            raise ValueError("impossible table")
        found.add(content[at])
        at += 17 + sum(counts)
    return found


def _is_scan_fit(content: bytes, components: set[int], tables: set[int]) -> bool:
    """Whether a scan header names components and tables that there are."""
    count = content[0]
    pairs = [(content[1 + 2 * n], content[2 + 2 * n]) for n in range(count)]
    has_tables = all(pair[1] >> 4 in tables for pair in pairs)
    return count > 0 and len(content) == 4 + 2 * count and {pair[0] for pair in pairs} <= components and has_tables


def fits_jpeg_2000(stream: bytes, size: tuple[int, int], samples: int) -> bool:
    """Whether the image and tile size of a JPEG 2000 codestream are what the data set says (ITU-T T.800 A.5.1)."""
    start = stream.find(_SIZ)
    if start < 0 or len(stream) < start + 42:
        return False
    right, bottom, left, top, wide, high, tile_left, tile_top, count = struct.unpack(
        ">8IH", stream[start + 8 : start + 42]
    )
    if (bottom - top, right - left) != size or count != samples or 0 in (wide, high):
        return False
    tiles = -(-(right - tile_left) // wide) * -(-(bottom - tile_top) // high)
    return 0 < tiles <= _MOST_TILES
