"""What can be chosen where a series is no even volume: its largest even block, single slices, or parts put together."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from medae.errors import ReadError, UnsupportedVolume
from medae.readers.dicom import quiet, read_headers
from medae.readers.geometry import even_runs, grid
from medae.readers.series import Header, order_of
from medae.volume import Source, spacing_of

Gaps = Literal["keep", "largest", "single"]
"""Keep all slices as one volume in spite of gaps; the largest even block alone; every slice by itself."""


def chosen(source: Source, gaps: Gaps) -> tuple[Source, ...]:
    """Apply a choice to a series: as it is where its slices are evenly spaced, or where it is to be kept."""
    if gaps == "keep":
        return (source,)
    headers = _headers(source)
    runs = _runs(headers)
    if len(runs) < 2:
        return (source,)
    return (_largest(source, headers, runs),) if gaps == "largest" else _singles(source, headers)


def arranged(how: Literal["largest", "single", "merged"], sources: Sequence[Source]) -> tuple[Source, ...]:
    """Make other volumes of series as a user asks: of each its largest block or its slices, or one of all.

    Raises
    ------
    UnsupportedVolume, ReadError
        See `merged`.
    """
    if how == "merged":
        return (merged(sources),)
    return tuple(part for source in sources for part in chosen(source, how))


def is_uneven(source: Source) -> bool:
    """Tell whether slices are missing or unevenly spaced; only DICOM files of one slice each can be."""
    return len(_runs(_headers(source))) > 1


def largest_block(source: Source) -> Source:
    """Give the largest evenly spaced block of slices; the series itself where it is even.

    Raises
    ------
    ReadError
        A file of the series is gone or damaged.
    """
    headers = _headers(source)
    runs = _runs(headers)
    return _largest(source, headers, runs) if len(runs) > 1 else source


def single_slices(source: Source) -> tuple[Source, ...]:
    """Give every file of a series as a volume of its own."""
    return _singles(source, [_header(path) for path in source.paths]) if len(source.paths) > 1 else (source,)


def merged(sources: Sequence[Source]) -> Source:
    """Put volumes together that a scan has split, such as two echoes that are no echoes.

    Raises
    ------
    UnsupportedVolume
        They cannot lie on one grid: other sizes, orientations or pixel spacings, or slices at the same place.
    ReadError
        A file is gone or damaged.
    """
    first = sources[0]
    paths = [path for source in sources for path in source.paths]
    if any(source.reader != "dicom" or len(source.paths) != source.shape[0] for source in sources):
        raise UnsupportedVolume("only series of one DICOM file per slice can be put together")
    headers = sorted((_header(path) for path in paths), key=order_of)
    if len({(header.rows, header.columns) for header in headers}) > 1:
        raise UnsupportedVolume("their images differ in size; they are no one volume")
    apart = [abs(a - b) for header in headers for a, b in zip(_plane(header), _plane(headers[0]), strict=True)]
    if len({header.placed for header in headers}) > 1 or max(apart) > 2e-3:
        raise UnsupportedVolume("their slices differ in orientation or pixel spacing; they are no one volume")
    places = [header.position for header in headers]
    if headers[0].placed and len(set(places)) < len(places):
        raise UnsupportedVolume("they have slices at the same place; look at them one by one")
    return _of(first, headers, "")


def _plane(header: Header) -> tuple[float, ...]:
    return (*(header.orientation or ()), *header.pixel_spacing)


def _headers(source: Source) -> list[Header]:
    """Read the headers of the slices; none where a series cannot be uneven."""
    if source.reader != "dicom" or len(source.paths) < 2:
        return []
    return [_header(path) for path in source.paths]


def _runs(headers: Sequence[Header]) -> list[range]:
    return even_runs(headers) if headers and headers[0].placed else [range(len(headers))]


def _largest(source: Source, headers: Sequence[Header], runs: Sequence[range]) -> Source:
    largest = max(runs, key=len)
    return _of(source, [headers[k] for k in largest], f"slices {largest[0] + 1} to {largest[-1] + 1}")


def _singles(source: Source, headers: Sequence[Header]) -> tuple[Source, ...]:
    return tuple(_of(source, [header], f"slice {k + 1} of {len(headers)}") for k, header in enumerate(headers))


def _header(path: Path) -> Header:
    with quiet():
        headers = read_headers(path)
    if len(headers) > 1:
        raise ReadError(path, "it has several frames where a slice was expected; scan it again")
    return headers[0]


def _of(source: Source, headers: Sequence[Header], label: str) -> Source:
    placed = grid(headers)
    own = [warning for header in headers for warning in header.warnings]
    return replace(
        source,
        paths=tuple(header.path for header in headers),
        shape=(len(headers), *source.shape[1:]),
        spacing=spacing_of(placed.affine),
        description=" – ".join(filter(None, (source.description, label))),
        warnings=tuple(dict.fromkeys((*own, *placed.warnings))),
    )
