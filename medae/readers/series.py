"""From the headers of image files to volumes: group, split, leave out duplicates, sort, warn.

Knows no file format; `medae.readers.dicom_header` fills the headers. Geometry as in DICOM PS3.3 C.7.6.2.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from medae.readers.geometry import Grid, grid, position_along_normal

Digest = Callable[["Header"], bytes]
"""Gives a hash of an instance's pixels; only called where positions repeat."""


@dataclass(frozen=True, slots=True)
class Header:
    """What matters of one instance, or of one frame of a multi-frame instance.

    Attributes
    ----------
    path, frame
        The file; index of the frame, None in a single-frame file.
    series_uid, study_uid, frame_of_reference_uid, instance_uid
        DICOM UIDs, ``""`` where absent.
    patient
        Opaque key of the patient, ``""`` where unknown.
    modality, description, series_number, instance_number
        DICOM attributes of these names.
    rows, columns
        Size of the image.
    position, orientation
        ImagePositionPatient and ImageOrientationPatient (row direction, column direction; unit length), or None.
    pixel_spacing
        Millimetres between (rows, columns).
    slice_spacing
        SpacingBetweenSlices or SliceThickness, for single slices; millimetres.
    stackable
        Slices without position may be stacked by InstanceNumber (CT, MR, PET; not radiographs).
    kind
        Named facts that never differ within one volume, such as ``("echo time", "2.5 ms")``.
    phase
        Named facts that separate volumes only where positions repeat, such as ``("acquisition", "2")``.
    warnings
        Sentences about this instance.
    recalled
        True where it comes from `medae.readers.index`, without ``patient`` and ``description``.
    """

    path: Path
    frame: int | None = None
    series_uid: str = ""
    study_uid: str = ""
    frame_of_reference_uid: str = ""
    instance_uid: str = ""
    patient: str = ""
    modality: str = ""
    description: str = ""
    series_number: int | None = None
    instance_number: int | None = None
    rows: int = 0
    columns: int = 0
    position: tuple[float, ...] | None = None
    orientation: tuple[float, ...] | None = None
    pixel_spacing: tuple[float, float] = (1.0, 1.0)
    slice_spacing: float = 1.0
    stackable: bool = True
    kind: tuple[tuple[str, str], ...] = ()
    phase: tuple[tuple[str, str], ...] = ()
    warnings: tuple[str, ...] = ()
    recalled: bool = False

    @property
    def placed(self) -> bool:
        """True where both position and orientation are known."""
        return self.position is not None and self.orientation is not None


@dataclass(frozen=True, slots=True)
class Stack:
    """The slices of one volume, in order.

    Attributes
    ----------
    headers
        Slice k is ``headers[k]``.
    grid
        Affine and what is wrong with the geometry.
    label
        What tells it from the other volumes of its series, ``""`` if it is the only one.
    warnings
        All sentences the user must see.
    """

    headers: tuple[Header, ...]
    grid: Grid
    label: str
    warnings: tuple[str, ...]


def stacks(headers: Iterable[Header], digest: Digest) -> list[Stack]:
    """Turn headers of any number of series into volumes, in the order the series were met."""
    series: dict[Hashable, list[Header]] = defaultdict(list)
    for header in headers:
        series[header.series_uid or ("no UID", header.path.parent)].append(header)
    return [stack for members in series.values() for stack in _split(members, digest)]


def order_of(header: Header) -> tuple[float, float, str, int]:
    """Sort key of a slice: along the normal, then InstanceNumber, then the file's name."""
    along = position_along_normal(header.position, header.orientation)
    number = header.instance_number if header.instance_number is not None else 0
    return round(along, 4), number, str(header.path), header.frame or 0


def _split(members: list[Header], digest: Digest) -> list[Stack]:
    kept, notes = _without_same_instances(members)
    loose = [header for header in kept if not header.placed and not header.stackable]
    groups = _by_kind([header for header in kept if header.placed or header.stackable])
    parts: list[tuple[list[Header], str, tuple[str, ...]]] = []
    for group, label in groups:
        unique, doubles = _without_same_pixels(group, digest)
        pieces = _by_position(unique)
        for piece, number in pieces:
            names = ", ".join(filter(None, (label, number)))
            parts.append((piece, names, (*doubles, *_split_warning(groups, pieces))))
    parts += [([header], "", ()) for header in loose]
    return [_stack(piece, label, (*notes, *warnings)) for piece, label, warnings in parts]


def _split_warning(groups: Sequence[object], pieces: Sequence[tuple[object, str]]) -> tuple[str, ...]:
    warnings = []
    if len(groups) > 1:
        warnings.append(
            f"This series holds {len(groups)} kinds of images that do not form one volume; each is listed by itself."
        )
    if len(pieces) > 1:
        warnings.append(f"Slice positions repeat: split into {len(pieces)} volumes by {pieces[0][1].split(' ')[0]}.")
    return tuple(warnings)


def _stack(headers: list[Header], label: str, warnings: tuple[str, ...]) -> Stack:
    ordered = tuple(sorted(headers, key=order_of))
    placed = grid(ordered)
    if ordered[0].frame is not None and not ordered[0].placed:
        placed = replace(placed, warnings=())  # the frames of a file are in order
    own = [warning for header in ordered for warning in header.warnings]
    return Stack(ordered, placed, label, tuple(dict.fromkeys((*warnings, *own, *placed.warnings))))


def _without_same_instances(members: list[Header]) -> tuple[list[Header], tuple[str, ...]]:
    """Leave out second copies of an instance; files that share a UID but not a place are kept."""
    first: dict[Hashable, Header] = {}
    doubles: list[str] = []
    for header in members:
        if not header.instance_uid:
            first[header.path, header.frame] = header
            continue
        key = (header.instance_uid, header.position, header.instance_number, header.frame)
        if key in first:
            doubles.append(f"{header.path.name} (same instance as {first[key].path.name})")
        else:
            first[key] = header
    return list(first.values()), _left_out(doubles)


def _left_out(doubles: list[str]) -> tuple[str, ...]:
    if not doubles:
        return ()
    more = f" and {len(doubles) - 3} more" if len(doubles) > 3 else ""
    return (f"Left out {len(doubles)} duplicate(s): {', '.join(doubles[:3])}{more}.",)


def _by_kind(members: list[Header]) -> list[tuple[list[Header], str]]:
    """Separate what cannot lie on one grid, and say for each part what is different about it."""
    orientations = _clusters([header.orientation for header in members], 2e-3)
    spacings = _clusters([header.pixel_spacing for header in members], 1e-3)
    groups: dict[Hashable, list[Header]] = defaultdict(list)
    facts: dict[Hashable, dict[str, str]] = {}
    for header, orientation, spacing in zip(members, orientations, spacings, strict=True):
        size = f"{header.rows}×{header.columns}"
        key = (size, orientation, spacing, header.placed, header.kind)
        groups[key].append(header)
        facts[key] = {
            "size": size,
            "orientation": f"orientation {orientation + 1}",
            "pixel spacing": f"{header.pixel_spacing[0]:.3g} mm pixels",
            "position": "" if header.placed else "without position",
            **{name: f"{name} {value}" for name, value in header.kind},
        }
    names = sorted({name for own in facts.values() for name in own})
    differing = [name for name in names if len({own.get(name) for own in facts.values()}) > 1]
    return [
        (group, ", ".join(filter(None, (facts[key].get(name, "") for name in differing))))
        for key, group in groups.items()
    ]


def _clusters(rows: Sequence[tuple[float, ...] | None], tolerance: float) -> list[int]:
    """Give vectors numbers so that those within the tolerance of each other share a number; None is -1."""
    numbers: dict[tuple[float, ...] | None, int] = {None: -1}
    known: list[tuple[float, ...]] = []
    for row in rows:
        if row in numbers:
            continue
        assert row is not None
        near = np.abs(np.array(known) - np.array(row)).max(axis=1) <= tolerance if known else np.zeros(0, bool)
        if near.any():
            numbers[row] = int(np.argmax(near))
        else:
            numbers[row] = len(known)
            known.append(row)
    return [numbers[row] for row in rows]


def _repeats(group: Sequence[Header]) -> list[list[Header]]:
    """Group slices by position along the normal, in order; without positions, each by itself."""
    ordered = sorted(group, key=order_of)
    if not ordered or not ordered[0].placed:
        return [[header] for header in ordered]
    along = np.array([position_along_normal(header.position, header.orientation) for header in ordered])
    tolerance = min(0.01, ordered[0].slice_spacing / 10)
    starts = np.flatnonzero(np.diff(along, prepend=-np.inf) > tolerance)
    return [ordered[a:b] for a, b in zip(starts, [*starts[1:], len(ordered)], strict=True)]


def _without_same_pixels(group: list[Header], digest: Digest) -> tuple[list[Header], tuple[str, ...]]:
    """Leave out slices with the place and the pixels of another.

    Where every position holds equally many slices, the middle position is looked at first, so that a
    long time series is not read twice.
    """
    places = _repeats(group)
    if len({len(place) for place in places}) == 1 and len(places[0]) > 1:
        middle = places[len(places) // 2]
        if len({digest(header) for header in middle}) == len(middle):
            return group, ()
    kept: list[Header] = []
    doubles: list[str] = []
    for place in places:
        seen: dict[Hashable, Header] = {}
        for header in place:
            key = (digest(header), header.position) if len(place) > 1 else header.path
            if key in seen:
                doubles.append(f"{header.path.name} (same place and pixels as {seen[key].path.name})")
            else:
                seen[key] = header
        kept += seen.values()
    return kept, _left_out(doubles)


def _by_position(group: list[Header]) -> list[tuple[list[Header], str]]:
    """Separate slices that lie at the same place, if possible by an attribute that tells them apart."""
    places = _repeats(group)
    if max(map(len, places), default=1) == 1:
        return [(group, "")]
    names = list(dict.fromkeys(name for header in group for name, _ in header.phase))
    for name in names:
        parts: dict[str, list[Header]] = defaultdict(list)
        for header in group:
            parts[dict(header.phase).get(name, "")].append(header)
        if len(parts) > 1 and all(len(place) == 1 for part in parts.values() for place in _repeats(part)):
            return [(part, f"{name} {value}".strip()) for value, part in sorted(parts.items(), key=_by_number)]
    count = max(map(len, places))
    return [([place[n] for place in places if n < len(place)], f"order {n + 1} of {count}") for n in range(count)]


def _by_number(item: tuple[str, object]) -> tuple[float, str]:
    try:
        return float(item[0]), ""
    except ValueError:
        return float("inf"), item[0]
